package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
)

const officeYAML = "calendar: office\nzone: Europe/Berlin\nhours: {mon-fri: [09:00-12:30, 13:30-17:00], sat: [22:00-04:00]}\nholidays: DE-MV\nclosed: {12-24: Christmas Eve}\n"

// calendarsIn is a folder with the calendar of the site.
func calendarsIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "office.yaml"), []byte(officeYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// playWorking counts working time, and lets a clock run.
func playWorking(s *stage) {
	for _, text := range []string{"2026-03-06T11:00:00.125Z", "2026-03-28T22:00:00Z", "2026-10-24T21:30:00Z", "2026-12-23T15:00:00Z"} {
		from, _ := time.Parse(time.RFC3339, text)
		for _, work := range []time.Duration{0, time.Millisecond, 90 * time.Minute, 100 * time.Hour, -time.Hour, 900_000 * time.Hour} {
			due, err := s.DueAfter(s, "office", from, work)
			s.say("deadline", due, err)
		}
		next, err := s.NextOpen(s, "office", from)
		s.say("next", next, err)
		for _, days := range []int{0, 1, 30, -7, 365 * 101} {
			work, err := s.WorkTime(s, "office", from, from.AddDate(0, 0, days))
			s.say("work", work, err)
		}
		c := sdk.Clock{Calendar: "office", Target: 8 * time.Hour}.Resume(from)
		c, err = c.Pause(s, s, from.AddDate(0, 0, 1))
		s.say("paused", c.Value(), err)
		due, err := c.Resume(from.AddDate(0, 0, 3)).DueAt(s, s, 80)
		s.say("warned", due, err)
		_, err = c.Resume(from).Move(s, s, from.AddDate(0, 0, 3), "ofice")
		s.say("moved", nil, err)
	}
	for _, name := range []string{"ofice", "", "zzz"} {
		_, err := s.NextOpen(s, name, time.Unix(0, 0))
		s.say("next of "+name, nil, err)
	}
}

func TestAMistakeInACalendarStopsTheStart(t *testing.T) {
	t.Parallel()
	c := defaultConfig()
	c.Store, c.Data, c.Calendars = "memory", t.TempDir(), calendarsIn(t)
	bad := filepath.Join(c.Calendars, "zoo.yaml")
	if err := os.WriteFile(bad, []byte("calendar: zoo\nzone: Europe/Berln\nhours: {mon: [9-17]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := bad + ":2: the time zone \"Europe/Berln\" is not known; write it as in the IANA list, for example Europe/Berlin\n" +
		bad + `:3: "9-17" are no hours; write for example 09:00-17:00, or 22:00-06:00 over midnight`
	if _, err := newServer(c, slog.New(slog.DiscardHandler), nil); err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	c.Calendars = filepath.Join(c.Calendars, "none")
	if _, err := newServer(c, slog.New(slog.DiscardHandler), nil); err == nil || !strings.Contains(err.Error(), "calendars") {
		t.Errorf("without the folder: %v", err)
	}
}
