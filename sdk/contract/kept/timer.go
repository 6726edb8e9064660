package kept

import "strings"

// TimerKey is under what a timer is kept, and what Check holds against its bounds:
// names have no slash.
func TimerKey(name, key string) string { return name + "/" + key }

// SplitTimerKey is the inverse of TimerKey.
func SplitTimerKey(kept string) (name, key string) {
	name, key, _ = strings.Cut(kept, "/")
	return name, key
}
