package storetest

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// source draws values and filters. Its pools are small, so that values meet,
// and full of what stores get wrong.
type source struct {
	*rand.Rand
	model   *schema.Model
	reaches *int // how many references the filter in hand may still reach over
}

// seeded starts a source. XRM_TEST_SEED repeats what an earlier run has drawn.
func (d *desk) seeded() source {
	seed, err := strconv.ParseUint(os.Getenv("XRM_TEST_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	d.t.Logf("XRM_TEST_SEED=%d repeats this run", seed)
	return source{rand.New(rand.NewPCG(seed, 0)), d.model, new(int)}
}

func pick[T any](s source, from ...T) T { return from[s.IntN(len(from))] }

func (s source) text() string {
	return pick(s, "a", "A", "ä", "Ä", "ab", "STRASSE", "Straße", "K", "\u212a", "ſ", "abc", "b", "Zürich", "zürich", "a.b", "a%b", "a_b", "a*b", "[x]", "日本", "😀", "one\ntwo",
		`\d`, "$a", "^a", "null", "10", "9", "true", "p1", "p2", "u1", "Ångström", "\u007f", "ÿ", "\uffff")
}

func (s source) part() string {
	return pick(s, "", "a", "b", "ä", "ü", "ZÜ", "ss", "S", "k", "STRA", ".", "%", "_", "*", "\n", `\`, "$", "^", "日", "😀", "two", "ab", "Z", "\uffff")
}

func (s source) integer() int64 {
	return pick[int64](s, 0, 1, 2, 3, -1, 10, 1<<53, 1<<53+1, math.MaxInt64, math.MaxInt64-1, math.MinInt64)
}

func (s source) decimal() string {
	return pick(s, "0", "1", "-1", "10", "9", "-10", "-9", "0.1", "-0.1", "0.11", "0.01", "-0.01", "-0.001", "100", "99.99", "1.5", "-1.5", "-1.25",
		"1234567890123456789012345678901234", "1234567890123456789012345678901233", "-1234567890123456789012345678901234",
		"0.0000000000000000000000000000000001", "-0.0000000000000000000000000000000001", "12345678901234567.12345678901234567", "12345678901234567.12345678901234568")
}

// value draws a canonical value of the field's type; nil for none.
func (s source) value(f *schema.Field) any {
	if s.IntN(4) == 0 {
		return nil
	}
	switch f.Type {
	case "integer":
		return s.integer()
	case "decimal":
		return s.decimal()
	case "money":
		return values{"amount": s.decimal(), "currency": pick(s, "EUR", "USD")}
	case "boolean":
		return s.IntN(2) == 0
	case "date":
		return pick(s, "0001-01-01", "2026-02-28", "2026-03-01", "1999-12-31", "9999-12-31")
	case "datetime":
		return pick(s, "1969-12-31T23:59:59.999Z", "2026-02-28T09:30:00.000Z", "2026-02-28T09:30:00.001Z", "2026-02-28T10:00:00.000Z")
	case "enum":
		return pick(s, "red", "green", "blue")
	case "email":
		return pick(s, "a@example.org", "b@example.org", "ab@example.com")
	case "phone":
		return pick(s, values{"raw": "030-0074321", "e164": "+49300074321"}, values{"raw": "030-0074321 ext. 12", "e164": "+49300074321", "extension": "12"}, values{"raw": "ext. 3"})
	case "country":
		return pick(s, "DE", "AT")
	case "url":
		return pick(s, "https://example.org", "https://example.org/a_b", "http://example.com/%C3%A4")
	case "language":
		return pick(s, "de", "en", "pt-BR")
	case "reference":
		return pick(s, "p1", "p2", "p3")
	case "list":
		items := []any{}
		for range s.IntN(4) {
			if item := s.value(f.Of); item != nil {
				items = append(items, item)
			}
		}
		if len(items) == 0 {
			return nil
		}
		return items
	case "object":
		if object := s.values(f.Fields); len(object) > 0 {
			return object
		}
		return nil
	}
	return s.text()
}

func (s source) values(fields schema.Fields) values {
	v := values{}
	for _, f := range fields {
		if value := s.value(f); value != nil && !f.Unique {
			v[f.Name] = value
		}
	}
	return v
}

// operand draws what a caller may compare the field with.
func (s source) operand(f *schema.Field, op schema.Op) any {
	switch op {
	case schema.OpIsNull:
		return s.IntN(2) == 0
	case schema.OpIn, schema.OpNotIn:
		items := []any{}
		for range s.IntN(4) {
			items = append(items, s.operand(f, schema.OpEq))
		}
		return items
	case schema.OpSome, schema.OpNone, schema.OpEvery:
		return s.field(f.Of)
	case schema.OpMatches:
		return pick(s, "+49300074321", "0049 30 0074321-12", "+49300074321 ext. 3", "030-0074321", "+493000743")
	case schema.OpContains, schema.OpStartsWith, schema.OpEndsWith:
		return s.part()
	}
	for {
		if value := s.value(f); value != nil {
			return value
		}
	}
}

// field draws {eq: ...} or what goes on inside the field.
func (s source) field(f *schema.Field) values {
	if subs := f.Subs(); len(subs) > 0 && s.IntN(6) > 0 {
		return s.filter(subs, 1)
	}
	if f.Type == "reference" && *s.reaches > 0 && s.IntN(4) > 0 {
		*s.reaches--
		return s.filter(fieldsOf(s.model.Entity(f.To)), 1)
	}
	op := pick(s, operatorsOf(f)...)
	drawn := values{string(op): s.operand(f, op)}
	if ignorable := []schema.Op{schema.OpEq, schema.OpContains, schema.OpStartsWith, schema.OpEndsWith}; schema.IgnoresCase(f.Kind()) && slices.Contains(ignorable, op) && s.IntN(2) == 0 {
		drawn["ignoreCase"] = true
	}
	return drawn
}

// fieldsOf are the fields of an entity that have values to draw.
func fieldsOf(e *schema.Entity) schema.Fields {
	return slices.DeleteFunc(slices.Clone(e.Fields), func(f *schema.Field) bool { return f.Name == schema.RolesField })
}

// reaching draws a filter that may reach over references, as often as a caller
// may.
func (s source) reaching(fields schema.Fields, depth int) values {
	*s.reaches = 5
	defer func() { *s.reaches = 0 }()
	return s.filter(fields, depth)
}

// filter draws a filter over fields, nested at most depth times.
func (s source) filter(fields schema.Fields, depth int) values {
	several := func() []any {
		parts := []any{}
		for range s.IntN(4) {
			parts = append(parts, s.filter(fields, depth-1))
		}
		return parts
	}
	if depth > 0 {
		switch s.IntN(5) {
		case 0:
			return values{"and": several()}
		case 1:
			return values{"or": several()}
		case 2:
			return values{"not": s.filter(fields, depth-1)}
		}
	}
	drawn := values{}
	for range 1 + s.IntN(2) {
		f := pick(s, fields...)
		drawn[f.Name] = s.field(f)
	}
	return drawn
}

// things draws records, one in ten of them deleted again, and returns those
// that live.
func (d *desk) things(s source, n int) []*core.Record {
	d.t.Helper()
	var all []values
	for range n {
		all = append(all, s.values(d.thing.Fields))
	}
	var deletions []core.Change
	var live []*core.Record
	for _, r := range d.createAll(d.thing, all...) {
		if s.IntN(10) == 0 {
			deletions = append(deletions, d.next(core.Deleted, r, r.Values))
		} else {
			live = append(live, r)
		}
	}
	d.commit(d.thing, deletions...)
	return live
}

// operatorsOf are those that a value alone decides.
func operatorsOf(f *schema.Field) []schema.Op {
	return slices.DeleteFunc(slices.Clone(f.Kind().Operators()), func(op schema.Op) bool { return op == schema.OpDangling })
}

func filterEvery(d *desk) {
	s := d.seeded()
	all := d.things(s, 60)
	var visit func(f *schema.Field, around func(values) values)
	visit = func(f *schema.Field, around func(values) values) {
		for _, op := range operatorsOf(f) {
			raw := around(values{string(op): s.operand(f, op)})
			d.finds(all, d.where(d.thing, raw), raw)
		}
		for _, sub := range f.Subs() {
			visit(sub, func(inner values) values { return around(values{sub.Name: inner}) })
		}
		if f.Type == "list" {
			for _, op := range []schema.Op{schema.OpSome, schema.OpNone, schema.OpEvery} {
				visit(f.Of, func(inner values) values { return around(values{string(op): inner}) })
			}
		}
	}
	for _, f := range append(slices.Clone(d.thing.Fields), schema.SystemFields...) {
		visit(f, func(inner values) values { return values{f.Name: inner} })
	}
}

func filterRandom(d *desk) {
	s := d.seeded()
	all := d.things(s, 200)
	fields := append(slices.Clone(d.thing.Fields), schema.SystemFields...)
	for range 200 {
		raw := s.filter(fields, 3)
		f := d.where(d.thing, raw)
		d.finds(all, f, raw)
		d.counts(all, f, raw)
	}
}
