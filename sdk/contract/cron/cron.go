// Package cron says when a job of a plugin runs: to the server, to plugintest and
// to the conformance checks, in the same words.
package cron

import (
	"fmt"
	"strings"
	"time"

	library "github.com/netresearch/go-cron"
)

// Schedule says at which times something is done. Parse makes one.
type Schedule struct {
	text  string
	times library.Schedule
	zone  *time.Location
}

// Parse reads a schedule: five fields (minute, hour, day of the month, month,
// weekday) as cron has them, @hourly, @daily, @weekly, @monthly, @yearly, or
// @every and a duration of at least a second, such as "@every 10m". The fields
// mean the clock in zone, a name of the IANA list; "" is UTC.
//
// Where that clock is put forward, a time that it leaves out comes as much
// later. Where it is put back, a time that it shows twice comes twice.
func Parse(text, zone string) (Schedule, error) {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return Schedule{}, fmt.Errorf("the time zone %q is not known; write it as in the IANA list, for example Europe/Berlin", zone)
	}
	const how = "; write five fields (minute hour day month weekday), @hourly, @daily, @weekly, @monthly, @yearly, or for example @every 10m"
	// As in every cron, either of day and weekday will do where both are given.
	parser := library.MustNewParser(library.Minute | library.Hour | library.Dom | library.Month | library.Dow | library.DowOrDom | library.Descriptor)
	times, err := parser.Parse(text)
	switch {
	case strings.Contains(text, "TZ="):
		return Schedule{}, fmt.Errorf("the schedule %q names a time zone; write it beside the schedule", text)
	case err != nil:
		return Schedule{}, fmt.Errorf("the schedule %q cannot be read: %w%s", text, err, how)
	case times.Next(time.Unix(0, 0).UTC()).IsZero():
		return Schedule{}, fmt.Errorf("the schedule %q never comes: there is no such day", text)
	}
	return Schedule{text: text, times: times, zone: location}, nil
}

// String returns the schedule as it was written, with its time zone.
func (s Schedule) String() string { return s.text + " " + s.zone.String() }

// Next returns the first time after another, in UTC.
func (s Schedule) Next(after time.Time) time.Time { return s.times.Next(after.In(s.zone)).UTC() }

// Zone is that of the clock that is meant.
func (s Schedule) Zone() *time.Location { return s.zone }
