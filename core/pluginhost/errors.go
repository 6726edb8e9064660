package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// down is the answer in place of a plugin that does not run.
func (h *Host) down(plugin string, cause error) error {
	message := "The plugin %s is not running at the moment. Try again in a few seconds."
	switch state := h.board.find(plugin).status.State; {
	case state == Missing || state == Outdated:
		return h.elsewhere(plugin, cause)
	case state.stays():
		message = "The plugin %s is not running, and will not before an administrator sees to it."
	case state == CrashLoop:
		message = "The plugin %s fails again and again. Try again in a few minutes, or tell an administrator."
	}
	return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf(message, plugin), Cause: cause}
}

// elsewhere is the answer in place of a plugin of which this instance does not have
// what is in force.
func (h *Host) elsewhere(plugin string, cause error) error {
	found := h.register.find(plugin).Force.Version
	return &core.Error{
		Code: core.Unavailable,
		Message: fmt.Sprintf("%s. An administrator puts %s into its plugin folder and approves it, or ends the plugin with: xrm plugin remove %s",
			h.lacks(plugin), found, plugin),
		Cause: cause,
	}
}

// lacks says which version of a plugin is in force, and what this instance has
// instead.
func (h *Host) lacks(plugin string) string {
	has := "does not have it"
	if here := h.board.find(plugin).status; here.State == Outdated {
		has = "has " + here.Version
	}
	return fmt.Sprintf("The plugin %s %s is in force, and this server %s", plugin, h.register.find(plugin).Force.Version, has)
}

// internal logs what is wrong with a plugin, with more details if there are
// any, and tells the user no more than whose fault it is.
func (h *Host) internal(one *call, cause error, details ...any) error {
	cause = errors.New(cut(h.secrets.redact(cause.Error()), maxLine)) // whoever gets the error may log it too
	h.tell(one, slog.LevelError, "plugin failed a call", append([]any{"error", cause}, details...)...)
	one.failure = &core.Error{
		Code:    core.Internal,
		Message: fmt.Sprintf("The plugin %s made a mistake; the details are in the server's log under call %s.", one.plugin, one.id),
		Cause:   cause,
	}
	return one.failure
}

// tell logs what a call came to, unless the plugin has filled the log already.
func (h *Host) tell(one *call, level slog.Level, message string, more ...any) {
	log := h.config.Log.With("plugin", one.plugin)
	if l := one.link.Load(); l == nil || l.flood.admits(log, time.Now()) {
		log.Log(context.Background(), level, message, append([]any{"call", one.id, "of", one.method}, more...)...)
	}
}

// nonsense is internal for an answer that does not fit the question.
func (h *Host) nonsense(one *call, format string, args ...any) error {
	return h.internal(one, fmt.Errorf("it "+format, args...))
}

// transportError turns a gRPC status into an error for users. It leaves alone
// nil and what is for users already.
func (h *Host) transportError(one *call, err error, timeout time.Duration) error {
	var ours *core.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	err = inWords(err, false)
	switch {
	case errors.Is(err, errBusy):
		return &core.Error{
			Code:    core.RateLimited,
			Message: fmt.Sprintf("The plugin %s is busy with as many calls as it takes at once. Try again in a few seconds.", one.plugin),
		}
	case errors.Is(err, errOpen):
		return &core.Error{
			Code:    core.Unavailable,
			Message: fmt.Sprintf("The plugin %s did not answer the last calls of this kind, so it is left alone for a moment. Try again in a few seconds.", one.plugin),
		}
	case errors.Is(err, errClosed):
		return h.down(one.plugin, err)
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled:
		return h.down(one.plugin, err)
	case codes.DeadlineExceeded:
		timeout = timeout.Round(time.Millisecond)
		h.tell(one, slog.LevelWarn, "plugin did not answer in time", "timeout", timeout)
		one.failure = &core.Error{
			Code:    core.Unavailable,
			Message: fmt.Sprintf("The plugin %s did not answer within %s. Try again in a few seconds.", one.plugin, timeout),
			Cause:   fmt.Errorf("it did not answer within %s", timeout),
		}
		return one.failure
	}
	return h.internal(one, err)
}

// errOverdue is the end of a call whose time was up.
var errOverdue = status.FromContextError(context.DeadlineExceeded).Err()

// overdue says whether a plugin failed for want of time alone: both sides have
// the same deadline, and it may be the first to notice.
func (c *call) overdue(e *pluginpb.Error) bool {
	deadline, ok := c.ctx.Deadline()
	return e.GetCode() == string(core.Internal) && ok && !time.Now().Before(deadline)
}

// How much of a refusal is handed on.
const (
	maxViolations = 100
	maxPath       = 200 // bytes of a field or rule
)

// refusals are the codes that a plugin may answer with: what we told it, it may
// pass on.
var refusals = []core.Code{core.Invalid, core.NotFound, core.Forbidden, core.Conflict, core.Unavailable, core.RateLimited}

// refusal turns what a plugin answered in band into an error for users. what
// completes a message that the plugin has left out: "The complaint was not saved".
func (h *Host) refusal(one *call, e *pluginpb.Error, what string) error {
	switch {
	case e == nil:
		return nil
	case one.overdue(e):
		return errOverdue
	}
	return h.refused(one, e, what)
}

// refused is refusal for an answer that came in time.
func (h *Host) refused(one *call, e *pluginpb.Error, what string) error {
	if e.GetCode() == string(core.Internal) && e.GetCause() != "" {
		var details []any
		if e.GetStack() != "" {
			details = []any{"stack", cut(h.secrets.redact(e.GetStack()), maxLine)}
		}
		return h.internal(one, errors.New(cut(h.secrets.redact(e.GetCause()), maxLine)), details...)
	}
	if fault := one.fault.Load(); fault != nil && e.GetCode() == string(core.Internal) {
		return fault // it hands on what it was told
	}
	if !slices.Contains(refusals, core.Code(e.GetCode())) {
		return h.nonsense(one, "answered an error with the code %q and the message %q", cut(e.GetCode(), maxLine), cut(h.secrets.redact(e.GetMessage()), maxLine))
	}
	err := &core.Error{Code: core.Code(e.GetCode()), Message: cut(h.secrets.redact(contract.Told(e, what)), maxLine)}
	for _, v := range e.GetViolations()[:min(len(e.GetViolations()), maxViolations)] {
		err.Violations = append(err.Violations, schema.Violation{
			Field: cut(h.secrets.redact(v.GetField()), maxPath), Rule: cut(h.secrets.redact(v.GetRule()), maxPath), Message: cut(h.secrets.redact(v.GetMessage()), maxLine),
		})
	}
	return err
}

// toWire is what a plugin gets to know of an error: what a user would.
func toWire(err error) *pluginpb.Error {
	ours := fault(err)
	e := &pluginpb.Error{Code: string(ours.Code), Message: ours.Message}
	for _, v := range ours.Violations {
		e.Violations = append(e.Violations, &pluginpb.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
	}
	return e
}

// fault is what users get to know of a mistake of ours, or of another plugin's.
func fault(err error) *core.Error {
	var ours *core.Error
	if errors.As(err, &ours) {
		return ours
	}
	return &core.Error{Code: core.Internal, Message: "Something went wrong at the host; the details are in its log.", Cause: err}
}
