package sdk

import (
	"context"
	"fmt"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c caller) DueAfter(ctx context.Context, calendar string, from time.Time, work time.Duration) (time.Time, error) {
	answer, err := c.workTime(ctx, calendar, from, &pluginpb.WorkTimeRequest{Ask: &pluginpb.WorkTimeRequest_Milliseconds{Milliseconds: work.Milliseconds()}})
	return instant(answer.GetAt()), err
}

func (c caller) WorkTime(ctx context.Context, calendar string, from, to time.Time) (time.Duration, error) {
	answer, err := c.workTime(ctx, calendar, from, &pluginpb.WorkTimeRequest{Ask: &pluginpb.WorkTimeRequest_To{To: to.UTC().Format(time.RFC3339Nano)}})
	return time.Duration(answer.GetMilliseconds()) * time.Millisecond, err
}

func (c caller) NextOpen(ctx context.Context, calendar string, at time.Time) (time.Time, error) {
	answer, err := c.workTime(ctx, calendar, at, &pluginpb.WorkTimeRequest{})
	return instant(answer.GetAt()), err
}

func (c caller) workTime(ctx context.Context, calendar string, from time.Time, r *pluginpb.WorkTimeRequest) (*pluginpb.WorkTimeResponse, error) {
	r.Context, r.Calendar, r.From = c.context, calendar, from.UTC().Format(time.RFC3339Nano)
	answer, err := c.host.WorkTime(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("count the working time by %s at the host: %w", calendar, err)
	}
	return answer, errorFromWire(answer.GetError())
}
