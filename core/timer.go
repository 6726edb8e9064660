package core

import "time"

// OwnPrefix is how the names begin under which the core keeps timers, jobs and state
// of its own, in the place of a plugin's. No plugin can have such a name.
const OwnPrefix = "core:"

// Timer wakes a plugin at a time. It is identified by Plugin and Key, and
// lasts until it has fired.
type Timer struct {
	Plugin   string
	Key      string
	DueAt    time.Time // to the millisecond; an attempt that failed moves it
	Payload  []byte    // what the plugin wants to get back
	Attempts int       // that failed, since it was scheduled
	Rev      int64     // which scheduling of the key this is; later ones are greater
}

// Check returns an Invalid error for a key or a payload that no store takes.
func (t Timer) Check() error { return CheckState(t.Key, t.Payload) }
