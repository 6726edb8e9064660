package journal

import "time"

// outage is a time in which nothing works. Only its begin and its end are
// worth telling, and each try waits longer than the one before.
type outage struct {
	first, last time.Duration // pauses
	since       time.Time
	pause       time.Duration
}

// goes on with a failure; it says how long to wait, and whether this one is
// the first.
func (o *outage) goesOn() (pause time.Duration, began bool) {
	if o.since.IsZero() {
		o.since, o.pause = time.Now(), o.first
		return o.pause, true
	}
	o.pause = min(2*o.pause, o.last)
	return o.pause, false
}

// ends with a success; it says how long it was, if there was one.
func (o *outage) ends() (after time.Duration, was bool) {
	if o.since.IsZero() {
		return 0, false
	}
	after = time.Since(o.since).Round(time.Millisecond)
	o.since = time.Time{}
	return after, true
}
