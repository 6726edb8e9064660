package plugintest

import (
	"errors"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// refusal returns an *sdk.Error, or nil. What the host would keep for its log,
// the author of a test needs to read. what completes a message that the plugin
// has left out: "The complaint was not saved".
func (h *Host) refusal(e *pluginpb.Error, what string) error {
	if e == nil {
		return nil
	}
	err := &sdk.Error{Code: e.GetCode()}
	if e.GetStack() != "" {
		h.t.Logf("%s\n%s", e.GetCause(), e.GetStack())
	}
	for _, v := range e.GetViolations() {
		err.Violations = append(err.Violations, sdk.Violation{Field: v.GetField(), Rule: v.GetRule(), Message: v.GetMessage()})
	}
	if err.Message = contract.Told(e, what); e.GetCause() != "" {
		err.Message = "The plugin made a mistake: " + e.GetCause()
	}
	return err
}

// shown is an error as the sdk has it: what the host refuses is an *sdk.Error.
func shown(err error) error {
	var r *schema.Refusal
	if !errors.As(err, &r) {
		return err
	}
	e := &sdk.Error{Code: string(r.Code), Message: r.Message}
	for _, v := range r.Violations {
		e.Violations = append(e.Violations, sdk.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
	}
	return e
}

// toWire returns nil for nil.
func toWire(err error) *pluginpb.Error {
	if err == nil {
		return nil
	}
	var ours *sdk.Error
	if !errors.As(shown(err), &ours) {
		return &pluginpb.Error{Code: sdk.CodeInternal, Message: err.Error()}
	}
	e := &pluginpb.Error{Code: ours.Code, Message: ours.Message}
	for _, v := range ours.Violations {
		e.Violations = append(e.Violations, &pluginpb.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
	}
	return e
}
