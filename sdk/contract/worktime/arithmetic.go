package worktime

import (
	"fmt"
	"iter"
	"time"
)

// Horizon is how far anything is looked for: a hundred years.
const Horizon = 100 * 366 * 24 * time.Hour

// stretches yields the working time from an instant on, piece by piece, each from one
// instant to another, until a limit.
func (c *Calendar) stretches(from, limit time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		years := map[int]map[day]bool{}
		for at := from; at.Before(limit); {
			local := at.In(c.zone)
			_, end := local.ZoneBounds() // until then the clock is not put forward or back
			if end.IsZero() || end.After(limit) {
				end = limit
			}
			_, offset := local.Zone()
			if !c.steady(at, end, int64(offset), years, yield) {
				return
			}
			at = end
		}
	}
}

// steady yields what lies between two instants between which the clock of the zone is
// so many seconds before UTC.
func (c *Calendar) steady(from, end time.Time, offset int64, years map[int]map[day]bool, yield func(from, to time.Time) bool) (on bool) {
	instant := func(d day, minutes int) time.Time {
		return time.Unix(int64(d)*secondsOfDay+int64(minutes)*60-offset, 0)
	}
	first := day((from.Unix()+offset)/secondsOfDay) - 2 // hours over midnight began the day before
	for d := first; instant(d, 0).Before(end); d++ {
		year := d.date().Year()
		if years[year] == nil {
			years[year] = c.closedIn(year)
		}
		for _, s := range c.on(d, years[year]) {
			begins, ends := later(from, instant(d, s.from)), earlier(end, instant(d, s.to))
			if !begins.Before(ends) {
				continue
			}
			if !yield(begins, ends) {
				return false
			}
			from = ends // hours of one day may reach into those of the next
		}
	}
	return true
}

// Between returns how much working time lies between two instants; less than nothing
// if to is the earlier one.
func (c *Calendar) Between(from, to time.Time) (time.Duration, error) {
	if to.Before(from) {
		back, err := c.Between(to, from)
		return -back, err
	}
	if to.Sub(from) > Horizon {
		return 0, fmt.Errorf("there are more than a hundred years between %s and %s", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	}
	var sum time.Duration
	for begins, ends := range c.stretches(from, to) {
		sum += ends.Sub(begins)
	}
	return sum, nil
}

// Add returns the first instant at which so much working time has passed since from:
// the end of the day rather than the beginning of the next. Without any, that is from.
func (c *Calendar) Add(from time.Time, work time.Duration) (time.Time, error) {
	switch {
	case work < 0:
		return time.Time{}, fmt.Errorf("working time is counted forward; %s is less than none", work)
	case work == 0:
		return from, nil
	}
	left := work
	for begins, ends := range c.stretches(from, from.Add(Horizon)) {
		if length := ends.Sub(begins); length < left {
			left -= length
			continue
		}
		return begins.Add(left), nil
	}
	return time.Time{}, fmt.Errorf("so much working time (%s) does not come within a hundred years in the calendar %q", work, c.Name)
}

// NextOpen returns the first instant from this one on that is in the working time: this
// one itself where it is open.
func (c *Calendar) NextOpen(at time.Time) (time.Time, error) {
	for begins := range c.stretches(at, at.Add(Horizon)) {
		return begins, nil
	}
	return time.Time{}, fmt.Errorf("the calendar %q is not open within a hundred years", c.Name)
}

// IsOpen says whether an instant is in the working time.
func (c *Calendar) IsOpen(at time.Time) bool {
	next, err := c.NextOpen(at)
	return err == nil && next.Equal(at)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
