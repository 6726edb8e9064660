package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Misfit is a field some of whose values a later model takes for what they are
// not. There is a Problem if records match Stored.
type Misfit struct {
	Entity  *Entity // as it was: it stores the values
	Stored  Filter
	Problem strictyaml.Problem
}

// Misfits lists the fields that have another type in a later model, or have
// lost an option there. Values are never converted. What is gone altogether is
// not among them: nobody reads it.
func (m *Model) Misfits(later *Model) []Misfit {
	var list []Misfit
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
			add := func(filter Filter, format string, args ...any) {
				message := fmt.Sprintf("field %q ", path) + fmt.Sprintf(format, args...)
				list = append(list, Misfit{e, filter, strictyaml.Problem{File: is.file, Line: is.Line, Message: message}})
			}
			if change := retyped("", was, is); change != "" {
				add(Filter{Path: path, Op: OpIsNull, Value: false, Field: was},
					"%s, but records of %s have values of it, and values are not converted; give the new field another name and leave the old one as it was", change, e.Name)
			} else if lost := lostOptions(was, is); len(lost) > 0 {
				add(Filter{Path: path, Op: OpIn, Value: lost, Field: was},
					"has lost the option %s, but records of %s have it; change those first, or keep the option", options(lost), e.Name)
			}
		}
	}
	return list
}

// retyped says how the type of a field, or of what is at inner within it, has
// changed; "" for not at all, or so that every value of the old type is one of
// the new.
func retyped(inner string, was, is *Field) string {
	switch {
	case was.Type != is.Type && is.Type == "text" && slices.Contains(wordTypes, was.Type),
		slices.Contains(optionTypes, was.Type) && slices.Contains(optionTypes, is.Type): // if no option is lost
		return ""
	case was.Type != is.Type && inner != "":
		return fmt.Sprintf("was of type %s in %s and is of type %s there now", was.Type, inner, is.Type)
	case was.Type != is.Type:
		return fmt.Sprintf("was of type %s and is of type %s now", was.Type, is.Type)
	case was.Type == "list":
		return retyped(inner, was.Of, is.Of)
	case was.Type != "object":
		return ""
	}
	for _, f := range was.Fields {
		if other := is.Sub(f.Name); other != nil {
			if change := retyped(strings.TrimPrefix(inner+"."+f.Name, "."), f, other); change != "" {
				return change
			}
		}
	}
	return ""
}

// wordTypes are the types whose values are texts of a certain form.
var wordTypes = []string{"autonumber", "country", "email", "enum", "language", "state", "url"}

// optionTypes are the types whose values are options.
var optionTypes = []string{"enum", "state"}

// lostOptions lists the values that a field can no longer have.
func lostOptions(was, is *Field) []any {
	var lost []any
	if len(is.Options) == 0 {
		return nil
	}
	for _, value := range was.Options.Values() {
		if !slices.Contains(is.Options.Values(), value) {
			lost = append(lost, value)
		}
	}
	return lost
}

func options(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return strings.Join(texts, " or ")
}
