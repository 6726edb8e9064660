package core

import (
	"errors"
	"time"
)

// Receipt is what a subscriber says about one event.
type Receipt struct {
	Verdict Verdict
	After   time.Duration // of Retry: how long to wait at least; 0 leaves it to the deliverer
	Reason  string        // of Retry and Dead; for people
}

// Verdict says what is to happen to an event next.
type Verdict int

// The verdicts.
const (
	Retry Verdict = iota // it failed, and may work later
	Acked                // it was handled
	Dead                 // it can never be handled
)

// ErrDied is wrapped by the error of a delivery whose subscriber was up when it
// began, and then went down, fell silent or made no sense, so that the events may
// be the cause.
var ErrDied = errors.New("the subscriber failed while it handled events")
