package schema

import (
	"fmt"
	"slices"
)

// Gapless says whether an entity has a number whose sequence has no gap.
func (e *Entity) Gapless() bool {
	return slices.ContainsFunc(e.Stored().Fields, func(f *Field) bool { return f.gapless() })
}

func (f *Field) gapless() bool { return f.Type == "autonumber" && f.Gapless && !f.released }

// CheckGapless refuses a number of a gapless sequence that is given or changed by anybody
// but the program: before are the values of the stored record, nil for a new one.
func (e *Entity) CheckGapless(before, after map[string]any) (violations Violations) {
	for _, f := range e.Stored().Fields {
		if f.gapless() && after[f.Name] != before[f.Name] {
			message := "is given by the program, one after the other without a gap; leave it out"
			if before[f.Name] != nil {
				message = "never changes: its sequence has no gap"
			}
			violations = append(violations, Violation{Field: f.Name, Rule: "gapless", Message: message})
		}
	}
	return violations
}

// keepsGapless refuses the deletion of a record that has such a number.
func (e *Entity) keepsGapless(values map[string]any) error {
	for _, f := range e.Stored().Fields {
		if number, has := values[f.Name].(string); has && f.gapless() {
			return &Refusal{Code: Conflict, Message: fmt.Sprintf("The %s was not deleted: its number %s belongs to a sequence without gaps. Cancel it with another record, or with a state.", e.Name, number)}
		}
	}
	return nil
}

// lintGapless refuses a sequence whose records could go away.
func (l *loader) lintGapless(e *Entity) {
	for _, f := range e.Fields {
		switch {
		case f.Type != "autonumber" || !f.Gapless:
		case !f.Unique:
			l.add(f.file, f.Line, "field %q: gapless needs unique: true beside it", f.Name)
		case e.IsRole() || len(l.model.Roles(e)) > 0:
			l.add(f.file, f.Line, "field %q: gapless is for entities without roles: a role can be withdrawn, and a record merged", f.Name)
		case e.Fields.cascade():
			l.add(f.file, f.Line, "field %q: gapless cannot stand beside a reference with onDelete: cascade, since no such record is deleted", f.Name)
		}
	}
}
