package plugintest

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/worktime"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// SetCalendars gives the site its calendars in the place of those that it had, each as
// a file has it: "calendar: service\nzone: Europe/Berlin\nhours: {mon-fri: [09:00-17:00]}".
// A mistake in one ends the test.
func (h *Host) SetCalendars(files ...string) {
	h.t.Helper()
	var sources []schema.Source
	for i, text := range files {
		sources = append(sources, schema.Source{File: fmt.Sprintf("calendar %d", i+1), Data: []byte(text)})
	}
	site, err := worktime.Load(sources)
	if err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calendars = site
}

func (c *callbacks) WorkTime(_ context.Context, r *pluginpb.WorkTimeRequest) (*pluginpb.WorkTimeResponse, error) {
	if _, err := c.within(r.GetContext()); err != nil {
		return &pluginpb.WorkTimeResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	site := c.calendars
	c.mu.Unlock()
	answer, err := contract.WorkTime(site, r)
	if err != nil {
		return &pluginpb.WorkTimeResponse{Error: toWire(err)}, nil
	}
	return answer, nil
}
