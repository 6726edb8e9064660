package plugintest

import (
	"errors"
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// refusal returns an *sdk.Error, or nil. What the host would keep for its log,
// the author of a test needs to read. what completes a message that the plugin
// has left out: "The complaint was not saved".
func (h *Host) refusal(e *pluginpb.Error, what string) error {
	if e == nil {
		return nil
	}
	err := &sdk.Error{Code: e.GetCode(), Message: e.GetMessage()}
	if e.GetStack() != "" {
		h.t.Logf("%s\n%s", e.GetCause(), e.GetStack())
	}
	for _, v := range e.GetViolations() {
		err.Violations = append(err.Violations, sdk.Violation{Field: v.GetField(), Rule: v.GetRule(), Message: v.GetMessage()})
	}
	switch {
	case e.GetCause() != "":
		err.Message = "The plugin made a mistake: " + e.GetCause()
	case err.Message != "":
	case err.Code == sdk.Invalid:
		err.Message = what + ": some fields need attention."
	default:
		err.Message = what + "."
	}
	return err
}

// toWire returns nil for nil.
func toWire(err error) *pluginpb.Error {
	if err == nil {
		return nil
	}
	var ours *sdk.Error
	if !errors.As(err, &ours) {
		return &pluginpb.Error{Code: sdk.Internal, Message: err.Error()}
	}
	e := &pluginpb.Error{Code: ours.Code, Message: ours.Message}
	for _, v := range ours.Violations {
		e.Violations = append(e.Violations, &pluginpb.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
	}
	return e
}

func notFound(entity, id string) error {
	return &sdk.Error{Code: sdk.NotFound, Message: fmt.Sprintf("There is no %s with the id %s, or you may not see it.", entity, id)}
}

// invalid refuses the values of a record, in the words of the view.
func invalid(e *schema.Entity, err error) error {
	var violations schema.Violations
	errors.As(err, &violations)
	for i := range violations {
		violations[i].Field = e.FromStorage(violations[i].Field)
	}
	violations.Sort()
	return withViolations(fmt.Sprintf("The %s was not saved: some fields need attention.", e.Name), violations)
}

// withViolations carries the violations over, if there are any.
func withViolations(message string, err error) error {
	e := &sdk.Error{Code: sdk.Invalid, Message: message}
	var violations schema.Violations
	errors.As(err, &violations)
	for _, v := range violations {
		e.Violations = append(e.Violations, sdk.Violation(v))
	}
	return e
}
