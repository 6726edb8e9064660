package client

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/openxrm/xrm/schema"
)

// Error is one error of a GraphQL answer.
type Error struct {
	Message    string `json:"message"`
	Path       []any  `json:"path"`
	Extensions struct {
		Code       string            `json:"code"`
		Violations schema.Violations `json:"violations"`
	} `json:"extensions"`
}

// Index is the place in the list that a bulk mutation answers with; ok is
// false for an error of the whole request.
func (e Error) Index() (i int, ok bool) {
	if len(e.Path) < 2 {
		return 0, false
	}
	number, ok := e.Path[1].(float64)
	return int(number), ok
}

// Temporary says that the same request may succeed later.
func (e Error) Temporary() bool {
	return e.Extensions.Code == "UNAVAILABLE" || e.Extensions.Code == "RATE_LIMITED"
}

// Errors are those of one answer. The data that came with them are valid.
type Errors []Error

// Error lists the messages, one on each line.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Message
		if len(e.Extensions.Violations) > 0 {
			lines[i] += " " + e.Extensions.Violations.Error()
		}
	}
	return strings.Join(lines, "\n")
}

// Temporary says that one of the errors is.
func (es Errors) Temporary() bool { return slices.ContainsFunc(es, Error.Temporary) }

// Code is that of the first error.
func (es Errors) Code() string {
	if len(es) == 0 {
		return ""
	}
	return es[0].Extensions.Code
}

// Unreachable means that no answer came.
type Unreachable struct {
	Server string
	Tried  time.Duration // for how long; 0 when it was tried once
	Cause  error
	Sent   bool // the request may have arrived
}

// Error says what to do, too.
func (u *Unreachable) Error() string {
	tried := ""
	if u.Tried >= time.Second {
		tried = fmt.Sprintf(" (tried for %s)", u.Tried.Round(time.Second))
	}
	return fmt.Sprintf("cannot reach the server at %s%s: %s; start it with `xrm serve`, or say where it is with --server", u.Server, tried, reason(u.Cause))
}

// Reason is why no answer came, in a few words.
func (u *Unreachable) Reason() string { return reason(u.Cause) }

// Unwrap returns the cause.
func (u *Unreachable) Unwrap() error { return u.Cause }

// reason is the cause without the request that it happened to.
func reason(err error) string {
	var ofURL *url.Error
	if errors.As(err, &ofURL) {
		err = ofURL.Err
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "connection refused"
	}
	return err.Error()
}

// neverSent says that the request cannot have arrived: no connection was made.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
