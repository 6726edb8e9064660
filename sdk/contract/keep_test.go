package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestAnEventHasANameAndAPayload(t *testing.T) {
	large := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	tests := map[string]struct {
		request *pluginpb.PublishRequest
		want    string
	}{
		"as it should be":   {&pluginpb.PublishRequest{Name: "escalated", Key: "k", Payload: []byte("null")}, ""},
		"an action":         {&pluginpb.PublishRequest{Name: "created", Payload: []byte("null")}, `INVALID "created" cannot be the name of an event: it is what happens to records. Use another, such as escalated.`},
		"a path":            {&pluginpb.PublishRequest{Name: "a.b", Payload: []byte("null")}, `INVALID "a.b" cannot be the name of an event; use letters and digits, such as escalated.`},
		"no name":           {&pluginpb.PublishRequest{Payload: []byte("null")}, `INVALID "" cannot be the name of an event; use letters and digits, such as escalated.`},
		"no JSON":           {&pluginpb.PublishRequest{Name: "escalated", Payload: []byte("{")}, "INVALID The payload of escalated is no JSON."},
		"no payload":        {&pluginpb.PublishRequest{Name: "escalated"}, "INVALID The event billing.escalated was not published: its payload must be JSON in UTF-8."},
		"no UTF-8":          {&pluginpb.PublishRequest{Name: "escalated", Payload: []byte("\"\xff\"")}, "INVALID The event billing.escalated was not published: its payload must be JSON in UTF-8."},
		"too large":         {&pluginpb.PublishRequest{Name: "escalated", Key: "k", Payload: large}, "INVALID The event billing.escalated was not published: its key may have 200 bytes and its payload 1048576, and they have 1 and 1048578. Save a record, and send its id."},
		"a key without end": {&pluginpb.PublishRequest{Name: "escalated", Key: strings.Repeat("k", 201), Payload: []byte("7")}, "INVALID The event billing.escalated was not published: its key may have 200 bytes and its payload 1048576, and they have 201 and 1. Save a record, and send its id."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			topic, err := contract.ReadEvent("billing", tt.request)
			if refused(err) != tt.want || tt.want == "" && topic != "billing.escalated" {
				t.Errorf("%s, %v\nwant %s", topic, err, tt.want)
			}
		})
	}
}

func TestATimerHasANameAndATime(t *testing.T) {
	at := "2026-01-02T04:04:05.5+01:00"
	tests := map[string]struct {
		request *pluginpb.ScheduleRequest
		want    string
	}{
		"as it should be":   {&pluginpb.ScheduleRequest{Name: "sla", DueAt: at}, ""},
		"nearly its name":   {&pluginpb.ScheduleRequest{Name: "slo", DueAt: at}, `INVALID The plugin billing handles no timer "slo"; did you mean "sla"?`},
		"another name":      {&pluginpb.ScheduleRequest{Name: "remind", DueAt: at}, `INVALID The plugin billing handles no timer "remind".`},
		"no time":           {&pluginpb.ScheduleRequest{Name: "sla", DueAt: "tomorrow"}, `INVALID "tomorrow" is no time such as 2026-01-02T15:04:05Z.`},
		"a key without end": {&pluginpb.ScheduleRequest{Name: "sla", Key: strings.Repeat("k", 197), DueAt: at}, "INVALID The key has 201 bytes; shorten it to 200."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			due, err := contract.ReadTimer("billing", []string{"sla"}, tt.request)
			if want := time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC); refused(err) != tt.want || tt.want == "" && !due.Equal(want) {
				t.Errorf("%s, %v\nwant %s", due, err, tt.want)
			}
		})
	}
}
