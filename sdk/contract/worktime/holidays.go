package worktime

import (
	"maps"
	"slices"
	"strings"
)

// holiday is a public holiday by law: where, when in the year, and in which years if
// not in all.
type holiday struct {
	where    string // the regions, separated by spaces; a region has those of the one that it lies in
	when     string // as in parseRule
	from, to int    // years; 0 for all
}

// The tables hold from 1995 on. They are written out here, since tables that others
// keep were found to miss days of single states and to have some in years before they
// were holidays.
func holidays() []holiday { return slices.Concat(german, austrian, french) }

// regions lists all places whose holidays are known.
func regions() []string {
	known := map[string]bool{}
	for _, h := range holidays() {
		for _, where := range strings.Fields(h.where) {
			known[where] = true
		}
	}
	for _, state := range states {
		known[state] = true
	}
	return slices.Sorted(maps.Keys(known))
}

// holidaysOf returns the days of a region, and of the ones that it lies in.
func holidaysOf(region string) []rule {
	var rules []rule
	for _, h := range holidays() {
		if !slices.ContainsFunc(strings.Fields(h.where), func(where string) bool {
			return region == where || strings.HasPrefix(region, where+"-")
		}) {
			continue
		}
		r, err := parseRule(h.when)
		if err != nil {
			panic(err) // the tables are ours
		}
		rules = append(rules, r.between(h.from, h.to))
	}
	return rules
}
