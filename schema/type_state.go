package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// stateType is an enum whose values are the states of a machine: a record
// begins in one of them and goes only where its state lets it.
type stateType struct{ enumType }

func (stateType) Name() string { return "state" }
func (stateType) Doc() string {
	return "One of the states. A record begins in the default one, and goes from each to those that are its next."
}

func (s stateType) Lint(f *Field) []string {
	if len(f.Options) == 0 {
		return []string{"a state needs options, for example options: {open: {next: [closed]}, closed: {}}"}
	}
	if faults := s.enumType.Lint(f); len(faults) > 0 {
		return faults
	}
	states := f.Options.Values()
	var faults []string
	for _, o := range f.Options {
		if o.Initial && o.Deprecated != "" {
			faults = append(faults, fmt.Sprintf("state %q is deprecated: no record begins in it, so it cannot be initial", o.Value))
		}
		for _, next := range o.Next {
			if !slices.Contains(states, next) {
				faults = append(faults, fmt.Sprintf("state %q goes to %q, which is no state%s", o.Value, next, strictyaml.Suggest(next, states)))
			}
		}
	}
	if f.Default == nil {
		faults = append(faults, "needs the state in which a record begins, for example default: "+states[0])
	} else if initial, ok := f.Default.(string); ok && slices.Contains(states, initial) && len(faults) == 0 {
		reached := f.reachable()
		for _, state := range states {
			if !reached[state] && f.Options.deprecated(state) == "" {
				faults = append(faults, fmt.Sprintf("no record ever comes to the state %q: let another have it in its next, or let it be initial", state))
			}
		}
	}
	return faults
}

// reachable are the states that a record can come to, also from one that is deprecated.
func (f *Field) reachable() map[string]bool {
	reached := map[string]bool{}
	var visit func(states []string)
	visit = func(states []string) {
		for _, state := range states {
			if !reached[state] {
				reached[state] = true
				visit(f.Options.next(state))
			}
		}
	}
	visit(f.initial())
	for _, o := range f.Options {
		if o.Deprecated != "" {
			visit(f.Options.next(o.Value))
		}
	}
	return reached
}

// initial lists the states in which a record may begin.
func (f *Field) initial() []string {
	var states []string
	for _, o := range f.Options {
		if o.Initial || o.Value == f.Default {
			states = append(states, o.Value)
		}
	}
	return states
}

// next lists where a state leads. Nothing goes to one that is deprecated.
func (o Options) next(state string) []string {
	for _, option := range o {
		if option.Value == state {
			return slices.DeleteFunc(slices.Clone(option.Next), func(next string) bool { return o.deprecated(next) != "" })
		}
	}
	return nil
}

// StateField is the field whose states the records of the entity go through;
// nil for none. Of a role it is the role's own, if it has one.
func (e *Entity) StateField() (state *Field) {
	for _, f := range e.Fields {
		if f.Type == "state" && (state == nil || f.Path != "") {
			state = f
		}
	}
	return state
}

// CheckStates refuses a step that no state machine of the record has; before is
// nil for a new record. Both are canonical values.
func (e *Entity) CheckStates(before, after map[string]any) (violations Violations) {
	for path, f := range e.Kept() {
		if f.Type != "state" {
			continue
		}
		was, _ := Lookup(before, path).(string)
		is, _ := Lookup(after, path).(string)
		if message := f.misstep(was, is); message != "" {
			v := Violation{Field: path, Rule: "transition", Message: message}
			switch {
			case is == "": // the message quotes nothing
			case was == "":
				v.Unquoted = "cannot begin in this state"
			default:
				v.Unquoted = "cannot go from the state that it is in to this one"
			}
			violations = append(violations, v)
		}
	}
	return violations
}

// misstep says what is wrong with going from one state to another; "" for
// nothing, and for no state.
func (f *Field) misstep(was, is string) string {
	switch next := f.Options.next(was); {
	case was == is, slices.Contains(next, is), f.Options.deprecated(is) != "": // CheckOptions has a word on that
		return ""
	case was != "" && is != "" && !slices.Contains(f.Options.Values(), was): // which has no way on
		return ""
	case is == "":
		return "cannot be cleared, only changed"
	case was == "":
		if initial := f.initial(); !slices.Contains(initial, is) {
			return "begins as " + strings.Join(initial, " or ") + ", not as " + is
		}
		return ""
	case len(next) == 0:
		return fmt.Sprintf("cannot go from %s to %s: %s is final", was, is, was)
	default:
		return fmt.Sprintf("cannot go from %s to %s, only to %s", was, is, strings.Join(next, " or "))
	}
}
