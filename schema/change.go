package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// NoRecord refuses to say anything about a record that is not there, or not for
// this caller: the two answers must not differ.
func (e *Entity) NoRecord(id string) error {
	return &Refusal{Code: NotFound, Message: fmt.Sprintf("There is no %s with the id %s, or you may not see it.", e.Name, id)}
}

// Unfit refuses values for these reasons, in the words of the view.
func (e *Entity) Unfit(reasons Violations) error {
	shown := slices.Clone(reasons)
	for i := range shown {
		shown[i].Field = e.FromStorage(shown[i].Field)
	}
	shown.Sort()
	return &Refusal{Code: Invalid, Message: fmt.Sprintf("The %s was not saved: some fields need attention.", e.Name), Violations: shown}
}

// OutOfDate refuses a change that was meant for another version of a record.
func (e *Entity) OutOfDate() error {
	return &Refusal{
		Code:       Conflict,
		Message:    fmt.Sprintf("The %s was changed by somebody else in the meantime. Reload it and try again.", e.Name),
		Violations: Violations{{Field: "version", Rule: "version", Message: "is out of date"}},
	}
}

// Taken refuses a value of a unique field, at its storage path, that another
// record has.
func (e *Entity) Taken(path string, value any) error {
	field := e.FromStorage(path)
	return &Refusal{
		Code: Conflict, Message: fmt.Sprintf("The %s was not saved: another one has the same %s.", e.Name, field),
		Violations: Violations{{Field: field, Rule: "unique", Message: fmt.Sprintf("is taken: another %s has %v already", e.Stored().Name, value), Unquoted: "is taken"}},
	}
}

// CheckSet names what callers may not set, since the program keeps it itself, or
// makes it of a value as a whole. The keys are storage paths.
func (e *Entity) CheckSet(set map[string]any) (violations Violations) {
	for path := range set {
		if e.keeps(path) {
			violations = append(violations, Violation{Field: path, Rule: "system", Message: "is kept by the program and cannot be set"})
		}
	}
	return violations
}

// keeps says whether the program keeps what lies at a storage path, or something on
// the way to it. In the data of a role it keeps some, and not all.
func (e *Entity) keeps(path string) bool {
	name, inside, _ := strings.Cut(path, ".")
	f := e.Stored().Field(name)
	if f != nil && inside != "" && e.RoleIn(f) != "" {
		name, _, _ = strings.Cut(inside, ".")
		f = f.Sub(name)
	}
	if f != nil && f.System {
		return true
	}
	part, _ := e.At(path)
	return part != nil && part.System
}

// InStates matches the records that are in one of these states.
func (e *Entity) InStates(states []string) Filter {
	f := e.StateField()
	values := make([]any, len(states))
	for i, state := range states {
		values[i] = state
	}
	return Filter{Path: f.StoragePath(), Op: OpIn, Value: values, Field: f}
}

// CheckFrom refuses to change a record that is in none of these states.
func (e *Entity) CheckFrom(states []string, values map[string]any) error {
	if e.InStates(states).Match(values) {
		return nil
	}
	f := e.StateField()
	return &Refusal{
		Code:       Conflict,
		Message:    fmt.Sprintf("The %s was not changed: its %s is %v, not %s. Reload it and try again.", e.Name, f.Name, Lookup(values, f.StoragePath()), strings.Join(states, " or ")),
		Violations: Violations{{Field: f.Name, Rule: "from", Message: "is another by now"}},
	}
}

// CheckGuard refuses to change a record that does not match; values are those of
// the record and, by their names, its system fields.
func (e *Entity) CheckGuard(guard Filter, values map[string]any) error {
	if guard.Match(values) {
		return nil
	}
	return &Refusal{
		Code: Conflict, Message: fmt.Sprintf("The %s was not changed: the condition does not hold.", e.Name),
		Violations: Violations{{Field: "guard", Rule: "guard", Message: "does not hold for the record as it is"}},
	}
}

// Add adds amounts to numbers of a record, exactly; both are by storage path. It
// names what is no number.
func (e *Entity) Add(values map[string]any, amounts map[string]string) (violations Violations) {
	for _, path := range slices.Sorted(maps.Keys(amounts)) {
		field, inList := e.At(path)
		amount, err := decimal.NewFromString(amounts[path])
		if field == nil || inList || err != nil || (field.Type != "integer" && field.Type != "decimal") {
			violations = append(violations, Violation{Field: path, Rule: "add", Message: "must be a number of the record to add " + amounts[path] + " to"})
			continue
		}
		Put(values, path, Number(Lookup(values, path)).Add(amount).String())
	}
	return violations
}

// CheckImmutable names the fields that had a value and would have another. Both
// are canonical; before is nil for a new record.
func (e *Entity) CheckImmutable(before, after map[string]any) (violations Violations) {
	for path, f := range e.Kept() {
		if !f.Immutable {
			continue
		}
		if was := Lookup(before, path); was != nil && f.Reads(was) && !f.same(was, Lookup(after, path)) {
			violations = append(violations, Violation{Field: path, Rule: "immutable", Message: "cannot be changed once it is set"})
		}
	}
	return violations
}

// FindBy returns the unique field by which an upsert finds its record, which
// therefore has no id.
func (e *Entity) FindBy(name, id string) (*Field, error) {
	if f := e.Field(name); f != nil && f.Unique && id == "" {
		return f, nil
	}
	return nil, &Refusal{Code: Invalid, Message: fmt.Sprintf("A %s cannot be found by %q: it must be a unique field, and the record must have no id.", e.Name, name)}
}

// KeyIn returns the canonical value that an upsert, which sets these values, finds
// its record by. Region is as in Check.
func (e *Entity) KeyIn(f *Field, set map[string]any, region string) (any, error) {
	value, err := f.Kind().Parse(f, set[f.StoragePath()], Scope{Region: region})
	why := "must not be empty"
	if err != nil {
		why = err.Error()
	}
	if err != nil || value == "" {
		return nil, e.Unfit(Violations{{Field: f.Name, Rule: "required", Message: "is needed to find the record, and " + why}})
	}
	return value, nil
}
