package worktime_test

import (
	"os"
	"regexp"
	"testing"
	"time"
)

// TestTheCalendarInTheDocumentationLoads reads the one of CALENDARS.md.
func TestTheCalendarInTheDocumentationLoads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CALENDARS.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```yaml\n(# calendars/service.yaml.*?)```").FindSubmatch(text)
	if found == nil {
		t.Fatal("CALENDARS.md has no calendars/service.yaml")
	}
	c := load(t, string(found[1]))
	for at, want := range map[string]bool{
		"2026-12-19T11:00:00+01:00": true, "2026-12-24T11:00:00+01:00": false, "2026-05-15T11:00:00+02:00": false, "2026-05-17T03:00:00+02:00": true,
		"2026-08-28T11:00:00+02:00": false, "2025-05-08T11:00:00+02:00": false, "2026-05-11T13:00:00+02:00": false, "2026-05-11T13:30:00+02:00": true,
	} {
		if moment, err := time.Parse(time.RFC3339, at); err != nil || c.IsOpen(moment) != want {
			t.Errorf("at %s it is open: %v; want %v (%v)", at, c.IsOpen(moment), want, err)
		}
	}
}
