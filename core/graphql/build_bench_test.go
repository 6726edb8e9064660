package graphql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/schema"
)

// What a change of the model costs: the API of 200 entities of 40 fields each.
func BenchmarkBuild(b *testing.B) {
	m, err := schema.Load(wide(200)...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := graphql.Build(whole(m)); err != nil {
			b.Fatal(err)
		}
	}
}

// What a command costs that builds nothing and only wants to know whether a
// model has names of its own.
func BenchmarkCheck(b *testing.B) {
	m, err := schema.Load(wide(200)...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := graphql.Check(m); err != nil {
			b.Fatal(err)
		}
	}
}

// wide makes n entities of 40 fields with something of every kind: each refers
// to the two before it, and has two enums, an object and a list of objects.
func wide(n int) []schema.Source {
	sources := make([]schema.Source, n)
	for i := range sources {
		var text strings.Builder
		fmt.Fprintf(&text, "entity: thing%03d\ndescription: {en: What there is under number %d.}\nfields:\n", i, i)
		fmt.Fprintf(&text, "  name: {type: text, required: true, search: true, index: true, description: What people call it.}\n")
		fmt.Fprintf(&text, "  number: {type: autonumber, format: 'T%d-{00000}', unique: true}\n", i)
		for back := range min(i, 2) {
			fmt.Fprintf(&text, "  before%d: {type: reference, to: thing%03d, inverse: after%dOf%03d}\n", back, i-1-back, back, i)
		}
		text.WriteString(`  grade: {type: enum, options: [low, middle, high], index: true}
  stage: {type: state, options: {open: {next: [closed]}, closed: {}}, default: open}
  place: {type: object, fields: {street: {type: text}, city: {type: text}, country: {type: country}}}
  lines: {type: list, of: {type: object, fields: {title: {type: text}, quantity: {type: decimal}}}}
`)
		kinds := []string{"text", "integer", "decimal", "money", "boolean", "date", "datetime", "email", "phone", "url"}
		for f := 6 + min(i, 2); f < 40; f++ {
			fmt.Fprintf(&text, "  field%02d: {type: %s, index: %t, description: {en: The value that stands in column %d.}}\n", f, kinds[f%len(kinds)], f%4 == 0 && kinds[f%len(kinds)] != "money", f)
		}
		name := fmt.Sprintf("thing%03d", i)
		sources[i] = source("site", name+".yaml", text.String())
	}
	return sources
}
