package importer

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema"
)

// firstShortYear begins the hundred years in which a year of two digits lies,
// unless the map says otherwise: 69 is 1969 and 68 is 2068, as in POSIX.
const firstShortYear = 1969

// dates is how the dates of a field are written and what they may say.
type dates struct {
	forms     []dateForm // none for the form of the API
	zone      *time.Location
	yearsFrom int // 0 for firstShortYear, or the last hundred years if past
	past      bool
	now       time.Time
}

// value makes a date or datetime of a text. Every form is tried: a text that
// two of them read differently would be a guess.
func (d *dates) value(kind, text string) (any, error) {
	var found, by string
	var reason error
	for i := range d.forms {
		w, err := d.forms[i].read(text)
		if err != nil {
			continue
		}
		value, err := d.of(kind, w)
		switch {
		case errors.Is(err, errNoDate):
		case err != nil:
			reason = fmt.Errorf("is %s: %w", text, err)
		case found != "" && found != value:
			return nil, fmt.Errorf("is %s, which is %s as %s and %s as %s; leave one of the two forms out of the map's dates", text, found, by, value, d.forms[i].text)
		default:
			found, by = value, d.forms[i].text
		}
	}
	switch {
	case found != "":
		return found, nil
	case reason != nil:
		return nil, reason
	}
	return nil, fmt.Errorf("must be a date as %s, not %s", d.inWords(), text)
}

func (d *dates) inWords() string {
	var forms []string
	for _, f := range d.forms {
		forms = append(forms, f.text)
	}
	return strings.Join(forms, " or ")
}

// of holds what is written against the calendar and the clocks of the zone.
func (d *dates) of(kind string, w written) (string, error) {
	if w.short {
		w.year = d.fullYear(w)
	}
	day := time.Date(w.year, time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC)
	if w.year < 1 || day.Month() != time.Month(w.month) || day.Day() != w.day {
		return "", errNoDate
	}
	if kind == "date" {
		value := day.Format(time.DateOnly)
		return value, d.notAhead(value)
	}
	clock := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.milli*int(time.Millisecond), time.UTC)
	at := clock.Add(-time.Duration(w.offset) * time.Second)
	if !w.zoned {
		var err error
		if at, err = instant(clock, d.zone); err != nil {
			return "", err
		}
	}
	if at.Year() < 1 || at.Year() > 9999 {
		return "", errNoDate
	}
	value := schema.Instant(at)
	return value, d.notAhead(value)
}

// fullYear is the year of the last hundred for what lies in the past, and one
// of the hundred years from yearsFrom otherwise.
func (d *dates) fullYear(w written) int {
	from := d.yearsFrom
	if from == 0 {
		from = firstShortYear
		if d.past {
			today := d.now.In(d.zone)
			from = today.Year() - 99
			if today.YearDay() < time.Date(today.Year(), time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC).YearDay() {
				from--
			}
		}
	}
	year := from - from%100 + w.year
	if year < from {
		year += 100
	}
	return year
}

var errAhead = errors.New("it lies in the future, which the map (past: true) or the name of the field, a date of birth, rules out")

// notAhead refuses a day or an instant of the future where only the past makes
// sense. Both sort as texts.
func (d *dates) notAhead(value string) error {
	if !d.past {
		return nil
	}
	now := d.now.In(d.zone).Format(time.DateOnly)
	if len(value) > len(now) {
		now = schema.Instant(d.now)
	}
	if value > now {
		return errAhead
	}
	return nil
}

// instant finds the one moment at which the clocks of a zone show a time. In
// the night when they go forward there is none for an hour of times, in the
// night when they go back there are two.
func instant(clock time.Time, zone *time.Location) (time.Time, error) {
	var found []time.Time
	for _, near := range []time.Duration{-26 * time.Hour, 26 * time.Hour} {
		_, offset := clock.Add(near).In(zone).Zone()
		at := clock.Add(-time.Duration(offset) * time.Second)
		if _, own := at.In(zone).Zone(); own == offset && (len(found) == 0 || !found[0].Equal(at)) {
			found = append(found, at)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return clock, fmt.Errorf("that time does not exist in %s, where the clocks go forward over it; correct it or give its offset (Z in dates:)", zone)
	}
	first, second := found[0].In(zone).Format("-07:00"), found[1].In(zone).Format("-07:00")
	return clock, fmt.Errorf("that time comes twice in %s, where the clocks go back; say which one by its offset, %s or %s (Z in dates:)", zone, first, second)
}

// birthNames are how a date of birth is called, by its field or its labels.
var birthNames = []string{"birth", "birthdate", "birthday", "dateofbirth", "dob", "born", "geburtsdatum", "geburtstag", "geburt"}

// isBirth says whether a field is a date of birth, by its name or a label.
func isBirth(f *Field) bool {
	for _, name := range []string{f.Name, f.Label, f.German} {
		for _, birth := range birthNames {
			if fold(name) == birth {
				return true
			}
		}
	}
	return false
}
