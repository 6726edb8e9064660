package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Misfit is a field some of whose values a later model takes for what they are
// not. There is a Problem if records match Stored and do not fit all the same.
type Misfit struct {
	Entity  *Entity // as it was: it stores the values
	Gone    bool    // the entity is in no model: it stores what was left
	Stored  Filter
	Path    string // where the values lie, lists on the way looked through
	Problem strictyaml.Problem

	is *Field // as it is now, where only a look at each value tells; nil otherwise
}

// Misfits lists the fields that have another type in a later model, or have
// lost an option there. Values are never converted. What is gone altogether is
// not among them: nobody reads it.
func (m *Model) Misfits(later *Model) []Misfit { return m.Past().Misfits(later) }

// Misfits lists the fields of the past that a later model misreads, those among them
// that were gone for a while.
func (p *Past) Misfits(later *Model) []Misfit {
	var list []Misfit
	for _, e := range p.entities {
		now := fieldsIn(later, e)
		for _, was := range e.Fields {
			is := findField(now, was.Name)
			if is == nil || is.System && is.Type == was.Type && is.Type != "object" { // what the program keeps of roles that are gone it knows
				continue
			}
			c := comparison{entity: e, file: is.file, found: &list}
			if role := later.Entity(is.Name); is.file == "" && role != nil {
				c.file = role.File
			}
			c.compare(was.Name, was.Name, was, is, func(f Filter) Filter { return f })
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
	note := func(f Filter, look *Field, what string) {
		problem := strictyaml.Problem{File: cmp.Or(is.file, c.file), Line: is.Line, Message: fmt.Sprintf("field %q ", name) + what}
		*c.found = append(*c.found, Misfit{Entity: c.entity, Gone: c.entity.traced, Stored: within(f), Path: name, Problem: problem, is: look})
	}
	areLists := was.Type == "list" && is.Type == "list"
	wasItem, isItem := was, is
	if areLists {
		wasItem, isItem = was.Of, is.Of
	}
	there := Filter{Path: path, Op: OpIsNull, Value: false, Field: was}
	lost := lostOptions(was, is)
	switch {
	case !mayKeepMeaning(wasItem, isItem):
		note(there, nil, c.retyped(wasItem, isItem, "values of it", ""))
	case !keepsMeaning(wasItem, isItem) && !slices.Contains(optionTypes, isItem.Type):
		note(there, isItem, c.retyped(wasItem, isItem, "values that it would store otherwise or not at all", "change those first, or "))
	case areLists:
		c.compare(name, "", was.Of, is.Of, func(f Filter) Filter {
			return within(Filter{Path: path, Op: OpSome, Field: was, Sub: &f})
		})
	case !keepsMeaning(was, is):
		others := Filter{Path: path, Op: OpNotIn, Value: anys(is.Options.Values()), Field: was}
		if path != "" { // a list has no items without a value
			others = All(there, others)
		}
		note(others, nil, c.retyped(was, is, "values that are none of its options", "change those first, or "))
	case len(lost) > 0:
		note(Filter{Path: path, Op: OpIn, Value: lost, Field: was}, nil, c.narrowed(was, options(lost)))
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

// retyped says what is wrong with another type. What is gone nobody can change before.
func (c comparison) retyped(was, is *Field, have, first string) string {
	last, instead := "", first+"give the new field another name and leave the old one as it was"
	if was.traced {
		last, instead = " when it was last there", "put it back as it was, or give the new field another name"
	}
	return fmt.Sprintf("was of type %s%s and is of type %s now, but records of %s have %s, and values are not converted; %s", was.Type, last, is.Type, c.entity.Name, have, instead)
}

// narrowed says what is wrong with fewer options.
func (c comparison) narrowed(was *Field, lost string) string {
	if was.traced {
		return fmt.Sprintf("comes back without the option %s, but records of %s still have it; put it back with that option, and with deprecated: true, so that nobody chooses it anew", lost, c.entity.Name)
	}
	return fmt.Sprintf("has lost the option %s, but records of %s have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew", lost, c.entity.Name)
}

// Looks says whether only a look at the values of what Stored matches tells if they
// fit all the same. Otherwise none of them does.
func (m Misfit) Looks() bool { return m.is != nil }

// Fits says whether all that a record has of the field is as it would be stored now.
func (m Misfit) Fits(values map[string]any) bool { return m.fit(values, m.Path) }

func (m Misfit) fit(value any, path string) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !m.fit(item, path) })
	case map[string]any:
		name, rest, _ := strings.Cut(path, ".")
		return path != "" && m.fit(v[name], rest)
	}
	now, err := m.is.Kind().Parse(m.is, value, Scope{})
	return path == "" && err == nil && now == value
}

// keepsMeaning says whether every value of the one type is one of the other, but for
// options that are lost.
func keepsMeaning(was, is *Field) bool {
	return was.Type == is.Type ||
		is.Type == "text" && slices.Contains(wordTypes, was.Type) ||
		slices.Contains(optionTypes, was.Type) && slices.Contains(optionTypes, is.Type)
}

// mayKeepMeaning says whether some values of the one type are of the other, as they
// are stored. A number that the program gives is none that it did not.
func mayKeepMeaning(was, is *Field) bool {
	return keepsMeaning(was, is) || is.Type != "autonumber" && slices.Contains(wordTypes, is.Type) && (was.Type == "text" || slices.Contains(wordTypes, was.Type))
}

// wordTypes are the types whose values are texts of a certain form, stored as such.
var wordTypes = []string{"autonumber", "country", "date", "email", "enum", "language", "state", "url"}

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

func anys(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

func options(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return strings.Join(texts, " or ")
}
