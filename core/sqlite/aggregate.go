package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
)

// Aggregate returns the groups of what a query selects, in its order.
func (s *Store) Aggregate(ctx context.Context, e *schema.Entity, q core.Aggregate) ([]core.Group, error) {
	t, err := s.table(e)
	if err != nil {
		return nil, err
	}
	var groups []core.Group
	err = s.listing(ctx, "aggregate "+t.entity.Plural, func(ctx context.Context, c *conn) error {
		text, args, err := t.aggregate(q, s.outlook(ctx, c))
		if err != nil {
			return err
		}
		request := budget.From(ctx)
		return c.query(ctx, text, args, func(rows *sql.Rows) error {
			g, err := scanGroup(rows, q)
			groups = append(groups, g)
			return cmp.Or(err, request.Take(g.Size()))
		})
	})
	return groups, err
}

// aggregate translates an aggregate. The columns are the count, the keys and
// the measures.
func (t *table) aggregate(q core.Aggregate, view outlook) (string, []any, error) {
	s := &statement{table: t, outlook: view, manyFrom: countFrom}
	from := " FROM " + t.name + " AS t"
	if q.Items != "" {
		from += ", " + s.records().items(q.Items) + " AS item"
	}
	columns := []string{"count(*)"}
	var keys, order []string
	for i, k := range q.By {
		columns = append(columns, comparable(measured(q.Items, k.Path), k.Field))
		keys = append(keys, strconv.Itoa(i+2))
		order = append(order, keys[i])
		if k.Descending {
			order[i] += " DESC"
		}
	}
	for _, m := range q.Measures {
		columns = append(columns, s.measure(m, measured(q.Items, m.Path)))
	}
	text := "SELECT " + strings.Join(columns, ", ") + from + whereAll(s.conditions(core.Query{Filter: t.keyed(q.Filter), Search: q.Search, Deleted: q.Deleted}))
	if len(keys) > 0 {
		text += " GROUP BY " + strings.Join(keys, ", ") + " ORDER BY " + strings.Join(order, ", ")
	}
	return text + s.limit(q.Limit), s.args, s.err
}

// measured is the expression for the value at a path of a record, or of an
// item of the list whose items are asked about.
func measured(items, path string) string {
	rest, isItem := strings.CutPrefix(path+".", items+".")
	if items == "" || !isItem {
		return valueAt("t.", path)
	}
	return scope{item: "item"}.value(strings.TrimSuffix(rest, "."))
}

func (s *statement) measure(m core.Measure, expression string) string {
	switch m.Func {
	case core.Count:
		return "count(" + expression + ")"
	case core.Sum:
		return sumFunction + "(" + expression + ")"
	case core.Min, core.Max:
		return string(m.Func) + "(" + comparable(expression, m.Field) + ")"
	}
	return s.fail("%s is no measure of a store", m.Func)
}

func scanGroup(rows *sql.Rows, q core.Aggregate) (core.Group, error) {
	g := core.Group{Keys: make([]any, len(q.By)), Values: make([]any, len(q.Measures))}
	into := []any{&g.Count}
	for i := range g.Keys {
		into = append(into, &g.Keys[i])
	}
	for i := range g.Values {
		into = append(into, &g.Values[i])
	}
	if err := rows.Scan(into...); err != nil {
		return g, err
	}
	for i, k := range q.By {
		g.Keys[i] = unbound(g.Keys[i], k.Field)
	}
	for i, m := range q.Measures {
		if m.Func == core.Min || m.Func == core.Max {
			g.Values[i] = unbound(g.Values[i], m.Field)
		}
	}
	return g, nil
}

// unbound is the canonical value that comparable has made another of.
func unbound(value any, f *schema.Field) any {
	switch v := value.(type) {
	case string:
		if isDecimal(f) {
			return decimalOf(v)
		}
	case int64:
		if f.Type == "boolean" { // JSON's true is 1 in SQL
			return v == 1
		}
	}
	return value
}
