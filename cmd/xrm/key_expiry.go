package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxExpiry is a hundred years. Who wants more wants a key that lasts.
const maxExpiry = 36_500 * 24 * time.Hour

// parseExpiry reads when a key expires: after a while, at the beginning of a day
// in UTC, or at an instant. It is zero for "", never.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, format := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(format, text); err == nil {
			return at.UTC(), nil
		}
	}
	after, ok := parseWhile(text)
	if !ok || after <= 0 || after > maxExpiry {
		return time.Time{}, fmt.Errorf("--expires %q: write a while of at most 36500d, such as 90d or 12h, a day such as 2027-01-31, or an instant such as 2027-01-31T08:00:00Z", text)
	}
	return now.Add(after), nil
}

// parseWhile reads a duration, also in days and weeks.
func parseWhile(text string) (time.Duration, bool) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, found := strings.CutSuffix(text, unit); found {
			n, err := strconv.ParseUint(number, 10, 16)
			return time.Duration(n) * length, err == nil
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}
