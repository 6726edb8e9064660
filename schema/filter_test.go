package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

// shop is a small model with a field for every way that a filter can go.
const shop = `
entity: shop
fields:
  name: {type: text, index: true}
  secret: {type: text}
  email: {type: email, index: true}
  open: {type: boolean, index: true}
  size: {type: integer, min: 0, index: true}
  rate: {type: decimal, index: true, scale: 2}
  price: {type: money, index: true}
  founded: {type: date, index: true}
  seen: {type: datetime, index: true}
  kind: {type: enum, options: [big, small], index: true}
  phone: {type: phone, index: true}
  country: {type: country, index: true}
  owner: {type: reference, to: person}
  tags: {type: list, of: {type: text}, index: true}
  friends: {type: list, of: {type: reference, to: person, inverse: friendOf}}
  home: {type: object, fields: {city: {type: text, index: true}, street: {type: text}}}
  lines: {type: list, of: {type: object, fields: {item: {type: reference, to: person, inverse: itemOf}, count: {type: integer, index: true}, note: {type: text}}}}
indexes: [[secret, name]]
`

const person = `
entity: person
plural: people
filterable: all
fields:
  name: {type: text}
  city: {type: text}
`

const member = `
role: member
of: person
fields:
  grade: {type: enum, options: [a, b], index: true}
  points: {type: integer}
indexes: [[points]]
`

func load(t *testing.T, files ...string) *schema.Model {
	t.Helper()
	var sources []schema.Source
	for _, file := range files {
		sources = append(sources, schema.Source{File: "test.yaml", Data: []byte(file)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatalf("Load = %v", err)
	}
	return m
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestParseFilterReportsEveryViolation(t *testing.T) {
	t.Parallel()
	m := load(t, shop, person, member)
	tests := map[string]struct {
		entity string // shop when empty
		filter string
		rule   bool // parsed as a rule
		want   string
	}{
		"unknown field":          {filter: `{"naem": {"eq": "a"}}`, want: `filter.naem is no field; did you mean "name"?`},
		"system field":           {filter: `{"creatdAt": {"eq": "a"}}`, want: `filter.creatdAt is no field; did you mean "createdAt"?`},
		"unknown operator":       {filter: `{"open": {"gt": true}}`, want: `filter.open.gt is no operator of boolean; there are eq, ne, isNull`},
		"no operator":            {filter: `{"name": "a"}`, want: `filter.name must be an object such as {eq: ...}, not a`},
		"null":                   {filter: `{"name": null}`, want: `filter.name must be an object, not null; to select missing values write {isNull: true}`},
		"null operand":           {filter: `{"name": {"eq": null}}`, want: `filter.name.eq must not be null; to select missing values write {isNull: true}`},
		"and null":               {filter: `{"and": null}`, want: `filter.and must be a list of filters, not null`},
		"not null":               {filter: `{"not": null}`, want: `filter.not must be an object, not null; to select missing values write {isNull: true}`},
		"or of a text":           {filter: `{"or": ["a"]}`, want: `filter.or[0] must be an object such as {eq: ...}, not a`},
		"operand of wrong type":  {filter: `{"size": {"gt": "many"}}`, want: `filter.size.gt must be a whole number, not many`},
		"one item of a list":     {filter: `{"size": {"in": [1, "many", null]}}`, want: `filter.size.in[1] must be a whole number, not many; filter.size.in[2] must not be null; to select missing values write {isNull: true}`},
		"list as operand":        {filter: `{"size": {"in": 1}}`, want: `filter.size.in must be a list, not 1`},
		"isNull":                 {filter: `{"size": {"isNull": "yes"}}`, want: `filter.size.isNull must be true or false, not yes`},
		"enum":                   {filter: `{"kind": {"eq": "huge"}}`, want: `filter.kind.eq must be one of big, small, not huge`},
		"enum has no order":      {filter: `{"kind": {"lt": "big"}}`, want: `filter.kind.lt is no operator of enum; there are eq, ne, in, notIn, isNull`},
		"money as a whole":       {filter: `{"price": {"gt": 1}}`, want: `filter.price.gt is no field; there are amount, currency`},
		"no index inside":        {filter: `{"home": {"street": {"eq": "a"}}}`, want: `filter.home.street cannot be filtered by: it has no index (add index: true to the field, or filterable: all to the entity)`},
		"no index in list":       {filter: `{"lines": {"some": {"note": {"eq": "a"}}}}`, want: `filter.lines.some.note cannot be filtered by: it has no index (add index: true to the field, or filterable: all to the entity)`},
		"second of an index":     {filter: `{"secret": {"eq": "a"}}`, want: ``},
		"several at once":        {filter: `{"and": [{"naem": {}}, {"size": {"gt": "x"}}], "kind": {"eq": 1}}`, want: `filter.and[0].naem is no field; did you mean "name"?; filter.and[1].size.gt must be a whole number, not x; filter.kind.eq must be one of big, small, not 1`},
		"through a reference":    {filter: `{"owner": {"nam": {"eq": "a"}}}`, want: `filter.owner.nam is no field; did you mean "name"?`},
		"all may be filtered":    {filter: `{"owner": {"city": {"eq": "a"}}}`, want: ``},
		"limits do not hold":     {filter: `{"size": {"gt": -1}, "rate": {"lt": "1.234"}, "email": {"contains": "@Example"}, "country": {"startsWith": "D"}}`, want: ``},
		"$ in a query is a text": {filter: `{"name": {"eq": "$user.id"}}`, want: ``},
		"$ of a wrong type":      {rule: true, filter: `{"size": {"eq": "$user.id"}}`, want: `filter.size.eq cannot be $user.id, which is a text or the id of a record, not of type integer`},
		"empty in a rule":        {rule: true, filter: `{"name": {}}`, want: `filter.name is empty; say what it is compared with, such as {eq: ...}`},
		"rules need no index":    {rule: true, filter: `{"home": {"street": {"eq": "a"}}, "owner": {"eq": "$user.party"}}`, want: ``},
		"a role's index":         {entity: "member", filter: `{"points": {"gt": 1}, "grade": {"eq": "a"}}`, want: ``},
		"a role through a base":  {entity: "person", filter: `{"member": {"grade": {"eq": "x"}}}`, want: `filter.member.grade.eq must be one of a, b, not x`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.entity == "" {
				tt.entity = "shop"
			}
			_, err := m.ParseFilter(m.Entity(tt.entity), object(t, tt.filter), tt.rule)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("ParseFilter(%s)\n got %s\nwant %s", tt.filter, got, tt.want)
			}
		})
	}
}

func TestAGuardLooksAtTheRecordAlone(t *testing.T) {
	m := load(t, shop, person, member)
	tests := map[string]struct{ raw, want string }{
		"a field without an index":     {`{"secret": {"eq": "x"}}`, ""},
		"a text that begins with a $":  {`{"name": {"eq": "$user.id"}}`, ""},
		"what lies behind a reference": {`{"owner": {"name": {"eq": "Ada"}}}`, "guard reaches over a reference; it can only look at the record itself"},
		"a field that is not there":    {`{"namme": {"eq": "x"}}`, `guard.namme is no field; did you mean "name"?`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var raw map[string]any
			if err := json.Unmarshal([]byte(tt.raw), &raw); err != nil {
				t.Fatal(err)
			}
			f, err := m.ParseGuard(m.Entity("shop"), raw)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("ParseGuard(%s) = %s; want %s", tt.raw, got, tt.want)
			}
			if name == "a text that begins with a $" && !f.Match(map[string]any{"name": "$user.id"}) {
				t.Error("the text does not match itself")
			}
		})
	}
}

// TestMatch is the meaning of the filter language: what a filter selects of
// one record with values and one without.
func TestMatch(t *testing.T) {
	t.Parallel()
	m := load(t, shop, person, member)
	full := object(t, `{
		"name": "Café", "email": "maria@example.org", "open": true, "rate": "10.5", "price": {"amount": "9.5", "currency": "EUR"}, "founded": "1996-07-04",
		"seen": "2026-02-28T09:30:00.000Z", "kind": "big", "phone": {"raw": "030-0074321", "e164": "+49300074321"}, "country": "DE", "owner": "p1",
		"tags": ["a", "b"], "friends": ["p1", "p2"], "home": {"city": "Berlin"}, "lines": [{"item": "p1"}, {"item": "p2"}], "id": "1", "createdAt": "2026-01-01T00:00:00.000Z"
	}`)
	full["size"] = int64(7)
	for i, count := range []int64{3, 5} {
		full["lines"].([]any)[i].(map[string]any)["count"] = count
	}
	tests := []struct {
		filter      string
		full, empty bool
	}{
		{`{}`, true, true},
		{`{"and": []}`, true, true},
		{`{"or": []}`, false, false},
		{`{"or": [{}]}`, true, true},
		{`{"or": [{"size": {"eq": 1}}, {"size": {"eq": 7}}]}`, true, false},
		{`{"not": {}}`, false, false},
		{`{"not": {"size": {"eq": 7}}}`, false, true},
		{`{"size": {"gt": 6, "lt": 8}}`, true, false},
		{`{"size": {"gt": 7}}`, false, false},
		{`{"size": {"gte": 7}}`, true, false},
		{`{"size": {"lte": 7}}`, true, false},
		{`{"size": {"eq": 7}, "kind": {"eq": "small"}}`, false, false},
		{`{"name": {"eq": "café"}}`, false, false},
		{`{"name": {"ne": "café"}}`, true, true},
		{`{"name": {"contains": "af"}}`, true, false},
		{`{"name": {"startsWith": "Caf"}}`, true, false},
		{`{"name": {"endsWith": "é"}}`, true, false},
		{`{"name": {"gt": "C", "lt": "D"}}`, true, false},
		{`{"name": {"in": ["x", "Café"]}}`, true, false},
		{`{"name": {"in": []}}`, false, false},
		{`{"name": {"notIn": []}}`, true, true},
		{`{"name": {"notIn": ["Café"]}}`, false, true},
		{`{"name": {"isNull": true}}`, false, true},
		{`{"name": {"isNull": false}}`, true, false},
		{`{"email": {"eq": "MARIA@example.org"}}`, true, false},
		{`{"email": {"endsWith": "@Example.org"}}`, true, false},
		{`{"open": {"eq": true}}`, true, false},
		{`{"open": {"ne": true}}`, false, true},
		{`{"rate": {"eq": "10.50"}}`, true, false},
		{`{"rate": {"gt": "9.99"}}`, true, false}, // as numbers, not as texts
		{`{"price": {"amount": {"lt": "10"}, "currency": {"eq": "EUR"}}}`, true, false},
		{`{"price": {"isNull": true}}`, false, true},
		{`{"founded": {"lt": "1996-07-05"}}`, true, false},
		{`{"seen": {"gt": "2026-02-28T10:29:59+01:00"}}`, true, false},
		{`{"phone": {"e164": {"startsWith": "+49"}}}`, true, false},
		{`{"phone": {"raw": {"contains": "-"}}}`, true, false},
		{`{"country": {"in": ["DE", "FR"]}}`, true, false},
		{`{"country": {"startsWith": "D"}}`, true, false},
		{`{"owner": {"eq": "p1"}}`, true, false},
		{`{"tags": {"some": {"eq": "b"}}}`, true, false},
		{`{"tags": {"none": {"eq": "b"}}}`, false, true},
		{`{"tags": {"every": {"in": ["a", "b"]}}}`, true, true},
		{`{"tags": {"every": {"eq": "a"}}}`, false, true},
		{`{"tags": {"some": {}}}`, true, false},
		{`{"tags": {"isNull": true}}`, false, true},
		{`{"friends": {"some": {"in": ["p2"]}}}`, true, false},
		{`{"home": {"city": {"eq": "Berlin"}}}`, true, false},
		{`{"home": {"not": {"city": {"eq": "Berlin"}}}}`, false, true},
		{`{"home": {"or": [{"city": {"eq": "Rome"}}, {"city": {"eq": "Berlin"}}]}}`, true, false},
		{`{"home": {"isNull": false}}`, true, false},
		{`{"lines": {"some": {"count": {"gt": 3}, "item": {"eq": "p2"}}}}`, true, false},
		{`{"lines": {"some": {"count": {"gt": 3}, "item": {"eq": "p1"}}}}`, false, false}, // one and the same line
		{`{"lines": {"every": {"count": {"gte": 3}}}}`, true, true},
		{`{"lines": {"none": {"not": {"count": {"lt": 5}}}}}`, false, true},
		{`{"id": {"eq": "1"}}`, true, false},
		{`{"createdAt": {"gte": "2026-01-01T00:00:00Z"}}`, true, false},
		{`{"owner": {"name": {"eq": "x"}}}`, false, false}, // not resolved
		{`{"not": {"owner": {"name": {"eq": "x"}}}}`, false, false},
		{`{"or": [{"size": {"eq": 7}}, {"owner": {"name": {"eq": "x"}}}]}`, false, false},
	}
	for _, tt := range tests {
		f, err := m.ParseFilter(m.Entity("shop"), object(t, tt.filter), false)
		if err != nil {
			t.Errorf("ParseFilter(%s) = %v", tt.filter, err)
			continue
		}
		if got := f.Match(full); got != tt.full {
			t.Errorf("%s matches the record with values: %v, want %v", tt.filter, got, tt.full)
		}
		if got := f.Match(map[string]any{}); got != tt.empty {
			t.Errorf("%s matches the empty record: %v, want %v", tt.filter, got, tt.empty)
		}
	}
}

func TestAVariableMatchesNothingUntilItIsBound(t *testing.T) {
	t.Parallel()
	m := load(t, shop, person)
	for _, rule := range []string{
		`{"owner": {"eq": "$user.party"}}`, `{"owner": {"ne": "$user.party"}}`, `{"owner": {"notIn": ["p2", "$user.party"]}}`,
		`{"not": {"owner": {"in": ["$user.party"]}}}`, `{"tags": {"none": {"eq": "$user.id"}}}`, `{"or": [{"name": {"isNull": true}}, {"owner": {"eq": "$user.id"}}]}`,
	} {
		f, err := m.ParseFilter(m.Entity("shop"), object(t, rule), true)
		if err != nil {
			t.Fatalf("ParseFilter(%s) = %v", rule, err)
		}
		if f.Resolved() || f.Match(map[string]any{}) {
			t.Errorf("%s: Resolved() = %v, matches the empty record: %v; want neither", rule, f.Resolved(), f.Match(map[string]any{}))
		}
		bound, err := f.Map(func(c schema.Filter) (schema.Filter, error) {
			if _, isVar := c.Value.(schema.Var); isVar {
				c.Value = "p1"
			} else if list, isList := c.Value.([]any); isList {
				c.Value = append(list[:len(list)-1:len(list)-1], "p1")
			}
			return c, nil
		})
		if err != nil || !bound.Resolved() || f.Resolved() {
			t.Errorf("%s: Map = %v; want a bound copy and the original as it was", rule, err)
		}
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	m := load(t, shop, person)
	parse := func(text string) schema.Filter {
		f, err := m.ParseFilter(m.Entity("shop"), object(t, text), false)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	every, big, a := schema.Filter{}, parse(`{"kind": {"eq": "big"}}`), parse(`{"name": {"eq": "a"}}`)
	both, one := values{"kind": "big", "name": "a"}, values{"kind": "big"}
	tests := map[string]struct {
		filter    schema.Filter
		both, one bool
	}{
		"All of nothing is everything":   {schema.All(), true, true},
		"Any of nothing is nothing":      {schema.Any(), false, false},
		"Nothing":                        {schema.Nothing(), false, false},
		"All drops what says nothing":    {schema.All(every, a), true, false},
		"All":                            {schema.All(big, a), true, false},
		"Any":                            {schema.Any(big, a), true, true},
		"Any with everything":            {schema.Any(a, every), true, true},
		"All of everything":              {schema.All(every, every), true, true},
		"Nothing is stronger in an All":  {schema.All(big, schema.Nothing()), false, false},
		"Nothing adds nothing to an Any": {schema.Any(a, schema.Nothing()), true, false},
	}
	for name, tt := range tests {
		if got := tt.filter.Match(both); got != tt.both {
			t.Errorf("%s: matches both: %v, want %v", name, got, tt.both)
		}
		if got := tt.filter.Match(one); got != tt.one {
			t.Errorf("%s: matches one: %v, want %v", name, got, tt.one)
		}
	}
	if !schema.All(every).IsZero() || schema.Nothing().IsZero() || !schema.Any(a, every).IsZero() {
		t.Error("IsZero must hold for All(everything) and Any(…, everything), and not for Nothing()")
	}
}
