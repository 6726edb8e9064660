package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// spot is a place of the model where a field comes, changes and goes, while
// records have values there.
type spot struct {
	container string // of the entity plot: "", "box" (an object), "rows" (a list of objects), or the role "press"
	name      string
	kind      string
	options   []string // of an enum, deprecated ones included
	old       []string // the deprecated ones
	standard  string   // its default; "" for none

	there, required, unique bool
}

// path tells the spots apart.
func (s *spot) path() string { return strings.TrimPrefix(s.container+"."+s.name, ".") }

// kinds are the types that a spot can have.
var kinds = []string{"text", "integer", "decimal", "boolean", "date", "enum", "list"}

// words are short enough to come twice and to be options.
var words = []string{"amber", "birch", "coral", "dune", "ember", "fern"}

// value draws one that may be sent.
func (s *spot) value(r *rand.Rand) any {
	switch s.kind {
	case "integer":
		return r.IntN(1000)
	case "decimal":
		return fmt.Sprintf("%d.%d", r.IntN(1000), 1+r.IntN(9))
	case "boolean":
		return r.IntN(2) == 0
	case "date":
		return fmt.Sprintf("20%02d-%02d-%02d", r.IntN(30), 1+r.IntN(12), 1+r.IntN(28))
	case "enum":
		var open []string
		for _, o := range s.options {
			if !slices.Contains(s.old, o) {
				open = append(open, o)
			}
		}
		return pick(r, open)
	case "list":
		return []any{pick(r, words), pick(r, words)}
	}
	if s.unique {
		return pick(r, words) + strconv.Itoa(r.IntN(1<<30))
	}
	return pick(r, words)
}

// yaml writes the definition of the field.
func (s *spot) yaml() string {
	parts := []string{"type: " + s.kind}
	switch s.kind {
	case "enum":
		var options []string
		for _, o := range s.options {
			if slices.Contains(s.old, o) {
				o += ": {deprecated: true}"
			} else {
				o += ": {en: " + o + "}"
			}
			options = append(options, o)
		}
		parts = append(parts, "options: {"+strings.Join(options, ", ")+"}")
	case "list":
		parts = append(parts, "of: {type: text}")
	}
	if s.required {
		parts = append(parts, "required: true")
	}
	if s.unique {
		parts = append(parts, "unique: true")
	}
	if s.standard != "" {
		parts = append(parts, "default: "+s.standard)
	}
	return s.name + ": {" + strings.Join(parts, ", ") + "}"
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// definitions is a model that a site could have.
type definitions struct {
	spots    []*spot
	tools    bool   // whether the entity that refers to a plot is there
	onDelete string // what becomes of its records
}

func newDefinitions(r *rand.Rand) *definitions {
	d := &definitions{tools: true, onDelete: "refuse"}
	for _, container := range []string{"", "", "", "box", "box", "rows", "press", "press"} {
		d.spots = append(d.spots, newSpot(r, container, "f"+strconv.Itoa(len(d.spots))))
	}
	return d
}

func newSpot(r *rand.Rand, container, name string) *spot {
	s := &spot{container: container, name: name, there: true}
	s.retype(r)
	return s
}

// retype makes it another field, and mostly one that reads what is stored,
// as far as there is such a type.
func (s *spot) retype(r *rand.Rand) {
	was, options := s.kind, 3
	s.kind, s.options, s.old, s.standard, s.unique = pick(r, kinds), nil, nil, "", false
	switch fits := r.IntN(4) > 0; {
	case fits && slices.Contains([]string{"enum", "date", "decimal"}, was):
		s.kind = "text"
	case fits && was == "text":
		s.kind, options = "enum", len(words)
	}
	if s.kind == "enum" {
		for _, i := range r.Perm(len(words))[:options] {
			s.options = append(s.options, words[i])
		}
	}
}

func (d *definitions) clone() *definitions {
	c := *d
	c.spots = nil
	for _, s := range d.spots {
		copied := *s
		copied.options, copied.old = slices.Clone(s.options), slices.Clone(s.old)
		c.spots = append(c.spots, &copied)
	}
	return &c
}

// spot finds the one of a path.
func (d *definitions) spot(path string) *spot {
	for _, s := range d.spots {
		if s.path() == path {
			return s
		}
	}
	return nil
}

// in lists the spots of a container that are there.
func (d *definitions) in(container string) (list []*spot) {
	for _, s := range d.spots {
		if s.container == container && s.there {
			list = append(list, s)
		}
	}
	return list
}

// change makes one that an admin could make, and says which. What is not there is
// changed as well: it comes back as something else.
func (d *definitions) change(r *rand.Rand) string {
	s := pick(r, d.spots)
	switch r.IntN(10) {
	case 0:
		d.tools = !d.tools
		return fmt.Sprint("the file of tools is there: ", d.tools)
	case 1:
		d.onDelete = pick(r, []string{"refuse", "clear", "cascade", "keep"})
		return "tools on the deletion of their plot: " + d.onDelete
	case 2, 3:
		s.there = !s.there
		if s.there && r.IntN(4) > 0 {
			was := s.kind
			s.retype(r)
			return fmt.Sprintf("%s is there again as %s and was %s", s.path(), s.kind, was)
		}
		return fmt.Sprintf("%s is there: %t", s.path(), s.there)
	case 4:
		was := s.kind
		s.retype(r)
		return fmt.Sprintf("%s is %s and was %s", s.path(), s.kind, was)
	case 5:
		s.required = !s.required
		s.standard = ""
		if s.required && s.kind == "text" && !s.unique && r.IntN(2) == 0 {
			s.standard = pick(r, words)
		}
		return fmt.Sprintf("%s is required: %t, by default %q", s.path(), s.required, s.standard)
	case 6:
		if s.container == "" && s.kind == "text" {
			s.unique, s.standard = !s.unique, ""
		}
		return fmt.Sprintf("%s is unique: %t", s.path(), s.unique)
	}
	if s.kind != "enum" {
		return "nothing"
	}
	switch option := pick(r, s.options); {
	case r.IntN(3) == 0:
		for _, word := range words {
			if !slices.Contains(s.options, word) {
				s.options = append(s.options, word)
				return fmt.Sprintf("%s has the option %s", s.path(), word)
			}
		}
	case len(s.options)-len(s.old) < 2:
	case r.IntN(2) == 0:
		if !slices.Contains(s.old, option) {
			s.old = append(s.old, option)
		}
		return fmt.Sprintf("%s has the option %s no more for new values", s.path(), option)
	default:
		s.options = slices.DeleteFunc(s.options, func(o string) bool { return o == option })
		s.old = slices.DeleteFunc(s.old, func(o string) bool { return o == option })
		return fmt.Sprintf("%s has lost the option %s", s.path(), option)
	}
	return "nothing"
}

// files are the definitions as an admin writes them, by name.
func (d *definitions) files() map[string]string {
	fields := func(container, indent string) string {
		var b strings.Builder
		for _, s := range d.in(container) {
			b.WriteString(indent + s.yaml() + "\n")
		}
		return b.String()
	}
	files := map[string]string{
		"plot.yaml": "entity: plot\nfields:\n  key: {type: text, required: true, unique: true}\n  note: {type: text}\n" + fields("", "  ") +
			"  box:\n    type: object\n    fields:\n      k: {type: text}\n" + fields("box", "      ") +
			"  rows:\n    type: list\n    of:\n      type: object\n      fields:\n        k: {type: text}\n" + fields("rows", "        "),
		"press.yaml": "role: press\nof: party\nplural: pressContacts\nfields:\n  pressNote: {type: text}\n  pressNumber: {type: text, unique: true}\n" + fields("press", "  "),
	}
	if d.tools {
		files["tool.yaml"] = "entity: tool\nfields:\n  key: {type: text, required: true, unique: true}\n  plot: {type: reference, to: plot, onDelete: " + d.onDelete + "}\n"
	}
	return files
}

// selection asks for all there is of a plot.
func (d *definitions) selection() string {
	names := func(container string) string {
		var list []string
		for _, s := range d.in(container) {
			list = append(list, s.name)
		}
		return strings.Join(list, " ")
	}
	return "id key note " + names("") + " box { k " + names("box") + " } rows { k " + names("rows") + " }"
}

// differs lists the spots that are not the same in another model.
func (d *definitions) differs(other *definitions) map[string]bool {
	list := map[string]bool{}
	for _, s := range d.spots {
		o := other.spot(s.path())
		if s.yaml() != o.yaml() || s.there != o.there {
			list[s.path()] = true
		}
	}
	return list
}
