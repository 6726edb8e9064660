package conformance

import (
	"context"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/worktime"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// WorkTime implements pluginpb.HostServer: whatever a calendar is called, it is one of
// office hours.
func (h *host) WorkTime(ctx context.Context, r *pluginpb.WorkTimeRequest) (*pluginpb.WorkTimeResponse, error) {
	if refused := h.within(ctx, "WorkTime "+r.GetCalendar(), r.GetContext()); refused != nil {
		return &pluginpb.WorkTimeResponse{Error: refused}, nil
	}
	site, err := worktime.Load([]schema.Source{{File: "office.yaml", Data: []byte("calendar: office\nzone: Europe/Berlin\nhours: {mon-fri: [09:00-17:00]}\nholidays: DE\n")}})
	if err != nil {
		return nil, err
	}
	if r.GetCalendar() != "" {
		r.Calendar = "office"
	}
	answer, err := contract.WorkTime(site, r)
	if err != nil {
		return &pluginpb.WorkTimeResponse{Error: toWire(err)}, nil
	}
	return answer, nil
}
