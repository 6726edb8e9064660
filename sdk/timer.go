package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// TimerFunc is called when a timer is due: at least once, and never before its
// time. An error has it called again later. Scheduling the same timer in the
// meantime moves it. Nobody has caused the call: host acts for the plugin.
type TimerFunc func(ctx context.Context, host Host, t *Timer) error

// Timer is something that is to happen at a certain time, whatever is
// restarted until then. Name and Key identify it: scheduling it again moves it.
type Timer struct {
	Name    string // one of Plugin.Timers
	Key     string // most often the id of what it is about
	DueAt   time.Time
	Payload any // what JSON can say; nil for nothing. A TimerFunc reads it with Read

	payload []byte
}

// Read reads the payload of a timer that is due into a value.
func (t *Timer) Read(into any) error {
	if err := json.Unmarshal(t.payload, into); err != nil {
		return fmt.Errorf("read the payload of the timer %s %s: %w", t.Name, t.Key, err)
	}
	return nil
}

func (s *server) FireTimer(ctx context.Context, r *pluginpb.FireTimerRequest) (*pluginpb.FireTimerResponse, error) {
	answer := &pluginpb.FireTimerResponse{}
	answer.Error = s.run(r.GetContext(), "fire the timer "+r.GetName(), func(host Host) error {
		fire, ok := s.plugin.Timers[r.GetName()]
		if !ok {
			return fmt.Errorf("there is no timer %s", r.GetName())
		}
		t := &Timer{Name: r.GetName(), Key: r.GetKey(), DueAt: instant(r.GetDueAt()), payload: r.GetPayload()}
		return fire(ctx, host, t)
	})
	return answer, nil
}
