package pluginhost

import (
	"context"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c *callbacks) WorkTime(ctx context.Context, r *pluginpb.WorkTimeRequest) (*pluginpb.WorkTimeResponse, error) {
	var answer *pluginpb.WorkTimeResponse
	refused := c.during(ctx, r.GetContext(), func(context.Context, *call) (err error) { // nothing is read: it takes no turn
		answer, err = contract.WorkTime(c.host.config.Calendars, r)
		return err
	})
	if refused != nil {
		return &pluginpb.WorkTimeResponse{Error: refused}, nil
	}
	return answer, nil
}
