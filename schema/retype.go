package schema

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Retyping is a field that has another type in a later model. Values are never
// converted, so those that are stored would be read as what they are not.
type Retyping struct {
	Entity  *Entity // as it was: it stores the values
	Path    string  // where they are stored
	Field   *Field  // as it was
	Problem strictyaml.Problem
}

// Retypings lists the fields of a stored entity that have another type in a
// later model. What has come or gone is not among them.
func (m *Model) Retypings(later *Model) []Retyping {
	var list []Retyping
	for _, e := range m.Stored() {
		now := map[string]*Field{}
		if same := later.Entity(e.Name); same != nil && !same.IsRole() {
			for path, f := range same.Kept() {
				now[path] = f
			}
		}
		for path, was := range e.Kept() {
			is := now[path]
			if is == nil || e.RoleIn(was) != "" { // whose fields come one by one
				continue
			}
			if change := retyped(path, was, is); change != "" {
				list = append(list, Retyping{e, path, was, strictyaml.Problem{File: is.file, Line: is.Line, Message: change}})
			}
		}
	}
	return list
}

// retyped says how the type of a field has changed; "" for not at all, or so
// that every value of the old type is one of the new.
func retyped(at string, was, is *Field) string {
	switch {
	case was.Type != is.Type && is.Type == "text" && slices.Contains(wordTypes, was.Type):
		return ""
	case was.Type != is.Type:
		return fmt.Sprintf("field %q was of type %s and is of type %s now", at, was.Type, is.Type)
	case was.Type == "list":
		return retyped(at, was.Of, is.Of)
	case was.Type != "object":
		return ""
	}
	for _, inner := range was.Fields {
		if other := is.Sub(inner.Name); other != nil {
			if change := retyped(at+"."+inner.Name, inner, other); change != "" {
				return change
			}
		}
	}
	return ""
}

// wordTypes are the types whose values are texts of a certain form.
var wordTypes = []string{"autonumber", "country", "email", "enum", "language", "url"}
