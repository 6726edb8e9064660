package core

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// Serving is the index that would serve a page of the query by itself: the
// fields that the filter fixes to one value, then those of the order. owner is
// the entity, or the role, that it would be declared for. It has no names where
// no field of the record itself decides.
func (q Query) Serving(e *schema.Entity) (owner string, names []string) {
	owner = e.Name
	add := func(path string, descending bool) {
		first, rest, _ := strings.Cut(path, ".")
		if f := e.Stored().Field(first); f != nil && rest != "" && e.RoleIn(f) != "" {
			owner, path = first, rest
		}
		for _, part := range []string{".amount", ".e164", ".raw"} {
			path = strings.TrimSuffix(path, part)
		}
		if slices.Contains(names, path) || slices.Contains(names, "-"+path) {
			return
		}
		if descending {
			path = "-" + path
		}
		names = append(names, path)
	}
	for _, f := range q.Filter.Parts() {
		list, _ := f.Value.([]any)
		switch {
		case f.Path == schema.RolesField && f.Op == schema.OpSome && f.Sub != nil && f.Sub.Op == schema.OpEq:
			if role, _ := f.Sub.Value.(string); role != "" {
				owner = role
			}
		case f.Op == schema.OpEq, f.Op == schema.OpIn && len(list) == 1, f.Op == schema.OpIsNull && f.Value == true:
			add(f.Path, false)
		}
	}
	for _, o := range q.OrderBy {
		add(o.Path, o.Descending)
	}
	return owner, names
}

// TooFar is the refusal of a page for which so much would have to be looked at;
// it names the index with which it would not.
func (q Query) TooFar(e *schema.Entity, much string, cause error) error {
	message := "The list of " + e.Plural + " would have to look at " + much + " to fill its page; narrow the filter or ask for another order"
	if owner, names := q.Serving(e); len(names) > 1 || len(names) == 1 && len(q.OrderBy) > 0 && !q.OrderBy[0].Field.Indexed() {
		message += ", or let an administrator add indexes: [[" + strings.Join(names, ", ") + "]] to " + owner
	}
	return &Error{Code: Invalid, Message: message + ".", Cause: cause}
}
