package core

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// MostShared is how many Shared values are told of a field: enough to see what is
// wrong, and few enough to read.
const MostShared = 20

// Shared is a value that several live records have in a field that is to be unique.
type Shared struct {
	Value   any
	Records int64
	IDs     []string // of the first of them
}

// NotUnique says that the field at a storage path cannot become unique, and where it
// is defined. The values stand in the cause alone, which the log gets: the message is
// told to whoever asks whether the server is ready.
func NotUnique(e *schema.Entity, path string, shared []Shared) *Error {
	lines := make([]string, len(shared))
	for i, s := range shared {
		lines[i] = fmt.Sprintf("%d records have %q: %s", s.Records, fmt.Sprint(s.Value), strings.Join(s.IDs, ", "))
		if int64(len(s.IDs)) < s.Records {
			lines[i] += " and more"
		}
	}
	if len(shared) == MostShared {
		lines = append(lines, "there may be more values")
	}
	problem := strictyaml.Problem{Message: fmt.Sprintf(
		"field %q of %s cannot be unique: live records have the same value. Change all but one of each, which xrm check --model lists, then start xrm again, or reload the plugin that wants it.", path, e.Name)}
	if f, _ := e.At(path); f != nil {
		problem.File, problem.Line = f.File(), f.Line
	}
	refusal := &Error{Code: Conflict, Message: problem.Error()}
	if len(lines) > 0 {
		refusal.Cause = errors.New(strings.Join(lines, "; "))
	}
	return refusal
}
