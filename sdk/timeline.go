package sdk

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// TimelineFunc says what an event is in the timeline of a party; nil for
// nothing. Its errors are those of an EventFunc.
type TimelineFunc func(ctx context.Context, host Host, e *Event) (*TimelineEntry, error)

// TimelineEntry is one line of what has happened with a party: an activity. An
// event that comes again replaces its own.
type TimelineEntry struct {
	Party     ID        // whose timeline it is
	Subject   string    // one line
	Summary   string    // "" for none
	Kind      string    // of the activity: call, email, letter, visit, order; "" for note
	Direction string    // inbound, outbound; "" for internal
	At        time.Time // zero for the time of the event
}

// record is the activity; source tells entries apart, whoever makes them.
func (t TimelineEntry) record(plugin string, e *Event) *Record {
	at := t.At
	if at.IsZero() {
		at = e.At
	}
	values := map[string]any{
		"party": string(t.Party), "subject": t.Subject, "kind": cmp.Or(t.Kind, "note"), "direction": cmp.Or(t.Direction, "internal"),
		"at": at.UTC().Format(time.RFC3339Nano), "source": plugin + ":" + e.ID,
	}
	if t.Summary != "" {
		values["summary"] = t.Summary
	}
	return &Record{Entity: "activity", Values: values}
}

// enter writes what an event is in a timeline, if it is anything.
func (s *server) enter(ctx context.Context, host Host, line TimelineFunc, e *Event) error {
	entry, err := line(ctx, host, e)
	if err != nil || entry == nil {
		return err
	}
	if _, err := host.Upsert(ctx, entry.record(s.plugin.Name, e), "source"); err != nil {
		return fmt.Errorf("enter %s into the timeline: %w", e.ID, err)
	}
	return nil
}
