package graphql

import (
	"strings"

	"github.com/openxrm/xrm/schema"
)

// typeName is an entity's name as that of a type: serviceVisit is ServiceVisit.
func typeName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// partName is the type of what lies in a field: the addresses of a Party are
// of type PartyAddress, the field shipTo of an Order is an OrderShipTo.
func partName(parent string, f *schema.Field) string {
	name := typeName(f.Name)
	if f.Type == "list" {
		name = singular(name)
	}
	return parent + name
}

// singular takes the plural's ending off an English word.
func singular(s string) string {
	for _, ending := range []struct{ many, one string }{{"ies", "y"}, {"sses", "ss"}, {"xes", "x"}, {"ches", "ch"}, {"shes", "sh"}, {"s", ""}} {
		if one, found := strings.CutSuffix(s, ending.many); found {
			return one + ending.one
		}
	}
	return s
}

// describe is the English text of a field in the API: what it is, and what
// one must know to fill it.
func describe(f *schema.Field) string {
	text := f.Description.In("en")
	if text == "" {
		text = f.Labels.In("en")
	}
	var facts []string
	if f.Required {
		facts = append(facts, "Required.")
	}
	if f.Unique {
		facts = append(facts, "Unique.")
	}
	if f.Immutable {
		facts = append(facts, "Never changes once it is set.")
	}
	return strings.Join(append([]string{text}, facts...), " ")
}
