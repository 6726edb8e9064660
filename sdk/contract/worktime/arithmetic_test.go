package worktime_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/worktime"
)

func load(t *testing.T, text string) *worktime.Calendar {
	t.Helper()
	s, err := worktime.Load([]schema.Source{{File: "service.yaml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Find("service")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shown is what the wall shows: its hands, and whether some shift that began today or
// yesterday covers them.
type shown func(weekday time.Weekday, minute int) bool

// shifts are hours that begin on given weekdays, in minutes, without any day off.
type shifts []struct {
	days     string
	from, to int
}

func (s shifts) cover(weekday time.Weekday, minute int) bool {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for _, one := range s {
		if strings.Contains(one.days, names[weekday]) && one.from <= minute && minute < one.to {
			return true
		}
		if strings.Contains(one.days, names[(weekday+6)%7]) && one.from <= minute+1440 && minute+1440 < one.to {
			return true
		}
	}
	return false
}

// TestWorkingTimeIsWhatTheWallShows counts, minute by minute, the working time of every
// day of ten years by looking at the hands of the clock, and compares; in the other zones
// of the days around the changes of the clock, and of one in each week.
func TestWorkingTimeIsWhatTheWallShows(t *testing.T) {
	const hours = `
hours:
  mon-thu: [09:00-12:30, 13:30-18:00]
  fri: [00:00-02:30, 09:00-15:00, 22:00-06:00]
  sat: [23:30-04:00]
  sun: [01:30-02:30, 22:00-24:00]
`
	const week = "mon tue wed thu"
	wall := shifts{{week, 540, 750}, {week, 810, 1080}, {"fri", 0, 150}, {"fri", 540, 900}, {"fri", 1320, 1800}, {"sat", 1410, 1680}, {"sun", 90, 150}, {"sun", 1320, 1440}}
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			c := load(t, "calendar: service\nzone: "+zone+hours)
			sweep(t, c, zone, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC), wall.cover, zone != "Europe/Berlin")
		})
	}
}

// TestADayThatAZoneLeavesOutHasNoHours looks at Samoa, which has crossed the date line.
func TestADayThatAZoneLeavesOutHasNoHours(t *testing.T) {
	t.Parallel()
	c := load(t, "calendar: service\nzone: Pacific/Apia\nhours: {thu: [22:00-06:00], fri: [09:00-17:00], sat: [05:00-07:00]}\n")
	wall := shifts{{"thu", 1320, 1800}, {"fri", 540, 1020}, {"sat", 300, 420}}
	sweepBut(t, c, "Pacific/Apia", time.Date(2011, 12, 1, 0, 0, 0, 0, time.UTC), time.Date(2012, 1, 20, 0, 0, 0, 0, time.UTC), wall.cover, false, "2011-12-31")
}

func sweep(t *testing.T, c *worktime.Calendar, zone string, from, to time.Time, open shown, thin bool) {
	t.Helper()
	sweepBut(t, c, zone, from, to, open, thin, "")
}

// sweepBut leaves a day out whose yesterday was left out by its zone.
func sweepBut(t *testing.T, c *worktime.Calendar, zone string, from, to time.Time, open shown, thin bool, but string) {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for from.Before(to) {
		end := from.Add(24 * time.Hour)
		if thin && from.Weekday() != time.Tuesday && steady(from, location) {
			from = end
			continue
		}
		var counted time.Duration
		var firstOpen, cut time.Time
		some := time.Duration(r.IntN(600)) * time.Minute
		left := false
		for at := from; at.Before(end); at = at.Add(time.Minute) {
			local := at.In(location)
			left = left || local.Format(time.DateOnly) == but
			if !open(local.Weekday(), local.Hour()*60+local.Minute()) {
				continue
			}
			if firstOpen.IsZero() {
				firstOpen = at
			}
			if counted += time.Minute; counted == some {
				cut = at.Add(time.Minute)
			}
		}
		if left {
			from = end
			continue
		}
		if got, err := c.Between(from, end); err != nil || got != counted {
			t.Fatalf("%s to %s: %s, %v; the wall shows %s", from.In(location), end.In(location), got, err, counted)
		}
		if !cut.IsZero() {
			if got, err := c.Add(from, some); err != nil || !got.Equal(cut) {
				t.Fatalf("%s and %s of working time: %s, %v; the wall shows %s", from.In(location), some, got, err, cut.In(location))
			}
		}
		if !firstOpen.IsZero() {
			if got, err := c.NextOpen(from); err != nil || !got.Equal(firstOpen) {
				t.Fatalf("after %s it opens at %s, %v; the wall shows %s", from.In(location), got, err, firstOpen.In(location))
			}
			if at := from.In(location); c.IsOpen(at) != open(at.Weekday(), at.Hour()*60+at.Minute()) {
				t.Fatalf("at %s it is open: %v", at, c.IsOpen(at))
			}
		}
		from = end
	}
}

// steady says whether the clock is not changed in these days.
func steady(at time.Time, zone *time.Location) bool {
	_, before := at.Add(-48 * time.Hour).In(zone).Zone()
	_, after := at.Add(72 * time.Hour).In(zone).Zone()
	return before == after
}

// TestAllHoursTogetherAreAllTime adds up what the library that others use loses in the
// weeks of the change.
func TestAllHoursTogetherAreAllTime(t *testing.T) {
	t.Parallel()
	c := load(t, "calendar: service\nzone: Europe/Berlin\nhours: {daily: [00:00-24:00]}\n")
	for _, tt := range []struct {
		from, to string
		want     time.Duration
	}{
		{"2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", 71 * time.Hour},
		{"2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00", 73 * time.Hour},
		{"2026-01-01T00:00:00.250+01:00", "2036-01-01T00:00:00+01:00", 3652*24*time.Hour - 250*time.Millisecond},
		{"2026-03-31T00:00:00+02:00", "2026-03-28T00:00:00+01:00", -71 * time.Hour},
	} {
		from, to := instant(t, tt.from), instant(t, tt.to)
		if got, err := c.Between(from, to); err != nil || got != tt.want {
			t.Errorf("%s to %s: %s, %v; want %s", tt.from, tt.to, got, err, tt.want)
		}
		if got, err := c.Add(from, tt.want); tt.want > 0 && (err != nil || !got.Equal(to)) {
			t.Errorf("%s and %s: %s, %v; want %s", tt.from, tt.want, got, err, tt.to)
		}
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWhatIsOpenIsSaidByTheDay(t *testing.T) {
	t.Parallel()
	c := load(t, `
calendar: service
zone: Europe/Berlin
hours:
  mon-fri: [09:00-17:00]
holidays: [DE-BE]
closed:
  12-24: Christmas Eve
  2026-05-15: the day after Ascension
  last fri in aug: the party of the company
open:
  2026-12-19: [10:00-14:00]
  2026-12-25: [10:00-12:00]
`)
	for _, tt := range []struct {
		from, want string
		work       time.Duration
	}{
		{"2026-06-12T16:00:00+02:00", "2026-06-15T10:00:00+02:00", 2 * time.Hour},
		{"2026-06-12T16:00:00+02:00", "2026-06-12T17:00:00+02:00", time.Hour},
		{"2026-05-13T16:00:00+02:00", "2026-05-18T10:00:00+02:00", 2 * time.Hour},
		{"2025-05-07T16:30:00+02:00", "2025-05-09T09:30:00+02:00", time.Hour},
		{"2026-08-27T16:30:00+02:00", "2026-08-31T09:30:00+02:00", time.Hour},
		{"2026-12-18T16:30:00+01:00", "2026-12-19T10:30:00+01:00", time.Hour},
		{"2026-12-23T16:30:00+01:00", "2026-12-28T10:30:00+01:00", 4 * time.Hour},
		{"2026-06-13T12:00:00+02:00", "2026-06-13T12:00:00+02:00", 0},
	} {
		got, err := c.Add(instant(t, tt.from), tt.work)
		if err != nil || !got.Equal(instant(t, tt.want)) {
			t.Errorf("%s and %s: %s, %v; want %s", tt.from, tt.work, got, err, tt.want)
		}
		if back, err := c.Between(instant(t, tt.from), got); err != nil || back != tt.work {
			t.Errorf("from %s to %s there are %s, %v; want %s", tt.from, got, back, err, tt.work)
		}
	}
}

func TestWhatCannotBeCountedIsRefused(t *testing.T) {
	t.Parallel()
	never := load(t, "calendar: service\nzone: UTC\nhours: {mon: []}\n")
	at := instant(t, "2026-06-12T16:00:00+02:00")
	_, added := never.Add(at, time.Hour)
	_, opened := never.NextOpen(at)
	_, back := never.Add(at, -time.Hour)
	_, long := never.Between(at, at.AddDate(200, 0, 0))
	for want, err := range map[string]error{
		`so much working time (1h0m0s) does not come within a hundred years in the calendar "service"`: added,
		`the calendar "service" is not open within a hundred years`:                                    opened,
		`working time is counted forward; -1h0m0s is less than none`:                                   back,
		`there are more than a hundred years between 2026-06-12T14:00:00Z and 2226-06-12T14:00:00Z`:    long,
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

func TestADayIsClosedThatComesByTheRuleOfAnotherYear(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{ // when it opens after the day before
		"fri before 01-01": "2026-12-24 2026-12-26", "wed before 01-03": "2025-12-30 2026-01-01", "thu before 01-02": "2025-12-31 2026-01-02",
		"easter+300": "2027-01-29 2027-01-31", "easter-120": "2025-12-05 2025-12-07", "easter+365": "2027-04-04 2027-04-06", "12-31": "2026-12-30 2027-01-01",
	} {
		c := load(t, "calendar: service\nzone: UTC\nhours: {daily: [00:00-24:00]}\nclosed: {"+rule+": a day off}\n")
		before, after, _ := strings.Cut(want, " ")
		closing, opening := instant(t, before+"T00:00:00Z").AddDate(0, 0, 1), instant(t, after+"T00:00:00Z")
		if got, err := c.NextOpen(closing); err != nil || !got.Equal(opening) || !c.IsOpen(closing.Add(-time.Second)) {
			t.Errorf("%s: after %s it opens at %s, %v; want %s", rule, before, got, err, opening)
		}
	}
}
