package main

import (
	"slices"
	"time"
)

// spread is the median of some numbers, the least and the greatest.
type spread struct{ median, least, greatest float64 }

// ratios says how the new times are to those of the base: pair by pair, because
// what slows the machine down slows both turns of a pair.
func ratios(pairs []pair) spread {
	each := make([]float64, len(pairs))
	for i, p := range pairs {
		each[i] = float64(p.new) / float64(p.base)
	}
	return spread{median(each), slices.Min(each), slices.Max(each)}
}

// median is the number in the middle, or half-way between the two that are.
func median[T float64 | time.Duration](numbers []T) T {
	sorted := slices.Sorted(slices.Values(numbers))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// times are the medians of both.
func times(pairs []pair) (base, new time.Duration) {
	var bases, news []time.Duration
	for _, p := range pairs {
		bases, news = append(bases, p.base), append(news, p.new)
	}
	return median(bases), median(news)
}
