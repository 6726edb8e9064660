package rehearsal

import (
	"errors"
	"time"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// told is a record as a line has it.
type told struct {
	Entity    string         `json:"entity"`
	ID        string         `json:"id"`
	Version   int64          `json:"version"`
	Values    map[string]any `json:"values"`
	CreatedAt string         `json:"createdAt"`
	CreatedBy string         `json:"createdBy"`
	UpdatedAt string         `json:"updatedAt"`
	UpdatedBy string         `json:"updatedBy"`
	DeletedAt string         `json:"deletedAt"`
}

func record(r *sdk.Record, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return tell(r), nil
}

func records(all []*sdk.Record) []told {
	list := make([]told, len(all))
	for i, r := range all {
		list[i] = tell(r)
	}
	return list
}

func tell(r *sdk.Record) told {
	return told{r.Entity, r.ID, r.Version, r.Values, instant(r.CreatedAt), r.CreatedBy, instant(r.UpdatedAt), r.UpdatedBy, instant(r.DeletedAt)}
}

// instant is empty for the zero time.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

func events(all []plugintest.Event) []map[string]any {
	list := make([]map[string]any, len(all))
	for i, e := range all {
		changes := []map[string]any{}
		for _, c := range e.Changes {
			changes = append(changes, map[string]any{"path": c.Path, "from": c.From, "to": c.To})
		}
		list[i] = map[string]any{"id": e.ID, "topic": e.Topic, "key": e.Key, "entity": e.Entity, "recordId": e.RecordID, "changes": changes, "payload": e.Payload}
	}
	return list
}

func broadcasts(all []plugintest.Broadcast) []map[string]any {
	list := make([]map[string]any, len(all))
	for i, b := range all {
		list[i] = map[string]any{"topic": b.Topic, "value": b.Value}
	}
	return list
}

func mails(all []plugintest.Mail) []map[string]any {
	list := make([]map[string]any, len(all))
	for i, m := range all {
		list[i] = map[string]any{"key": m.Key, "to": m.To, "cc": m.Cc, "bcc": m.Bcc, "template": m.Template, "language": m.Language, "subject": m.Subject, "text": m.Text, "html": m.HTML, "party": m.Party}
	}
	return list
}

func deadLetters(s *stage, _ int, _ with) (any, error) {
	list := []map[string]any{}
	for _, d := range s.host.DeadLetters() {
		list = append(list, map[string]any{"event": events([]plugintest.Event{d.Event})[0], "reason": d.Reason})
	}
	return list, nil
}

// redeliver says what the handler has said of the event.
func redeliver(s *stage, _ int, w with) (any, error) {
	if err := s.host.Redeliver(plugintest.Event{ID: w.ID}); err != nil {
		return nil, errors.New(err.Error())
	}
	return nil, nil
}
