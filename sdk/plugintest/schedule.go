package plugintest

import (
	"fmt"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
)

// schedule says when a job runs, in the words and by the library of the server.
type schedule struct {
	times cron.Schedule
	zone  *time.Location
}

func parseSchedule(text, zone string) (schedule, error) {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return schedule{}, fmt.Errorf("the time zone %q is not known; write it as in the IANA list, for example Europe/Berlin", zone)
	}
	const how = "; write five fields (minute hour day month weekday), @hourly, @daily, @weekly, @monthly, @yearly, or for example @every 10m"
	// As in every cron, either of day and weekday will do where both are given.
	parser := cron.MustNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom | cron.Descriptor)
	times, err := parser.Parse(text)
	switch {
	case strings.Contains(text, "TZ="):
		return schedule{}, fmt.Errorf("the schedule %q names a time zone; write it beside the schedule", text)
	case err != nil:
		return schedule{}, fmt.Errorf("the schedule %q cannot be read: %w%s", text, err, how)
	case times.Next(time.Unix(0, 0).UTC()).IsZero():
		return schedule{}, fmt.Errorf("the schedule %q never comes: there is no such day", text)
	}
	return schedule{times, location}, nil
}

// next is the first time after another, in UTC.
func (s schedule) next(after time.Time) time.Time { return s.times.Next(after.In(s.zone)).UTC() }
