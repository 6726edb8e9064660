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
	runs  bool // on through the hour that the clock shows twice
}

// Parse reads a schedule: five fields (minute, hour, day of the month, month,
// weekday) as cron has them, @hourly, @daily, @weekly, @monthly, @yearly, or
// @every and a duration of at least a second, such as "@every 10m". The fields
// mean the clock in zone, a name of the IANA list; "" is UTC.
//
// Where that clock is put forward, a time that it leaves out comes as much
// later. Where it is put back, a time that it shows twice comes once, the first
// time: what runs every night runs once in that one too. A schedule whose minute
// or hour begins with a star counts on as time does, and comes in both hours, as
// cronie and Debian's cron have it (crontab(5), cron(8)).
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
	return Schedule{text: text, times: times, zone: location, runs: runsOn(text)}, nil
}

// String returns the schedule as it was written, with its time zone.
func (s Schedule) String() string { return s.text + " " + s.zone.String() }

// Next returns the first time after another, in UTC.
func (s Schedule) Next(after time.Time) time.Time {
	next := s.times.Next(after.In(s.zone))
	for !s.runs && shownBefore(next) {
		next = s.times.Next(next)
	}
	return next.UTC()
}

// Zone is that of the clock that is meant.
func (s Schedule) Zone() *time.Location { return s.zone }

// runsOn tells a schedule that follows the clock from one that counts on.
func runsOn(text string) bool {
	fields := strings.Fields(text)
	switch fields[0] {
	case "@every", "@hourly":
		return true
	}
	return strings.HasPrefix(fields[0], "*") || len(fields) > 1 && strings.HasPrefix(fields[1], "*")
}

// shownBefore says whether the clock of its zone has shown this time once already,
// because it was put back since.
func shownBefore(t time.Time) bool {
	since, _ := t.ZoneBounds()
	if since.IsZero() {
		return false
	}
	_, before := since.Add(-time.Nanosecond).Zone()
	_, now := t.Zone()
	return t.Before(since.Add(time.Duration(before-now) * time.Second))
}
