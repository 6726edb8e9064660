package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

type object = map[string]any

const planned = `
entity: thing
fields:
  code: {type: text, unique: true}
  name: {type: text, index: true, search: true}
  weight: {type: decimal, index: true}
  price: {type: money, index: true}
  color: {type: text, index: true}
  phone: {type: phone, index: true}
  owner: {type: reference, to: thing, inverse: owned}
  place: {type: object, fields: {city: {type: text, index: true}}}
  tags: {type: list, of: {type: text}, index: true}
  lines: {type: list, of: {type: object, fields: {thing: {type: reference, to: thing}, quantity: {type: decimal}}}}
indexes:
  - [color, -weight]
`

func load(t testing.TB, definitions ...string) *schema.Model {
	t.Helper()
	var sources []schema.Source
	for _, d := range definitions {
		sources = append(sources, schema.Source{File: "test.yaml", Data: []byte(d)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func where(t testing.TB, m *schema.Model, e *schema.Entity, raw map[string]any) schema.Filter {
	t.Helper()
	f, err := m.ParseFilter(e, raw, true)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func orders(e *schema.Entity, keys ...string) []core.Order {
	var list []core.Order
	for _, k := range keys {
		path := strings.TrimPrefix(k, "-")
		f, _ := e.At(path)
		list = append(list, core.Order{Path: path, Field: f, Descending: path != k, Collated: e.Collates(path)})
	}
	return list
}

func memory(t testing.TB, m *schema.Model) *Store {
	t.Helper()
	s, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return s
}

// plan returns how SQLite carries a query out, one step a line.
func (s *Store) plan(t testing.TB, text string, args []any) string {
	t.Helper()
	var steps []string
	err := s.reading(t.Context(), "explain", func(c *conn) error {
		return c.query(t.Context(), "EXPLAIN QUERY PLAN "+text, args, func(rows *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := rows.Scan(&id, &parent, &unused, &step)
			steps = append(steps, step)
			return err
		})
	})
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return strings.Join(steps, "\n")
}

// lastFind is the statement with which a query was answered in the end.
func (s *Store) lastFind(t testing.TB, e *schema.Entity, q core.Query) (text string) {
	t.Helper()
	if _, err := s.Find(t.Context(), e, q); err != nil {
		t.Fatal(err)
	}
	err := s.reading(t.Context(), "look", func(c *conn) error {
		for _, key := range c.statements.Keys() { // the latest last
			if strings.Contains(key, "t.updated_by") {
				text = key
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestIndexedQueriesUseTheirIndexes(t *testing.T) {
	m := load(t, planned)
	e := m.Entity("thing")
	s := memory(t, m)
	type values = map[string]any
	list := func(v ...any) []any { return v }
	tests := map[string]struct {
		filter values
		query  core.Query
		want   []string // steps that must be there
		sorts  bool     // may it sort?
	}{
		"by id":                        {filter: values{"id": values{"eq": "x"}}, want: []string{"(id=?)"}},
		"by ids, also deleted":         {filter: values{"id": values{"in": list("x", "y")}}, query: core.Query{Deleted: true}, want: []string{"(id=?)"}},
		"by a unique value":            {filter: values{"code": values{"eq": "x"}}, want: []string{"entity_thing unique code (<expr>=?)"}, sorts: true},
		"by many unique values":        {filter: values{"code": values{"in": list("x", "y")}}, want: []string{"entity_thing unique code (<expr>=?)"}, sorts: true},
		"by a text":                    {filter: values{"name": values{"eq": "x"}}, want: []string{"entity_thing sort:name (<expr>=?)"}},
		"by a beginning":               {filter: values{"name": values{"startsWith": "x"}}, want: []string{"entity_thing sort:name (<expr>>? AND <expr><?)"}, sorts: true},
		"by a decimal":                 {filter: values{"weight": values{"gt": "1.5"}}, want: []string{"entity_thing weight:decimal (<expr>>?)"}, sorts: true},
		"by an amount":                 {filter: values{"price": values{"amount": values{"lt": "1.5"}}}, want: []string{"entity_thing price.amount:decimal (<expr><?)"}, sorts: true},
		"by a phone number":            {filter: values{"phone": values{"matches": "+49 30 1234567-12"}}, want: []string{"entity_thing phone.e164 (<expr>=?)"}, sorts: true},
		"by what was typed as one":     {filter: values{"phone": values{"matches": "200"}}, want: []string{"entity_thing phone.raw (<expr>=?)"}, sorts: true},
		"by a reference":               {filter: values{"owner": values{"eq": "x"}}, want: []string{"entity_thing owner (<expr>=?)"}},
		"by a path":                    {filter: values{"place": values{"city": values{"eq": "x"}}}, want: []string{"entity_thing place.city (<expr>=?)"}},
		"by a missing value":           {filter: values{"owner": values{"isNull": true}}, want: []string{"entity_thing owner (<expr>=?)"}},
		"by an item of a list":         {filter: values{"tags": values{"some": values{"eq": "x"}}}, want: []string{"PRIMARY KEY (path=? AND value=?)"}, sorts: true},
		"by an item of an object list": {filter: values{"lines": values{"some": values{"thing": values{"eq": "x"}, "quantity": values{"gt": "1"}}}}, want: []string{"PRIMARY KEY (path=? AND value=?)"}, sorts: true},
		"by words":                     {query: core.Query{Search: [][]string{{"ann"}, {"mei"}}}, want: []string{"PRIMARY KEY (path=? AND value>? AND value<?)"}, sorts: true},
		"by alternatives of a word":    {query: core.Query{Search: [][]string{{"ann", "member:ann"}}}, want: []string{"UNION ALL\nSEARCH x USING PRIMARY KEY (path=? AND value>? AND value<?)"}, sorts: true},

		"in an order":                 {query: core.Query{OrderBy: orders(e, "name")}, want: []string{"USING INDEX entity_thing sort:name"}},
		"in an order backwards":       {query: core.Query{OrderBy: orders(e, "-name")}, want: []string{"USING INDEX entity_thing sort:name"}},
		"in the order of a decimal":   {query: core.Query{OrderBy: orders(e, "-weight")}, want: []string{"USING INDEX entity_thing weight:decimal"}},
		"latest first":                {query: core.Query{OrderBy: orders(e, "-createdAt")}, want: []string{"USING INDEX entity_thing createdAt"}},
		"by two keys":                 {query: core.Query{OrderBy: orders(e, "color", "-weight")}, want: []string{"USING INDEX entity_thing sort:color -weight:decimal"}},
		"by two keys backwards":       {query: core.Query{OrderBy: orders(e, "-color", "weight")}, want: []string{"USING INDEX entity_thing sort:color -weight:decimal"}},
		"filtered in an order":        {filter: values{"color": values{"eq": "red"}}, query: core.Query{OrderBy: orders(e, "-weight")}, want: []string{"entity_thing sort:color -weight:decimal (<expr>=?)"}},
		"after a position":            {query: core.Query{OrderBy: orders(e, "name"), After: list("m", "id")}, want: []string{"entity_thing sort:name (<expr>=? AND id>?)", "entity_thing sort:name (<expr>>?)"}},
		"after a position, backwards": {query: core.Query{OrderBy: orders(e, "-name"), After: list("m", "id")}, want: []string{"entity_thing sort:name (<expr>=? AND id<?)", "entity_thing sort:name (<expr><?)", "entity_thing sort:name (<expr>=?)"}},
		"after a missing value":       {query: core.Query{OrderBy: orders(e, "name"), After: list(nil, "id")}, want: []string{"entity_thing sort:name (<expr>=? AND id>?)", "entity_thing sort:name (<expr>>?)"}},
		"after an instant":            {query: core.Query{OrderBy: orders(e, "-createdAt"), After: list("2026", "id")}, want: []string{"entity_thing createdAt (created_at=? AND id<?)", "entity_thing createdAt (created_at<?)"}},
		"after a position of two":     {query: core.Query{OrderBy: orders(e, "color", "-weight"), After: list("m", "1", "id")}, want: []string{"sort:color -weight:decimal (<expr>=? AND <expr>=? AND id<?)", "sort:color -weight:decimal (<expr>=? AND <expr><?)", "sort:color -weight:decimal (<expr>>?)"}},
		"per reference":               {query: core.Query{Per: &core.Per{Path: "owner", Keys: []string{"x", "y"}}}, want: []string{"entity_thing owner (<expr>=?)"}, sorts: true},
		"per reference in a list":     {query: core.Query{Per: &core.Per{Path: "lines.thing", InList: true, Keys: []string{"x", "y"}}}, want: []string{"PRIMARY KEY (path=? AND value=?)"}, sorts: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.query.First = 20
			if tt.filter != nil {
				tt.query.Filter = where(t, m, e, tt.filter)
			}
			text := s.lastFind(t, e, tt.query)
			plan := s.plan(t, text, make([]any, strings.Count(text, "?")))
			for _, want := range tt.want {
				if !strings.Contains(plan, want) {
					t.Errorf("the plan has no step %q:\n%s\n%s", want, plan, text)
				}
			}
			// What a limited selection of the table has found is read as a table of the same name.
			if strings.Count(plan+"\n", "SCAN t\n") > strings.Count(plan, "CO-ROUTINE t\n") {
				t.Errorf("the plan reads the whole table:\n%s\n%s", plan, text)
			}
			if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") && !tt.sorts {
				t.Errorf("the plan sorts:\n%s\n%s", plan, text)
			}
		})
	}
}

func always(_ string, _ []any, most int) int { return most }

func TestACommonTermIsAskedRecordByRecord(t *testing.T) {
	m := load(t, planned)
	e := m.Entity("thing")
	s := memory(t, m)
	table, err := s.table(e)
	if err != nil {
		t.Fatal(err)
	}
	q := core.Query{Filter: where(t, m, e, map[string]any{"tags": map[string]any{"some": map[string]any{"eq": "a"}}}), OrderBy: orders(e, "name"), First: 20}
	check := func(when, want string) {
		t.Helper()
		if text := s.lastFind(t, e, q); !strings.Contains(text, want) {
			t.Errorf("%s: want %s in\n%s", when, want, text)
		}
	}
	commitAll(t, s, e, things(0, commonFrom-1))
	check("a term of some", "t.seq IN (SELECT x.seq")
	commitAll(t, s, e, things(commonFrom, 1))
	check("a term of many", "EXISTS (SELECT x.seq")

	text, args, err := table.find(q, outlook{count: always})
	if err != nil {
		t.Fatal(err)
	}
	plan := s.plan(t, text, args)
	for _, want := range []string{"SCAN t USING INDEX entity_thing sort:name", "USING PRIMARY KEY (path=? AND value=? AND seq=?)"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan has no step %q:\n%s", want, plan)
		}
	}
}

func TestCommonTermsChangeThePlanAndNotTheAnswer(t *testing.T) {
	m := load(t, planned)
	e := m.Entity("thing")
	s := memory(t, m)
	changes := things(0, 40)
	for i, c := range changes {
		c.After.Values["tags"] = []any{[]string{"a", "b", "c"}[i%3], "d"}
		c.After.Values["lines"] = []any{map[string]any{"thing": fmt.Sprint(i % 4), "quantity": fmt.Sprint(i % 5)}, map[string]any{"thing": fmt.Sprint(i % 7), "quantity": "1"}}
	}
	commitAll(t, s, e, changes)
	table, err := s.table(e)
	if err != nil {
		t.Fatal(err)
	}
	type values = map[string]any
	a, line := values{"eq": "a"}, values{"thing": values{"eq": "2"}, "quantity": values{"gt": "1"}}
	for _, raw := range []values{
		{"tags": values{"some": a}}, {"tags": values{"none": a}}, {"tags": values{"every": values{"ne": "a"}}}, {"not": values{"tags": values{"some": a}}},
		{"lines": values{"some": line}}, {"lines": values{"none": line}}, {"not": values{"lines": values{"some": line}}},
		{"or": []any{values{"tags": values{"some": a}}, values{"lines": values{"some": values{"thing": values{"eq": "3"}}}}}},
	} {
		for name, count := range map[string]func(string, []any, int) int{"rare": nil, "common": always} {
			q := core.Query{Filter: where(t, m, e, raw), First: -1}
			text, args, err := table.find(q, outlook{count: count})
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			err = s.reading(t.Context(), "find", func(c *conn) error {
				return c.query(t.Context(), text, args, func(rows *sql.Rows) error {
					r, _, err := table.scan(rows, nil)
					got = append(got, r.ID)
					return err
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				if q.Filter.Match(c.After.Values) {
					want = append(want, c.After.ID)
				}
			}
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%v with %s terms found %v; want %v", raw, name, got, want)
			}
		}
	}
}

// TestAnIndexHasWhatIsThere looks for the few that have a value of several
// parts, of which no index has the value as a whole.
func TestAnIndexHasWhatIsThere(t *testing.T) {
	b := grown(t, "", 300)
	b.farthest = 50
	for _, key := range []string{"displayName", "phone"} {
		order, err := b.party.SortKey(key, false)
		if err != nil {
			t.Fatal(err)
		}
		q := core.Query{Filter: where(t, b.model, b.party, object{"phone": object{"isNull": false}}), OrderBy: []core.Order{order}, First: 10}
		if _, err := b.Find(t.Context(), b.party, q); err != nil {
			t.Errorf("parties with a phone by %s: %v", key, err)
		}
	}
}
