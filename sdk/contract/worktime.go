package contract

import (
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk/contract/worktime"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// WorkTime answers what a plugin asks of a calendar of the site, or refuses it.
func WorkTime(site *worktime.Calendars, r *pluginpb.WorkTimeRequest) (*pluginpb.WorkTimeResponse, error) {
	c, err := site.Find(r.GetCalendar())
	var answer *pluginpb.WorkTimeResponse
	if err == nil {
		answer, err = counted(c, r)
	}
	if err != nil {
		why := err.Error()
		if !strings.HasSuffix(why, "?") {
			why += "."
		}
		return nil, invalid("The working time cannot be counted: " + why)
	}
	return answer, nil
}

func counted(c *worktime.Calendar, r *pluginpb.WorkTimeRequest) (*pluginpb.WorkTimeResponse, error) {
	from, err := readInstant(r.GetFrom())
	if err != nil {
		return nil, err
	}
	var at time.Time
	switch ask := r.GetAsk().(type) {
	case *pluginpb.WorkTimeRequest_To:
		to, err := readInstant(ask.To)
		if err != nil {
			return nil, err
		}
		work, err := c.Between(from, to)
		return &pluginpb.WorkTimeResponse{Milliseconds: work.Milliseconds()}, err
	case *pluginpb.WorkTimeRequest_Milliseconds:
		switch {
		case ask.Milliseconds > worktime.Horizon.Milliseconds():
			return nil, fmt.Errorf("%d milliseconds are more than a hundred years", ask.Milliseconds)
		case ask.Milliseconds < 0: // so little may be more than none in nanoseconds
			return nil, fmt.Errorf("%d milliseconds are less than none; working time is counted forward", ask.Milliseconds)
		}
		at, err = c.Add(from, time.Duration(ask.Milliseconds)*time.Millisecond)
	default:
		at, err = c.NextOpen(from)
	}
	return &pluginpb.WorkTimeResponse{At: at.UTC().Format(time.RFC3339Nano)}, err
}

func readInstant(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fmt.Errorf("%q is no time such as 2026-01-02T15:04:05Z", text)
	}
	return at, nil
}
