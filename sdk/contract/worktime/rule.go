package worktime

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rule is a day that comes once, or once a year.
type rule struct {
	in func(year int) (d day, comes bool)
}

const ruleForms = "a date such as 2026-12-24, a day of every year such as 12-24, easter+39, 4th thu in nov, last mon in may, or wed before 11-23"

var (
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	ordinals = []string{"last", "1st", "2nd", "3rd", "4th"}

	easterForm = regexp.MustCompile(`^easter([+-]\d{1,3})?$`)
	nthForm    = regexp.MustCompile(`^(` + strings.Join(ordinals, "|") + `) (` + strings.Join(weekdays, "|") + `) in (` + strings.Join(months, "|") + `)$`)
	beforeForm = regexp.MustCompile(`^(` + strings.Join(weekdays, "|") + `) before (\d\d-\d\d)$`)
)

// parseRule reads a day as a site writes it.
func parseRule(text string) (rule, error) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		d := day(date.Unix() / secondsOfDay)
		return rule{in: func(year int) (day, bool) { return d, year == date.Year() }}, nil
	}
	if date, err := dayOfYear(text); err == nil {
		return rule{in: func(year int) (day, bool) {
			d := dayOf(year, date.Month(), date.Day())
			return d, d.date().Day() == date.Day() // 29 February does not come every year
		}}, nil
	}
	if m := easterForm.FindStringSubmatch(text); m != nil {
		away, _ := strconv.Atoi(m[1])
		if away < -365 || away > 365 {
			return rule{}, fmt.Errorf("%q is more than a year away from Easter; write a date for each year, such as 2026-12-24", text)
		}
		return every(func(year int) day { return easter(year) + day(away) }), nil
	}
	if m := nthForm.FindStringSubmatch(text); m != nil {
		n, weekday, month := slices.Index(ordinals, m[1]), slices.Index(weekdays, m[2]), slices.Index(months, m[3])+1
		return every(func(year int) day { return nth(year, time.Month(month), time.Weekday(weekday), n) }), nil
	}
	if m := beforeForm.FindStringSubmatch(text); m != nil {
		if date, err := dayOfYear(m[2]); err == nil {
			weekday := slices.Index(weekdays, m[1])
			return every(func(year int) day { return before(dayOf(year, date.Month(), date.Day()), time.Weekday(weekday)) }), nil
		}
	}
	return rule{}, fmt.Errorf("%q is no day; write %s", text, ruleForms)
}

// dayOfYear reads 12-24, and 02-29 too.
func dayOfYear(text string) (time.Time, error) { return time.Parse(time.DateOnly, "2000-"+text) }

func every(in func(year int) day) rule {
	return rule{in: func(year int) (day, bool) { return in(year), true }}
}

// nth is the nth of a weekday in a month; 0 is the last.
func nth(year int, month time.Month, weekday time.Weekday, n int) day {
	if n == 0 {
		return before(dayOf(year, month+1, 1), weekday)
	}
	first := dayOf(year, month, 1)
	return first + day((int(weekday)-int(first.weekday())+7)%7) + day(7*(n-1))
}

// before is the last of a weekday before a day.
func before(d day, weekday time.Weekday) day {
	d--
	return d - day((int(d.weekday())-int(weekday)+7)%7)
}

// between keeps a rule to some years; 0 is for ever.
func (r rule) between(from, to int) rule {
	in := r.in
	return rule{in: func(year int) (day, bool) {
		if from != 0 && year < from || to != 0 && year > to {
			return 0, false
		}
		return in(year)
	}}
}
