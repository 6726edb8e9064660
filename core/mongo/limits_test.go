package mongo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
)

// wide is an entity with so many fields that have an index.
func wide(fields int) string {
	var b strings.Builder
	b.WriteString("entity: wide\nfields:\n")
	for i := range fields {
		fmt.Fprintf(&b, "  f%d: {type: integer, index: true}\n", i)
	}
	return b.String()
}

// room is how many fields of an entity can have an index: all but the id's, that
// of the pending entries and those of createdAt and updatedAt.
const room = maxIndexes - 4

func TestWhatNoDatabaseKeepsIsRefusedWithItsPlace(t *testing.T) {
	long := strings.Repeat("x", 400)
	for name, tt := range map[string]struct{ text, want string }{
		"as many indexes as there can be": {wide(room), ""},
		"one too many": {wide(room + 1),
			"test.yaml:1: wide has 65 indexes, with those of its roles, of what extends it and of the program; at most 64 are kept. Take index, unique or search from 1 of its fields, or take away as many of its indexes; a unique field has two."},
		"as many texts as there can be": {strings.ReplaceAll(wide(room), "integer", "text"), ""},
		"unique texts, which have two each": {strings.NewReplacer("integer", "text", "index", "unique").Replace(wide(31)),
			"test.yaml:1: wide has 69 indexes, with those of its roles, of what extends it and of the program; at most 64 are kept. Take index, unique or search from 5 of its fields, or take away as many of its indexes; a unique field has two."},
		"an index of too many texts": {
			strings.ReplaceAll(strings.ReplaceAll(wide(32), ", index: true", ""), "integer", "text") + "indexes:\n  - [f" + fields(32) + "]\n",
			"test.yaml:1: wide has an index of 32 fields that begins with f0; at most 31 are kept. Take some away."},
		"an index of too many fields": {
			strings.ReplaceAll(wide(32), ", index: true", "") + "indexes:\n  - [f" + fields(32) + "]\n",
			"test.yaml:1: wide has an index of 32 fields that begins with f0; at most 31 are kept. Take some away."},
		"an index of as many as there can be": {strings.ReplaceAll(wide(31), ", index: true", "") + "indexes:\n  - [f" + fields(31) + "]\n", ""},
		"a long name": {"entity: wide" + long + "\nfields: {name: {type: text}}\n",
			"test.yaml:1: the name of widexxxxxxxxxxxxxxxx... has 404 characters; at most 150 are kept. Choose a shorter one."},
		"a long path": {"entity: wide\nfields:\n  a" + long + ": {type: object, fields: {b" + long + ": {type: object, fields: {c" + long + ": {type: text, index: true}}}}}\n",
			"test.yaml:1: wide has an index on axxxxxxxxxxxxxxxxxxx..., a path of 1205 characters; at most 1000 are kept. Choose shorter names, or nest less."},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte(tt.text)})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := Check(m); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Check says\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func fields(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint(i))
	}
	return strings.Join(names, ", f")
}

// What Check lets through the engine must take, and what it refuses must not
// reach it.
func TestTheDatabaseTakesWhatCheckLetsThrough(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	for _, text := range []string{
		wide(room),
		strings.NewReplacer(", index: true", "", "wide", "long").Replace(wide(31)) + "indexes:\n  - [f" + fields(31) + "]\n",
		"entity: " + strings.Repeat("n", maxNameLength) + "\nfields: {name: {type: text}}\n",
		"entity: deep\nfields:\n  a: {type: object, fields: {" + strings.Repeat("b", maxIndexPath-2) + ": {type: text, index: true}}}\n",
	} {
		m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context(), m); err != nil {
			t.Errorf("Prepare of %.60s...: %v", text, err)
		}
	}
	m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte(wide(room + 1))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err == nil || !strings.HasPrefix(err.Error(), "test.yaml:1: wide has 65 indexes") {
		t.Errorf("Prepare of too many indexes: %v", err)
	}
}
