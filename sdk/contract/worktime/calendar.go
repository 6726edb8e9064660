package worktime

import (
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Calendar says when something is open. Load makes some; they never change, and are
// safe for concurrent use.
type Calendar struct {
	Name string

	zone   *time.Location
	week   [7][]span // of each weekday, Sunday first, in order
	closed []rule
	open   map[day][]span // instead of everything else
}

// span is from one time of a day to another, in minutes; one over midnight ends after
// the 24th hour.
type span struct{ from, to int }

// on returns the hours that begin on a day. Closed holds the days of its year on which
// nothing is open.
func (c *Calendar) on(d day, closed map[day]bool) []span {
	if own, has := c.open[d]; has {
		return own
	}
	if closed[d] {
		return nil
	}
	return c.week[d.weekday()]
}

// closedIn lists the days of a year that are closed. Some come by the rule of a year
// beside it, as the last Friday before New Year's Day does.
func (c *Calendar) closedIn(year int) map[day]bool {
	days := map[day]bool{}
	for _, r := range c.closed {
		for by := year - 1; by <= year+1; by++ {
			if d, comes := r.in(by); comes && d.date().Year() == year {
				days[d] = true
			}
		}
	}
	return days
}

// Calendars are those of a site. Nil has none.
type Calendars struct{ all []*Calendar }

// Names lists them in the order in which they were loaded.
func (s *Calendars) Names() []string {
	var names []string
	for _, c := range s.list() {
		names = append(names, c.Name)
	}
	return names
}

func (s *Calendars) list() []*Calendar {
	if s == nil {
		return nil
	}
	return s.all
}

// Find returns an error that suggests the nearest name if there is no such calendar.
func (s *Calendars) Find(name string) (*Calendar, error) {
	if i := slices.IndexFunc(s.list(), func(c *Calendar) bool { return c.Name == name }); i >= 0 {
		return s.all[i], nil
	}
	if len(s.list()) == 0 {
		return nil, fmt.Errorf("there is no calendar %q: the site has none", name)
	}
	return nil, fmt.Errorf("there is no calendar %q%s", name, suggest(name, s.Names()))
}

// suggest names the nearest word, or all of a few.
func suggest(word string, known []string) string {
	if near := strictyaml.Suggest(word, known); near != "" {
		return near
	}
	return fmt.Sprintf("; there are %q", known)
}
