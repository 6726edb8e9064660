package storetest

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func definitionsKept(d *desk) {
	d.definitions(core.Definitions{})
	source := func(text string, gone ...string) core.Definitions {
		return core.Definitions{Gone: d.gone(gone...), Sources: []schema.Source{
			{Layer: "plugin pets", File: "plugin pets/pet.yaml", Data: []byte("entity: pet\n"), Gone: true}, {Layer: "site", File: "entities/thing.yaml", Data: []byte(text)},
		}}
	}
	was := core.Definitions{}
	for _, next := range []core.Definitions{
		source("entity: thing\n"),
		source("entity: thing # größer\nfields: {name: {type: text}}\n", `{"entity":"thing","fields":[{"name":"boxes","type":"list","of":{"type":"object","fields":[{"name":"kind","type":"enum","options":["a","b"]}]}}]}`),
		source("entity: thing\n", `{"entity":"cat","fields":[{"name":"name","type":"text"}]}`),
	} {
		err := d.KeepDefinitions(d.ctx, func(kept core.Definitions) core.Definitions {
			d.same("what is kept", written(d, kept), written(d, was))
			return next
		})
		if err != nil {
			d.t.Fatal(err)
		}
		d.definitions(next)
		was = next
	}
}

// Instances that start at the same time know different things to be gone.
func definitionsRace(d *desk) {
	const many = 8
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			err := d.KeepDefinitions(d.ctx, func(kept core.Definitions) core.Definitions {
				kept.Gone = append(kept.Gone, schema.Gone{Entity: fmt.Sprint("entity", i)})
				return kept
			})
			if err != nil {
				d.t.Errorf("KeepDefinitions: %v", err)
			}
		})
	}
	group.Wait()
	kept, err := d.Definitions(d.ctx)
	if err != nil || len(kept.Gone) != many {
		d.t.Errorf("of %d who kept something there is %s, %v", many, written(d, kept), err)
	}
}

// Definitions that come back are held against what was stored by them, before any
// store is prepared for them.
func remainsFound(d *desk) {
	const cat = "entity: cat\nfields:\n  name: {type: text, index: true}\n  toys: {type: list, of: {type: object, fields: {kind: {type: enum, options: [ball, mouse]}}}}\n"
	d.prepare(cat)
	e := d.model.Entity("cat")
	toy := func(kind string) any { return map[string]any{"kind": kind} }
	d.create(e, values{"name": "Tom"})
	d.create(e, values{"toys": list(toy("ball"), toy("mouse"))})
	gone := d.create(e, values{"name": "Kit", "toys": list(toy("ball"))})
	d.do(e, core.Deleted, gone, gone.Values)
	d.prepare(definitions...)
	store, fields := d.another(), d.gone(`{"entity":"cat","fields":[{"name":"name","type":"text"},{"name":"toys","type":"list","of":{"type":"object","fields":[{"name":"kind","type":"enum","options":["ball","mouse"]}]}}]}`)[0].Fields
	e = &schema.Entity{Name: "cat", Plural: "cats", Fields: fields}
	mouse := schema.Filter{Path: "kind", Op: schema.OpIn, Value: list("mouse"), Field: fields[1].Of.Fields[0]}
	for name, tt := range map[string]struct {
		filter schema.Filter
		want   int
	}{
		"a name":     {schema.Filter{Path: "name", Op: schema.OpIsNull, Value: false, Field: fields[0]}, 2},
		"other ones": {schema.All(schema.Filter{Path: "name", Op: schema.OpIsNull, Value: false, Field: fields[0]}, schema.Filter{Path: "name", Op: schema.OpNotIn, Value: list("Tom"), Field: fields[0]}), 1},
		"a mouse":    {schema.Filter{Path: "toys", Op: schema.OpSome, Sub: &mouse, Field: fields[1]}, 1},
	} {
		q := core.Query{Filter: tt.filter, Deleted: true, First: 10, Only: []string{"name"}}
		counts, err := store.Count(d.ctx, e, q, 10)
		found, err2 := store.Find(d.ctx, e, q)
		if counts[""] != tt.want || len(found) != tt.want || err != nil || err2 != nil {
			d.t.Errorf("%s: Count = %v, %v, Find = %d, %v; want %d", name, counts, err, len(found), err2, tt.want)
		}
	}
}

// gone reads what is gone.
func (d *desk) gone(texts ...string) []schema.Gone {
	d.t.Helper()
	list := make([]schema.Gone, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &list[i]); err != nil {
			d.t.Fatal(err)
		}
	}
	return list
}

func (d *desk) definitions(want core.Definitions) {
	d.t.Helper()
	got, err := d.another().Definitions(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	d.same("definitions", written(d, got), written(d, want))
}

func written(d *desk, kept core.Definitions) string {
	d.t.Helper()
	text, err := json.Marshal(kept)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}
