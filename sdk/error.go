package sdk

import (
	"errors"
	"slices"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// The codes that an Error may have.
const (
	CodeInvalid     = "INVALID"     // the request breaks a rule; the user can mend it
	CodeNotFound    = "NOT_FOUND"   // no such record, or the user may not know it exists
	CodeForbidden   = "FORBIDDEN"   // the user may not do this
	CodeConflict    = "CONFLICT"    // somebody else changed the record first
	CodeUnavailable = "UNAVAILABLE" // something that is needed is down; try again later
	CodeInternal    = "INTERNAL"    // the plugin's or the host's fault; details are in the log

	// RateLimited is what a Host answers when the plugin asks for too much at once.
	// What has failed with it has had no effect, and may be done again in a second.
	CodeRateLimited = "RATE_LIMITED"
)

// Violation is one reason why values do not fit: Field is the path of the
// value, Rule is for programs, and Message completes "<field> ...".
type Violation struct {
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// Error is a refusal that the user gets to see. Host returns it, and a handler
// may return it; any other error of a handler is shown as INTERNAL, and its
// text goes to the log only.
type Error struct {
	Code       string
	Message    string
	Violations []Violation // with CodeInvalid
}

// Error returns the message and the violations.
func (e *Error) Error() string {
	parts := make([]string, 0, len(e.Violations)+1)
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	for _, v := range e.Violations {
		parts = append(parts, v.Field+" "+v.Message)
	}
	return strings.Join(parts, "; ")
}

// Reject refuses values because of one field; the message completes "<field>
// ...": Reject("reason", "is required when a complaint is rejected"). Join
// several with errors.Join to report them all at once.
func Reject(field, message string) error {
	return &Error{Code: CodeInvalid, Violations: []Violation{{Field: field, Rule: "rejected", Message: message}}}
}

// Guarded says whether err, or one within it, is that the guard of an UpdateIf did not
// hold, alone or in a Batch: not enough is left, and asking again will not help. Another
// CONFLICT is that somebody else came first.
func Guarded(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && slices.ContainsFunc(refused.Violations, func(v Violation) bool { return v.Rule == "guard" })
}

// toWire turns what a handler returned into what the user may see, or, where
// that is nothing, into what the host's log should have.
func toWire(what string, err error) *pluginpb.Error {
	found := collect(err)
	if len(found) == 0 {
		return &pluginpb.Error{Code: CodeInternal, Cause: strings.ToValidUTF8(what+": "+err.Error(), "\uFFFD")}
	}
	e := &pluginpb.Error{Code: found[0].Code, Message: found[0].Message}
	for _, f := range found {
		for _, v := range f.Violations {
			e.Violations = append(e.Violations, &pluginpb.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
		}
	}
	return e
}

// collect finds every Error in a tree of joined and wrapped errors, in order.
func collect(err error) []*Error {
	if err == nil {
		return nil
	}
	var found []*Error
	switch e := err.(type) { //nolint:errorlint // it walks the whole tree itself
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		for _, joined := range e.Unwrap() {
			found = append(found, collect(joined)...)
		}
	default:
		return collect(errors.Unwrap(err))
	}
	return found
}

// errorFromWire returns nil for nil.
func errorFromWire(e *pluginpb.Error) error {
	if e == nil {
		return nil
	}
	err := &Error{Code: e.GetCode(), Message: e.GetMessage()}
	for _, v := range e.GetViolations() {
		err.Violations = append(err.Violations, Violation{Field: v.GetField(), Rule: v.GetRule(), Message: v.GetMessage()})
	}
	return err
}
