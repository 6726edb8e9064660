package execution

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Codes that this package gives to the errors it makes itself. Errors of
// resolvers bring their own.
const (
	codeInvalid     = "INVALID"     // the request is wrong; change it
	codeUnavailable = "UNAVAILABLE" // the time was up; try again
	codeInternal    = "INTERNAL"    // the server's fault; its log says more
)

// Error is one entry of the errors list of an answer, in the form that the
// GraphQL specification gives it.
type Error struct {
	Message    string         `json:"message"`
	Locations  []Location     `json:"locations,omitempty"`
	Path       []any          `json:"path,omitempty"` // strings and ints; empty when no field is to blame
	Extensions map[string]any `json:"extensions,omitempty"`
}

// Location is a place in a document; both numbers start at 1.
type Location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func (e *Error) Error() string { return e.Message }

// GraphQLError lets a resolver return an Error as it is.
func (e *Error) GraphQLError() (string, map[string]any) { return e.Message, e.Extensions }

// Errors are all reasons why a document or its variables were refused.
type Errors []*Error

func (e Errors) Error() string {
	messages := make([]string, len(e))
	for i, err := range e {
		messages[i] = err.Message
	}
	return strings.Join(messages, "\n")
}

// Presentable is an error that a resolver means for the client's eyes. The
// extensions should have a "code". Every other error is hidden and logged.
type Presentable interface {
	error
	GraphQLError() (message string, extensions map[string]any)
}

// presentable is what a client gets to see of an error; nil when it is hidden.
func presentable(err error) *Error {
	var shown Presentable
	if !errors.As(err, &shown) {
		return nil
	}
	message, extensions := shown.GraphQLError()
	return &Error{Message: message, Extensions: extensions}
}

// Failure is what the log should know of an error that was hidden from the client.
type Failure struct {
	Field string // "Type.field"; empty when no field is to blame
	Path  []any
	Err   error
	Stack []byte // of a panic, else empty
}

// panicked is a panic that was turned into an error.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func invalid(at *ast.Position, format string, args ...any) *Error {
	return &Error{
		Message:    fmt.Sprintf(format, args...),
		Locations:  locations(at),
		Extensions: map[string]any{"code": codeInvalid},
	}
}

var _ Presentable = (*Error)(nil)

func locations(at *ast.Position) []Location {
	if at == nil {
		return nil
	}
	return []Location{{Line: at.Line, Column: at.Column}}
}

// internal logs err and gives what the client may know of it.
func (e *Engine) internal(ctx context.Context, f Failure) *Error {
	e.log(ctx, f)
	return &Error{
		Message:    e.hidden(ctx),
		Path:       f.Path,
		Extensions: map[string]any{"code": codeInternal},
	}
}

func (e *Engine) log(ctx context.Context, f Failure) {
	var p *panicked
	if errors.As(f.Err, &p) {
		f.Stack = p.stack
	}
	if e.logFailure != nil {
		e.logFailure(ctx, f)
	}
}

func (e *Engine) hidden(ctx context.Context) string {
	const sentence = "Something went wrong on our side; the details are in the server's log"
	if e.requestID != nil {
		if id := e.requestID(ctx); id != "" {
			return sentence + " under request " + id + "."
		}
	}
	return sentence + "."
}

// stopped says why a request ended before it was answered.
func stopped(cause error) *Error {
	message := "The client ended the request before it was answered."
	if errors.Is(cause, context.DeadlineExceeded) {
		message = "The request took longer than allowed and was stopped; ask for less at once, or try again."
	}
	return &Error{Message: message, Extensions: map[string]any{"code": codeUnavailable}}
}
