package worktime_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/worktime"
)

func TestEveryMistakeIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := worktime.Load([]schema.Source{
		{File: "a.yaml", Data: []byte(`calendar: service
zone: Europe/Berln
hours:
  mon-fri: [9-17]
  fri: [10:00-12:00, 11:00-13:00]
  munday: []
  sat: [12:00-12:00, 20:00-25:00, 23:00-24:30]
  sun: 09:00-10:00
holidays: [DE-XX, DE-BE]
closed:
  12-32: never
  5th mon in may: no
  2026-01-02:
open:
  12-24: [10:00-12:00]
hour: x
`)},
		{File: "b.yaml", Data: []byte("zone: UTC\nhours: {mon: []}\n")},
		{File: "c.yaml", Data: []byte("calendar: night\nzone: UTC\nhours: {mon: []}\nclosed: {2026-01-02: x, easter+366: x}\nopen: {2026-01-02: []}\n")},
		{File: "d.yaml", Data: []byte("calendar: night\n")},
	})
	want := []string{
		`a.yaml:2: the time zone "Europe/Berln" is not known; write it as in the IANA list, for example Europe/Berlin`,
		`a.yaml:4: "9-17" are no hours; write for example 09:00-17:00, or 22:00-06:00 over midnight`,
		`a.yaml:5: 10:00-12:00 and 11:00-13:00 overlap`,
		`a.yaml:5: fri has hours twice, here and under mon-fri`,
		`a.yaml:6: "munday" are no weekdays; write mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or daily`,
		`a.yaml:7: "12:00-12:00" has no length; the whole day is 00:00-24:00`,
		`a.yaml:7: "20:00-25:00" are no hours; write for example 09:00-17:00, or 22:00-06:00 over midnight`,
		`a.yaml:7: "23:00-24:30" goes beyond the day; it ends at 24:00, and hours over midnight are written as 22:00-06:00`,
		`a.yaml:8: a list of hours is expected, such as [09:00-12:30, 13:30-18:00]; [] is closed`,
		`a.yaml:9: the holidays of "DE-XX" are not known; did you mean "DE-BB"?; days of other places stand under closed`,
		`a.yaml:11: "12-32" is no day; write a date such as 2026-12-24, a day of every year such as 12-24, easter+39, 4th thu in nov, last mon in may, or wed before 11-23`,
		`a.yaml:12: "5th mon in may" is no day; write a date such as 2026-12-24, a day of every year such as 12-24, easter+39, 4th thu in nov, last mon in may, or wed before 11-23`,
		`a.yaml:13: a text is expected that says why it is closed, such as 2026-01-02: Christmas Eve`,
		`a.yaml:15: "12-24" is no date; write for example 2026-12-19: [10:00-14:00]`,
		`a.yaml:16: unknown key "hour"; did you mean "hours"?`,
		`b.yaml:1: a file describes one calendar: start with calendar: NAME`,
		`c.yaml:1: 2026-01-02 is both open and closed; take one of them away`,
		`c.yaml:4: "easter+366" is more than a year away from Easter; write a date for each year, such as 2026-12-24`,
		`d.yaml:1: a calendar has a time zone, such as zone: Europe/Berlin`,
		`d.yaml:1: a calendar has hours, such as hours: {mon-fri: [09:00-17:00]}`,
		`d.yaml:1: the calendar "night" is already defined in c.yaml; choose another name`,
	}
	if err == nil {
		t.Fatal("they are taken")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACalendarThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	s, err := worktime.Load([]schema.Source{{File: "a.yaml", Data: []byte("calendar: service\nzone: UTC\nhours: {mon: []}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	_, near := s.Find("servise")
	_, far := s.Find("x")
	var none *worktime.Calendars
	_, empty := none.Find("service")
	for want, err := range map[string]error{
		`there is no calendar "servise"; did you mean "service"?`: near,
		`there is no calendar "x"; there are ["service"]`:         far,
		`there is no calendar "service": the site has none`:       empty,
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v; want %s", err, want)
		}
	}
}
