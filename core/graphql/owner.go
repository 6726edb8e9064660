package graphql

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// thing is what names of the API stand for: an entity or role, a field of one,
// what a plugin's operation takes or answers with, or the program itself.
type thing struct {
	prefix string // what the names of its types begin with: PartyAddress
	kind   string // "entity", "role", "field", "argument", "result", "plugin" or "program"
	path   string // "party.addresses"
	rest   string // what a message says after the path: "of the mutation party"

	layer, file string // of the definition; the program has none
	line        int
}

func ofEntity(e *schema.Entity) thing {
	kind := "entity"
	if e.IsRole() {
		kind = "role"
	}
	return thing{prefix: typeName(e.Name), kind: kind, path: e.Name, layer: e.Layer, file: e.File, line: e.Line}
}

// fieldOf is a field of an entity. What a role's view shows of its base is the
// base's, so its parts have one type in all views.
func fieldOf(e *schema.Entity, f *schema.Field) thing {
	if e.IsRole() && f.Path == "" {
		e = e.Base
	}
	return ofEntity(e).field(f)
}

// field is what lies in an entity, an object or a list of objects.
func (t thing) field(f *schema.Field) thing {
	if t.prefix = partName(t.prefix, f); t.kind == "entity" || t.kind == "role" {
		t.kind = "field"
	}
	if t.path != "" {
		t.path += "."
	}
	t.path += f.Name
	if f.File() != "" { // else the program adds it to what has a file
		t.layer, t.file, t.line = f.Layer(), f.File(), f.Line
	}
	return t
}

// program owns the root fields that every API has.
var program = ofProgram("")

// ofProgram is what every API has: a type of this name, and those made of it.
func ofProgram(name string) thing { return thing{prefix: name, kind: "program", path: name} }

func ofPlugin(name string) thing { return thing{kind: "plugin", path: name, layer: "plugin " + name} }

func argumentsOf(op snapshot.Operation, kind string) thing {
	return thing{prefix: typeName(op.Name), kind: "argument", rest: "of the " + kind + " " + op.Name, layer: "plugin " + op.Plugin}
}

func resultOf(op snapshot.Operation, kind string) thing {
	t := argumentsOf(op, kind).field(op.Result)
	t.kind, t.path = "result", ""
	return t
}

// of is the thing without its kind, and who brought it unless it is shipped or
// the site's own.
func (t thing) of() string {
	words := []string{t.path, t.rest}
	if strings.HasPrefix(t.layer, "plugin ") && t.kind != "plugin" {
		words = append(words, "of "+t.layer)
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func (t thing) String() string {
	if t.kind == "plugin" {
		return "plugin " + t.path
	}
	return "the " + t.kind + " " + t.of()
}

// rank orders things by how much depends on their names: the program's, the
// shipped, the site's, and those of plugins, which can be refused one by one.
func (t thing) rank() int {
	switch {
	case t.kind == "program":
		return 0
	case t.layer == "shipped":
		return 1
	case strings.HasPrefix(t.layer, "plugin "):
		return 3
	}
	return 2
}

// within says whether a thing lies in another, or is it.
func (t thing) within(outer thing) bool {
	switch {
	case t.layer != outer.layer || t.rest != outer.rest || t.kind == "plugin":
		return false
	case outer.path == "": // a result
		return t.kind == outer.kind
	}
	return strings.HasPrefix(t.path+".", outer.path+".")
}

// claim says what a name of the API stands for: a thing, or what is made of it.
type claim struct {
	thing
	suffix string // of the name: Payload; "" for the thing itself
}

// what completes "it is ...".
func (c claim) what() string {
	switch {
	case c.kind == "program" && c.suffix == "":
		return "the program's own"
	case c.suffix == "" || c.kind == "argument":
		return "that of " + c.String()
	}
	return "the " + words(c.suffix) + " of " + c.of()
}

// words is a part of a name as it is said: ReferenceFilter is "reference filter".
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// clash is a name that two things would have.
type clash struct {
	loser, owner claim
	name         string // "the type PartyPayload"
}

// claim gives a name to its first owner, and returns false for a second one.
// kind is "type", "query", "mutation" or "subscription".
func (b *builder) claim(kind, name string, c claim) bool {
	name = "the " + kind + " " + name
	owner, taken := b.owners[name]
	if !taken {
		b.owners[name] = c
		return true
	}
	loser := c
	if rank := owner.rank() - c.rank(); rank > 0 || rank == 0 && owner.suffix == "" && c.suffix != "" {
		owner, loser = c, owner // its name is the one to change
	}
	b.owners[name] = owner
	b.clashes = append(b.clashes, clash{loser: loser, owner: owner, name: name})
	return false
}

// problems says each thing once that must get another name: what lies in it
// and what is made of it change theirs with it.
func (b *builder) problems() strictyaml.Problems {
	var problems strictyaml.Problems
	var told []thing
	for _, c := range b.clashes {
		if slices.ContainsFunc(told, c.loser.within) {
			continue
		}
		told = append(told, c.loser.thing)
		problems = append(problems, strictyaml.Problem{
			File: c.loser.file, Line: c.loser.line,
			Message: fmt.Sprintf("%s cannot have %s: it is %s; choose another name", c.loser.thing, c.name, c.owner.what()),
		})
	}
	return problems
}
