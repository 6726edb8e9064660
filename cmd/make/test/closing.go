package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// closing is what is left to read at the end: what failed and how it is run
// again, what was skipped and why, and how many there were.
func (b *board) closing(now time.Time) string {
	var text strings.Builder
	for _, s := range b.failures {
		fmt.Fprintf(&text, "\nFAIL %s", s.name)
		if s.unbuilt {
			text.WriteString(": it does not compile\n")
			continue
		}
		if failed := s.failed(); len(failed) > 0 {
			fmt.Fprintf(&text, ": %s", strings.Join(failed, ", "))
		}
		fmt.Fprintf(&text, "\n     again, in the same order: %s\n", b.again(s))
	}
	for _, s := range b.open { // go test ended before they did
		fmt.Fprintf(&text, "\nCUT OFF %s\n%s", s.name, s.complaints())
	}
	if len(b.skipped) > 0 {
		text.WriteString("\nSkipped:\n")
	}
	slices.SortStableFunc(b.skipped, func(x, y skip) int { return cmp.Compare(y.tests, x.tests) })
	for _, s := range b.skipped {
		fmt.Fprintf(&text, "%5d  %s (%s)\n", s.tests, s.reason, strings.Join(s.packages, ", "))
	}
	fmt.Fprintf(&text, "\n%d packages in %s\n", b.closed, now.Sub(b.began).Round(time.Second))
	fmt.Fprintf(&text, "%d passed, %d failed, %d skipped\n", b.counts.passed, b.counts.failed, b.counts.skipped)
	return text.String()
}

// again is the command that runs the package as it was run, but for its pace.
func (b *board) again(s *suite) string {
	command := []string{"go", "test"}
	for _, arg := range b.args {
		switch name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "="); {
		case name == "shuffle" && s.seed != "":
			command = append(command, "-shuffle="+s.seed)
		case strings.HasPrefix(arg, "-"):
			command = append(command, arg)
		}
	}
	return strings.Join(append(command, "./"+s.name), " ")
}

// addSkips gathers the reasons why tests were skipped.
func (b *board) addSkips(s *suite) {
	for _, name := range s.order {
		t := s.tests[name]
		if t.result != "skip" {
			continue
		}
		reason, _, _ := strings.Cut(strings.TrimSpace(place.ReplaceAllString(t.text(), "")), "\n")
		reason = cmp.Or(reason, "for no reason given")
		at := slices.IndexFunc(b.skipped, func(k skip) bool { return k.reason == reason })
		if at < 0 {
			at = len(b.skipped)
			b.skipped = append(b.skipped, skip{reason: reason})
		}
		k := &b.skipped[at]
		k.tests++
		if !slices.Contains(k.packages, s.name) {
			k.packages = append(k.packages, s.name)
		}
	}
}
