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
			if is := now[path]; is != nil && e.RoleIn(was) == "" { // a role's fields come one by one
				c := comparison{entity: e, file: is.file, found: &list}
				c.compare(path, path, was, is, func(f Filter) Filter { return f })
			}
		}
	}
	return list
}

// comparison finds what is misread of one field, and of the fields inside it.
type comparison struct {
	entity *Entity
	file   string
	found  *[]Misfit
}

// compare notes what is misread of a field that people know by a name. Its values lie
// at a path, which within makes a filter of records of.
func (c comparison) compare(name, path string, was, is *Field, within func(Filter) Filter) {
	add := func(f Filter, format string, args ...any) {
		message := fmt.Sprintf("field %q ", name) + fmt.Sprintf(format, args...)
		*c.found = append(*c.found, Misfit{c.entity, within(f), strictyaml.Problem{File: c.file, Line: is.Line, Message: message}})
	}
	areLists := was.Type == "list" && is.Type == "list"
	wasItem, isItem := was, is
	if areLists {
		wasItem, isItem = was.Of, is.Of
	}
	lost := lostOptions(was, is)
	switch {
	case !keepsMeaning(wasItem, isItem):
		add(Filter{Path: path, Op: OpIsNull, Value: false, Field: was},
			"was of type %s and is of type %s now, but records of %s have values of it, and values are not converted; give the new field another name and leave the old one as it was", wasItem.Type, isItem.Type, c.entity.Name)
	case areLists:
		c.compare(name, "", was.Of, is.Of, func(f Filter) Filter {
			return within(Filter{Path: path, Op: OpSome, Field: was, Sub: &f})
		})
	case len(lost) > 0:
		add(Filter{Path: path, Op: OpIn, Value: lost, Field: was},
			"has lost the option %s, but records of %s have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew", options(lost), c.entity.Name)
	}
	if was.Type != "object" || is.Type != "object" {
		return
	}
	for _, f := range was.Fields {
		if other := is.Sub(f.Name); other != nil {
			c.compare(name+"."+f.Name, strings.TrimPrefix(path+"."+f.Name, "."), f, other, within)
		}
	}
}

// keepsMeaning says whether every value of the one type is one of the other, but for
// options that are lost.
func keepsMeaning(was, is *Field) bool {
	return was.Type == is.Type ||
		is.Type == "text" && slices.Contains(wordTypes, was.Type) ||
		slices.Contains(optionTypes, was.Type) && slices.Contains(optionTypes, is.Type)
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
