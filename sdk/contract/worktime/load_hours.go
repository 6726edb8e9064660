package worktime

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// hours are those of a week: {mon-thu: [09:00-12:30, 13:30-18:00], fri: [09:00-15:00]}.
type hours struct {
	week  [7][]span
	given map[int]string // the key under which a weekday stands
}

// DecodeNode implements strictyaml.NodeDecoder.
func (h *hours) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	h.given = map[int]string{}
	d.EachEntry(node, func(key, value *yaml.Node) {
		days := weekdaysOf(key.Value)
		if days == nil {
			d.Add(key, "%q are no weekdays; write mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or daily", key.Value)
			return
		}
		open := decodeSpans(d, value)
		for _, one := range days {
			if other, has := h.given[one]; has {
				d.Add(key, "%s has hours twice, here and under %s", weekdays[one], other)
				return
			}
			h.given[one], h.week[one] = key.Value, open
		}
	})
}

// weekdaysOf reads mon, mon-fri, sat-mon and daily; nil for none of them.
func weekdaysOf(text string) []int {
	if text == "daily" {
		text = "mon-sun"
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, last := slices.Index(weekdays, from), slices.Index(weekdays, to)
	if first < 0 || last < 0 {
		return nil
	}
	days := []int{first}
	for one := first; one != last; {
		one = (one + 1) % 7
		days = append(days, one)
	}
	return days
}

var spanForm = regexp.MustCompile(`^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$`)

// decodeSpans reads a list of hours, in order; an empty one is closed.
func decodeSpans(d *strictyaml.Decoder, node *yaml.Node) []span {
	if node.Kind != yaml.SequenceNode {
		d.Add(node, "a list of hours is expected, such as [09:00-12:30, 13:30-18:00]; [] is closed")
		return nil
	}
	open := []span{}
	for _, item := range node.Content {
		s, err := parseSpan(item.Value)
		if err != nil {
			d.Add(item, "%v", err)
			continue
		}
		open = append(open, s)
	}
	slices.SortFunc(open, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(open); i++ {
		if open[i].from < open[i-1].to {
			d.Add(node, "%s and %s overlap", open[i-1], open[i])
		}
	}
	return open
}

func parseSpan(text string) (span, error) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return span{}, fmt.Errorf("%q are no hours; write for example 09:00-17:00, or 22:00-06:00 over midnight", text)
	}
	number := func(i int) int { n, _ := strconv.Atoi(m[i]); return n }
	s := span{number(1)*60 + number(2), number(3)*60 + number(4)}
	switch {
	case s.from >= minutesOfDay || s.to > minutesOfDay:
		return span{}, fmt.Errorf("%q goes beyond the day; it ends at 24:00, and hours over midnight are written as 22:00-06:00", text)
	case s.from == s.to:
		return span{}, fmt.Errorf("%q has no length; the whole day is 00:00-24:00", text)
	case s.to < s.from:
		s.to += minutesOfDay
	}
	return s, nil
}

const minutesOfDay = 24 * 60

func (s span) String() string {
	clock := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
	to := s.to
	if to > minutesOfDay {
		to -= minutesOfDay
	}
	return clock(s.from) + "-" + clock(to)
}
