package core

import (
	"errors"
	"time"

	"github.com/openxrm/xrm/schema"
)

// Code says what a caller can do about an error.
type Code = schema.Code

// The codes, as they stand in extensions.code.
const (
	Invalid              = schema.Invalid    // the request breaks a rule; fix it and send it again
	NotFound             = schema.NotFound   // no such record, or the actor may not know it exists
	Forbidden            = schema.Forbidden  // the actor may not do this at all
	Conflict             = schema.Conflict   // somebody else changed the record first, or holds the unique value; reload it
	Unavailable     Code = "UNAVAILABLE"     // a plugin or the database is down; try again later
	RateLimited     Code = "RATE_LIMITED"    // too much at once; wait
	Unauthenticated Code = "UNAUTHENTICATED" // no key, or one that is not known
	Internal        Code = "INTERNAL"        // our fault; details are in the log
)

// DiskFull is what a user reads when a store has no room for what is to be saved.
const DiskFull = "The disk of the database is full. Nothing was changed; free some space and try again."

// Error is the only kind of error that a user gets to see. Message says what
// is wrong and what to do about it.
type Error struct {
	Code       Code
	Message    string
	Violations schema.Violations // one per offending field
	RetryAfter time.Duration     // for RateLimited and Unavailable: when trying again is worth it; 0 when nobody knows
	Cause      error             // for the log; never shown to the user
}

// Error returns the message, with the violations and the cause for the log.
func (e *Error) Error() string {
	s := e.Message
	if len(e.Violations) > 0 {
		s += " " + e.Violations.Error()
	}
	if e.Cause != nil {
		s += " (" + e.Cause.Error() + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// GraphQLError is what a client gets: the message, the code, the violations and
// after how many seconds to try again.
func (e *Error) GraphQLError() (string, map[string]any) {
	extensions := map[string]any{"code": string(e.Code)}
	if len(e.Violations) > 0 {
		extensions["violations"] = e.Violations
	}
	if e.RetryAfter > 0 {
		extensions["retryAfter"] = int((e.RetryAfter + time.Second - 1) / time.Second)
	}
	return e.Message, extensions
}

// Refused makes a schema.Refusal what users get to see. Any other error, and nil,
// stays as it is.
func Refused(err error) error {
	var r *schema.Refusal
	if !errors.As(err, &r) {
		return err
	}
	return &Error{Code: r.Code, Message: r.Message, Violations: r.Violations}
}

// CodeOf returns the code of an error; Internal for one that is not ours and
// "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var ours *Error
	if errors.As(err, &ours) {
		return ours.Code
	}
	return Internal
}
