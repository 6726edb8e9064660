package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// growth is by how much a server may take more at the end than it did when it was
// warm, before that is a fault.
const growth = 1.5

// report says what came of it.
func (h *house) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, %s: %d writes acknowledged, %d requests of strangers, %d kills\n", h.name,
		time.Since(h.began).Round(time.Second), h.ledger.count(), h.strange.value(), h.killed)
	if quarter := len(h.samples) / 4; quarter > 0 {
		warm, last := h.samples[quarter:2*quarter], h.samples[3*quarter:]
		fmt.Fprintf(&b, "  the first server, which ran for %s, from its second quarter to its last (medians):\n", last[len(last)-1].at.Sub(h.samples[0].at).Round(time.Second))
		for _, what := range []struct {
			name  string
			of    func(sample) int64
			slack int64
		}{
			{"MiB resident", func(s sample) int64 { return s.resident >> 20 }, 32},
			{"open files", func(s sample) int64 { return s.files }, 32},
			{"goroutines", func(s sample) int64 { return s.goroutines }, 64},
		} {
			before, after := median(warm, what.of), median(last, what.of)
			fmt.Fprintf(&b, "  %6d -> %d %s\n", before, after, what.name)
			if float64(after) > growth*float64(before) && after > before+what.slack {
				h.faults.add("%s grew from %d to %d", what.name, before, after)
			}
		}
	}
	if h.err != nil {
		fmt.Fprintf(&b, "  ended: %v\n", h.err)
	}
	if h.err == nil && len(h.faults.list) == 0 {
		b.WriteString("  nothing lost, nothing told, nothing that grows\n")
	}
	for _, fault := range h.faults.list {
		fmt.Fprintf(&b, "  FAULT %s\n", fault)
	}
	return b.String()
}

func median(samples []sample, of func(sample) int64) int64 {
	var all []int64
	for _, s := range samples {
		all = append(all, of(s))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
