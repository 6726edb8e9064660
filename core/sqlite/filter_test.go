package sqlite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func TestFiltersBecomeSQLWithParameters(t *testing.T) {
	m := load(t, planned)
	e := m.Entity("thing")
	view := outlook{tables: map[string]*table{"thing": newTable(e, nil, schema.StandardCollation())}}
	table := view.tables["thing"]
	type values = map[string]any
	key := schema.StandardCollation().Key("a")
	tests := map[string]struct {
		filter values
		want   string
		args   []any
	}{
		"few behind a reference": {values{"owner": values{"name": values{"eq": "a"}}},
			`(json_extract(t.doc, '$."owner"') IN (SELECT +r1.id FROM "entity_thing" AS r1 WHERE r1.deleted_at IS NULL AND ((json_extract(r1.doc, '$."name"') = ?1) AND (json_extract(r1.sort_keys, '$."name"') = ?2))))`, []any{"a", key}},
		"any behind a reference": {values{"owner": values{"and": []any{}}},
			`(json_extract(t.doc, '$."owner"') IN (SELECT +r1.id FROM "entity_thing" AS r1 WHERE r1.deleted_at IS NULL))`, nil},
		"behind a reference in a line": {values{"lines": values{"some": values{"thing": values{"name": values{"eq": "a"}}}}},
			`(t.seq IN (SELECT x.seq FROM "terms_thing" AS x WHERE x.path = ?1 AND (x.value IN (SELECT +r1.id FROM "entity_thing" AS r1 WHERE r1.deleted_at IS NULL AND ((json_extract(r1.doc, '$."name"') = ?2) AND (json_extract(r1.sort_keys, '$."name"') = ?3))))))`, []any{"lines.thing", "a", key}},
		"a column":       {values{"version": values{"gte": int64(2)}}, "(t.version >= ?1)", []any{int64(2)}},
		"a text":         {values{"name": values{"eq": `'"; DROP TABLE x; --`}}, `(json_extract(t.doc, '$."name"') = ?1)`, []any{`'"; DROP TABLE x; --`}},
		"a decimal":      {values{"weight": values{"lt": "-1.50"}}, "((" + decimalExpression(`json_extract(t.doc, '$."weight"')`) + ") < ?1)", []any{"a99968.4~"}},
		"many values":    {values{"name": values{"in": []any{"a", `b"`}}}, `(json_extract(t.doc, '$."name"') IN (SELECT value FROM json_each(?1)))`, []any{`["a","b\""]`}},
		"not equal":      {values{"place": values{"city": values{"ne": "Bonn"}}}, `((json_extract(t.doc, '$."place"."city"') = ?1) IS NOT TRUE)`, []any{"Bonn"}},
		"a beginning":    {values{"name": values{"startsWith": "Zü"}}, `(json_extract(t.doc, '$."name"') >= ?1 AND json_extract(t.doc, '$."name"') < ?2)`, []any{"Zü", "Z\xc3\xbd"}},
		"an end":         {values{"name": values{"endsWith": "üß"}}, `(substr(json_extract(t.doc, '$."name"'), ?1) = ?2)`, []any{-2, "üß"}},
		"missing":        {values{"owner": values{"isNull": true}}, `(json_extract(t.doc, '$."owner"') IS NULL)`, nil},
		"or of nothing":  {values{"or": []any{}}, "FALSE", nil},
		"not":            {values{"not": values{"name": values{"eq": "a"}}}, `(((json_extract(t.doc, '$."name"') = ?1)) IS NOT TRUE)`, []any{"a"}},
		"a list by term": {values{"tags": values{"some": values{"eq": "a"}}}, `(t.seq IN (SELECT x.seq FROM "terms_thing" AS x WHERE x.path = ?1 AND (x.value = ?2)))`, []any{"tags", "a"}},
		"a list item by item": {values{"tags": values{"every": values{"contains": "a"}}},
			`(NOT EXISTS (SELECT 1 FROM json_each(t.doc, '$."tags"') AS i1 WHERE ((instr(i1.value, ?1) > 0)) IS NOT TRUE))`, []any{"a"}},
		"one line that fits": {values{"lines": values{"some": values{"thing": values{"eq": "p"}, "quantity": values{"gt": "1"}}}},
			`((t.seq IN (SELECT x.seq FROM "terms_thing" AS x WHERE x.path = ?1 AND (x.value = ?2))) AND (EXISTS (SELECT 1 FROM json_each(t.doc, '$."lines"') AS i1 WHERE ` +
				"(((" + decimalExpression(`json_extract(i1.value, '$."quantity"')`) + `) > ?3) AND (json_extract(i1.value, '$."thing"') = ?4)))))`, []any{"lines.thing", "p", "c00021", "p"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &statement{table: table, outlook: view}
			got := s.where(where(t, m, e, tt.filter), s.records())
			if s.err != nil || got != tt.want {
				t.Errorf("SQL is\n%s, error %v; want\n%s", got, s.err, tt.want)
			}
			if diff := cmp.Diff(tt.args, s.args); diff != "" {
				t.Errorf("parameters: -want +got:\n%s", diff)
			}
		})
	}
}

// A rule that is not resolved must not select by accident.
func TestWhatAStoreCannotAnswerIsAnError(t *testing.T) {
	m := load(t, planned)
	table := newTable(m.Entity("thing"), nil, schema.StandardCollation())
	name := table.entity.Field("name")
	tests := map[string]struct {
		filter schema.Filter
		want   string
	}{
		"a variable": {
			schema.Filter{Not: &schema.Filter{Path: "name", Op: schema.OpEq, Value: schema.Var("user.id"), Field: name}},
			"translate the query: name eq $user.id: the variable has no value",
		},
		"nothing of the record behind a reference": {
			schema.Filter{Path: "owner", Op: schema.OpTo, Field: table.entity.Field("owner")},
			"translate the query: owner to has no filter of what it refers to",
		},
		"a record of an entity that is not there": {
			schema.Filter{Not: &schema.Filter{Path: "owner", Op: schema.OpTo, Sub: &schema.Filter{}, To: table.entity, Field: table.entity.Field("owner")}},
			"translate the query: the store was not prepared for the entity \"thing\"",
		},
		"an object": {
			schema.Filter{Path: "price", Op: schema.OpEq, Value: map[string]any{"amount": "1"}, Field: table.entity.Field("price")},
			"translate the query: price eq: a value of Go type map[string]interface {} cannot be compared",
		},
		"one value where several are needed": {
			schema.Filter{Path: "name", Op: schema.OpIn, Value: "a", Field: name},
			"translate the query: name in: a list is needed, not string",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &statement{table: table}
			s.where(tt.filter, s.records())
			if message(s.err) != tt.want {
				t.Errorf("error is %q; want %q", message(s.err), tt.want)
			}
		})
	}
}
