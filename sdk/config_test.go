package sdk_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/openxrm/xrm/sdk/plugintest"
	"google.golang.org/protobuf/testing/protocmp"
)

type service struct {
	SLA    sdk.Duration `json:"sla" default:"48h"`
	Most   int64        `json:"most" default:"5"`
	Rate   *sdk.Decimal `json:"rate"`
	Notify notify       `json:"notify"`
}

type notify struct {
	Mail bool     `json:"mail" default:"true"`
	To   []string `json:"to" default:"[\"desk\"]"`
}

func TestAConfigurationHasItsDefaults(t *testing.T) {
	config := &sdk.Config[service]{}
	h := plugintest.Start(t, sdk.Plugin{Name: "service", Version: "1", Config: config})
	if diff := cmp.Diff(service{SLA: sdk.Duration(48 * time.Hour), Most: 5, Notify: notify{Mail: true, To: []string{"desk"}}}, config.Get()); diff != "" {
		t.Errorf("by default (-want +got):\n%s", diff)
	}
	if err := h.Configure(map[string]any{"sla": "1h30m", "rate": "0.19", "notify": map[string]any{"mail": false}}); err != nil {
		t.Fatal(err)
	}
	rate := sdk.Decimal("0.19")
	if diff := cmp.Diff(service{SLA: sdk.Duration(90 * time.Minute), Most: 5, Rate: &rate, Notify: notify{To: []string{"desk"}}}, config.Get()); diff != "" {
		t.Errorf("as configured (-want +got):\n%s", diff)
	}
	const want = `The configuration does not fit: some fields need attention.; notify.mial is no setting; did you mean "mail"?; sla must look like 48h or 1h30m or 14d, not "two days"`
	if err := h.Configure(map[string]any{"sla": "two days", "notify": map[string]any{"mial": true}}); err == nil || err.Error() != want {
		t.Errorf("Configure = %v\nwant %s", err, want)
	}
}

func TestARefusedConfigurationLeavesTheOneBefore(t *testing.T) {
	config := &sdk.Config[service]{Check: func(s service) error {
		if s.Most < 1 {
			return sdk.Reject("most", "must be at least 1")
		}
		return nil
	}}
	plugin := serve(t, sdk.Plugin{Name: "service", Version: "1", Config: config}, silent{})
	tests := []struct {
		config string
		want   *pluginpb.Error
	}{
		{`{"sla":"2h","most":3}`, nil},
		{`{"sla":"3h","most":0}`, &pluginpb.Error{Code: sdk.CodeInvalid, Violations: []*pluginpb.Violation{{Field: "most", Rule: "rejected", Message: "must be at least 1"}}}},
		{`{"sla":"soon"}`, &pluginpb.Error{Code: sdk.CodeInternal, Cause: `Configure: read the configuration: time: invalid duration "soon"`}},
	}
	for i, tt := range tests {
		answer, err := plugin.Configure(t.Context(), &pluginpb.ConfigureRequest{Generation: int64(i), Config: []byte(tt.config)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, answer.GetError(), protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.config, diff)
		}
		if got := config.Get(); got.SLA.Std() != 2*time.Hour || got.Most != 3 {
			t.Errorf("after %s it is %+v, want the first", tt.config, got)
		}
	}
}

func TestAConfigurationChangesWhileItIsRead(t *testing.T) {
	config := &sdk.Config[service]{}
	h := plugintest.Start(t, sdk.Plugin{Name: "service", Version: "1", Config: config})
	configure := func(i int) {
		t.Helper()
		if err := h.Configure(map[string]any{"most": i, "notify": map[string]any{"to": []string{fmt.Sprint(i)}}}); err != nil {
			t.Error(err)
		}
	}
	configure(0)
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for range 1000 {
				if got := config.Get(); fmt.Sprint(got.Most) != got.Notify.To[0] {
					t.Errorf("half of one configuration and half of another: %+v", got)
				}
				runtime.Gosched()
			}
		})
	}
	for i := range 20 {
		configure(i)
	}
	reading.Wait()
}
