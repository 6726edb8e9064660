package graphql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/schema"
)

// served is a server on a database with a record that an older definition allowed.
func served(t *testing.T, opened openStore, older, newer string, values map[string]any) *server {
	t.Helper()
	source := func(text string) []schema.Source {
		return []schema.Source{{Layer: "site", File: "thing.yaml", Data: []byte(text)}}
	}
	before, err := schema.Load(source(older)...)
	if err == nil {
		err = opened.Prepare(t.Context(), before)
	}
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	r := &core.Record{Entity: "thing", ID: "old", Version: 1, CreatedAt: at, UpdatedAt: at, Values: values}
	if err := opened.Commit(t.Context(), before.Entity("thing"), []core.Change{{Action: core.Created, At: at, After: r}})[0]; err != nil {
		t.Fatal(err)
	}
	return newServerOn(t, opened, source(newer), nil)
}

func onBothStores(t *testing.T, test func(t *testing.T, s openStore)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) { test(t, open(t)) })
}

func TestAValueThatDoesNotFitIsNullWithAnErrorAndCanBeMended(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, store openStore) {
		s := served(t, store, `entity: thing
fields:
  code: {type: text}
  size: {type: text, index: true}
  state: {type: state, options: {open: {next: [done]}, done: {}}, default: open, index: true}
  mood: {type: enum, options: [good, bad], immutable: true}
  weight: {type: text, index: true}
  lines: {type: list, of: {type: object, fields: {kind: {type: enum, options: [a, b]}}}}
`, `entity: thing
fields:
  code: {type: text}
  size: {type: integer, index: true}
  state: {type: state, options: {open: {next: [closed]}, closed: {}}, default: open, index: true}
  mood: {type: enum, options: [good], immutable: true}
  weight: {type: decimal, index: true}
  lines: {type: list, of: {type: object, fields: {kind: {type: enum, options: [a]}}}}
`, map[string]any{
			"code": "c", "size": "12", "state": "done", "mood": "bad", "weight": "heavy",
			"lines": []any{map[string]any{"kind": "a"}, map[string]any{"kind": "b"}},
		})
		if got := s.ask(`mutation { updateThing(id: "old", data: {code: "d"}) { outcome } }`, "", ""); !strings.Contains(got, `"updated"`) {
			t.Errorf("an update of another field: %s", got)
		}
		const list = `{ things(first: 5) { nodes { code size state mood weight lines { kind } } } }`
		got := s.ask(list, "", "")
		for _, want := range []string{
			`The field state of the thing old holds done, which is none of its options: it was stored when the field had another definition. Write a value that fits, or give the field its former definition.`,
			`The field weight of the thing old holds heavy, which is no decimal: `, `The field lines[1].kind of the thing old holds b, which is none of its options: `,
			`"code": "INVALID"`, `"code": "d"`, `"weight": null`, `"state": null`, `"kind": "a"`, `"kind": null`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the answer lacks %s:\n%s", want, got)
			}
		}
		if strings.Contains(got, "INTERNAL") {
			t.Errorf("the answer blames us:\n%s", got)
		}
		s.ask(`mutation { createThings(data: [{code: "x", size: 1, weight: "3.5"}, {code: "y", size: 20, weight: "40"}]) { outcome } }`, "", "")
		for _, query := range []string{
			`{ things(filter: {size: {gt: 5}}) { totalCount nodes { id } } }`, `{ things(filter: {state: {eq: open}}) { totalCount nodes { id } } }`,
			`{ things(filter: {weight: {gt: "3"}}) { totalCount nodes { id } } }`, `{ things(orderBy: [{weight: DESC}, {state: ASC}], first: 1) { nodes { id } pageInfo { endCursor } } }`,
		} {
			if got := s.ask(query, "", ""); strings.Contains(got, "errors") {
				t.Errorf("%s answers %s", query, got)
			}
		}
		after, seen := "", 0
		for range 4 {
			got := s.ask(`query ($after: String) { things(orderBy: [{size: DESC}, {weight: DESC}], first: 1, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }`, `{"after": `+quotedOrNull(after)+`}`, "")
			if strings.Contains(got, "errors") {
				t.Fatalf("a page: %s", got)
			}
			seen += strings.Count(got, `"id"`)
			_, rest, _ := strings.Cut(got, `"endCursor": "`)
			after, _, _ = strings.Cut(rest, `"`)
			if strings.Contains(got, `"hasNextPage": false`) {
				break
			}
		}
		if seen != 3 {
			t.Errorf("the pages have %d records, want all 3", seen)
		}
		mended := s.ask(`mutation { updateThing(id: "old", data: {size: 12, state: closed, mood: good, weight: "7", lines: [{kind: a}]}) { thing { size state mood weight lines { kind } } } }`, "", "")
		if strings.Contains(mended, "errors") || !strings.Contains(mended, `"closed"`) || !strings.Contains(mended, `"good"`) {
			t.Errorf("mended: %s", mended)
		}
		if got := s.ask(list, "", ""); strings.Contains(got, "errors") {
			t.Errorf("after that: %s", got)
		}
	})
}

func quotedOrNull(s string) string {
	if s == "" {
		return "null"
	}
	return `"` + s + `"`
}
