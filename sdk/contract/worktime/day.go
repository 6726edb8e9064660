package worktime

import "time"

// day is one of the calendar, counted from 1 January 1970, in no zone.
type day int64

const secondsOfDay = 24 * 60 * 60

func dayOf(year int, month time.Month, dayOfMonth int) day {
	return day(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay)
}

func (d day) date() time.Time { return time.Unix(int64(d)*secondsOfDay, 0).UTC() }

func (d day) weekday() time.Weekday { return d.date().Weekday() }

// easter is Easter Sunday of a year in the Gregorian calendar, by the algorithm of
// Meeus, Jones and Butcher.
func easter(year int) day {
	a, b, c := year%19, year/100, year%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return dayOf(year, time.Month(n/31), n%31+1)
}
