package plugintest

import "time"

// Now is the time by the clock of the test, which moves by Advance only. It
// begins at 3:04:05 on the second of January 2026, UTC.
func (h *Host) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// Advance moves the clock, and carries out what becomes due on the way, in
// order: events first, then timers, then jobs by their schedules. It returns when
// all handlers have ended. A timer that fails is fired again later, a job that
// fails fails the test; RunJob returns its error.
func (h *Host) Advance(d time.Duration) {
	h.t.Helper()
	end := h.Now().Add(d)
	for {
		h.Deliver()
		due, carryOut := h.nextDue()
		if carryOut == nil || due.After(end) {
			break
		}
		h.moveTo(due)
		carryOut()
	}
	h.moveTo(end)
}

// moveTo never moves the clock back.
func (h *Host) moveTo(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.After(h.now) {
		h.now = t
	}
}

// nextDue is what comes next, when, and how it is carried out; nil for nothing.
func (h *Host) nextDue() (due time.Time, carryOut func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	consider := func(at time.Time, do func()) {
		if carryOut == nil || at.Before(due) {
			due, carryOut = at, do
		}
	}
	for _, d := range h.queue {
		if d.due.After(h.now) { // the others wait behind one of these
			consider(d.due, func() {}) // it is delivered once the clock is there
		}
	}
	var first *timer
	for _, t := range h.timers {
		if first == nil || t.before(first) {
			first = t
		}
	}
	if first != nil {
		consider(first.due, func() { h.fire(first) })
	}
	for _, j := range h.jobs {
		consider(j.next, func() { h.runPlanned(j) })
	}
	return due, carryOut
}

func (h *Host) runPlanned(j *job) {
	h.t.Helper()
	planned := j.next
	if err := h.run(j, planned); err != nil {
		h.t.Errorf("the job %s of %s: %v", j.name, planned.In(j.schedule.Zone()).Format(time.DateTime), err)
	}
	j.next = j.schedule.Next(planned)
}
