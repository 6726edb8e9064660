package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// checkedThings are what a test puts values of another kind into.
const checkedThings = "entity: thing\nfields:\n  size: {type: integer}\n  host: {type: reference, to: party}\n"

func TestCheckTellsPeopleAndProgramsWhatIsWrong(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		data := t.TempDir()
		flags = append(flags, "--entities", siteFolder(t, map[string]string{"thing.yaml": checkedThings}))
		serve := func() *process { return spawn(t, data, nil, flags...).ready() }
		p := serve()
		p.must(`mutation { createParty(data: {kind: person, displayName: "Ada"}) { party { id } } }`, nil)
		status, out, complaints := command(t, p.environ(), "check")
		const looked = "Not looked at: rules that hold for what is written (required, max and the like), rules of plugins, fields that no definition has, the history, and what plugins keep for themselves.\n"
		const well = "1 record checked: every reference leads somewhere, every value fits the type of its field, no two living records share a unique value, filters and orders find every text, every duplicate leads to a record, the party of every API key is there, and nothing that was begun is stuck.\n"
		if status != 0 || out != well+looked || complaints != "" {
			t.Errorf("status %d: %s%s", status, out, complaints)
		}
		p.stop()
		breakThings(t, data, flags)
		p = serve()
		defer p.stop()
		status, out, complaints = command(t, p.environ(), "check")
		want := `party
  1 duplicate leads nowhere
    d1: it was merged into nobody, which does not exist: its id and its unique values lead nowhere; restore that one from a backup
thing
  25 references lead to no record
`
		for i := range 20 {
			want += fmt.Sprintf("    r%02d: host is the party nobody, which does not exist; let it refer to another record\n", i)
		}
		want += `    and 5 more; --json prints all
  1 value does not fit its field
    m1: size holds the text many, but must be a whole number; write such a value, or give the field its former definition
party
  1 change is under way
    d1: its merge into nobody is under way, and is looked at again at 2126-03-01T12:00:00.000Z
`
		if diff := cmp.Diff(want, out); status != 2 || diff != "" {
			t.Errorf("status %d (-want +got):\n%s", status, diff)
		}
		const sums = "28 records checked: 25 references lead to no record, 1 value does not fit its field, 1 duplicate leads nowhere. Each is told with what to do about it.\n"
		if complaints != sums+looked {
			t.Errorf("complaints are %s\nwant %s%s", complaints, sums, looked)
		}
		status, out, complaints = command(t, p.environ(), "check", "--json")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		const misfit = `{"kind":"MISFIT","entity":"thing","id":"m1","path":"size","value":"many","message":"size holds the text many, but must be a whole number; write such a value, or give the field its former definition"}`
		const last = `{"checked":28,"found":{"LOST":1,"MISFIT":1,"MISSING":25,"UNDER_WAY":1}}`
		if status != 2 || len(lines) != 29 || lines[1] != misfit || lines[28] != last || complaints != sums+looked {
			t.Errorf("status %d, %d lines: %s%s", status, len(lines), out, complaints)
		}
	})
}

// breakThings puts into the store of a server that is stopped what no server would.
func breakThings(t *testing.T, data string, flags []string) {
	t.Helper()
	c := defaultConfig()
	c.Data = data
	if flags[0] == "--store" {
		c.Store = flags[1]
	}
	s, err := openStore(c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := schema.Load(append(entities.Sources(), schema.Source{Layer: "site", File: "thing.yaml", Data: []byte(strings.Replace(checkedThings, "integer", "text", 1))})...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	put := func(entity, id string, deleted bool, values map[string]any) {
		r := &core.Record{Entity: entity, ID: id, Version: 1, CreatedAt: time.Now(), UpdatedAt: time.Now(), Values: values}
		if deleted {
			r.DeletedAt = time.Now()
		}
		if errs := s.Commit(t.Context(), m.Entity(entity), []core.Change{{Action: core.Created, At: time.Now(), After: r}}); errs[0] != nil {
			t.Fatal(errs[0])
		}
	}
	put("party", "d1", true, map[string]any{"kind": "person", "displayName": "Ada", "mergedInto": "nobody"})
	put("thing", "m1", false, map[string]any{"size": "many"})
	for i := range 25 {
		put("thing", fmt.Sprintf("r%02d", i), false, map[string]any{"host": "nobody"})
	}
	due := time.Date(2126, 3, 1, 12, 0, 0, 0, time.UTC)
	if err := s.Schedule(t.Context(), core.Timer{Plugin: "core:party", Key: "merge d1", DueAt: due, Payload: []byte(`{"From":"d1","Into":"nobody"}`)}); err != nil {
		t.Fatal(err)
	}
}
