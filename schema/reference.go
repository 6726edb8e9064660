package schema

import "strings"

// Reference is one way from an entity's records to those of another.
type Reference struct {
	From    *Entity // the entity that stores the reference
	Path    string  // its storage path in From: "customer", "lines.product"
	InList  bool    // one record may refer to several
	Field   *Field
	To      *Entity
	Inverse string // the name of the list on the other side
}

// Rule is what becomes of a record that refers when the other is deleted.
func (r Reference) Rule() string { return r.Field.DeletionRule() }

// In selects the records that refer to any of these.
func (r Reference) In(ids ...string) Filter {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	return r.matching(r.From.Stored().Fields, "", r.Path, Filter{Op: OpIn, Value: values, Field: r.Field})
}

// matching puts a comparison of the reference where it lies: behind each list on the
// way is a filter of its items.
func (r Reference) matching(fields Fields, before, path string, compare Filter) Filter {
	name, rest, more := strings.Cut(path, ".")
	f := findField(fields, name)
	at := strings.TrimPrefix(before+"."+name, ".")
	switch {
	case f == nil:
		return Nothing()
	case f.Type == "list":
		sub := compare
		if more {
			sub = r.matching(f.Of.Fields, "", rest, compare)
		}
		return Filter{Path: at, Op: OpSome, Field: f, Sub: &sub}
	case more:
		return r.matching(f.Fields, at, rest, compare)
	}
	compare.Path = at
	return compare
}

// cascade says whether a reference among the fields, or inside them, cascades.
func (fs Fields) cascade() bool {
	for _, f := range fs {
		if f.Type == "reference" && f.OnDelete == DeleteCascade || f.Fields.cascade() || f.Of != nil && (Fields{f.Of}).cascade() {
			return true
		}
	}
	return false
}

// CheckOther names the references that lead to the same record as the one that they
// must differ from (otherThan), where either has changed. before is nil for a record
// that is new, or comes back.
func (e *Entity) CheckOther(before, after map[string]any) (violations Violations) {
	for path, f := range e.Kept() {
		if f.OtherThan == "" {
			continue
		}
		other := path[:len(path)-len(f.Name)] + f.OtherThan
		id, same := Lookup(after, path), Lookup(after, other)
		if id == nil || id != same || before != nil && id == Lookup(before, path) && same == Lookup(before, other) {
			continue
		}
		violations = append(violations, Violation{Field: path, Rule: "otherThan", Message: "must be another " + f.To + " than " + f.OtherThan})
	}
	return violations
}

// PutDeletedWith says in a record which one it was deleted with: its id, or nil for
// none.
func (e *Entity) PutDeletedWith(values map[string]any, with any) {
	if f := findField(e.Stored().Fields, DeletedWithField); f != nil && f.System {
		Put(values, DeletedWithField, with)
	}
}
