package storetest

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func filterTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"each operator finds what it says":                    filterOperators,
		"every operator of every type agrees with Match":      filterEvery,
		"random filters over random records agree with Match": filterRandom,
		"ten thousand values in one filter":                   filterManyValues,
		"deleted records are found only when asked for":       filterDeleted,
	}
}

// finds wants Find to select what Match selects.
func (d *desk) finds(all []*core.Record, f schema.Filter, what any) {
	d.t.Helper()
	found, err := d.Find(d.ctx, d.thing, core.Query{Filter: f, First: -1})
	if err != nil {
		d.t.Errorf("Find(%v): %v", what, err)
		return
	}
	decided := d.decided(f)
	var want []string
	for _, r := range all {
		matches := decided.Match(r.WithSystem())
		if matches {
			want = append(want, r.ID)
		}
		if got := slices.Contains(ids(found), r.ID); got != matches {
			d.t.Errorf("Find(%v): found %v, want %v: %v", what, got, matches, r.WithSystem())
			return
		}
	}
	if !slices.Equal(ids(found), want) {
		d.t.Errorf("Find(%v) = %v; want %v", what, ids(found), want)
	}
}

// counts wants Count to count what Match selects.
func (d *desk) counts(all []*core.Record, f schema.Filter, what any) {
	d.t.Helper()
	want, decided := 0, d.decided(f)
	for _, r := range all {
		if decided.Match(r.WithSystem()) {
			want++
		}
	}
	if got, err := d.Count(d.ctx, d.thing, core.Query{Filter: f}, 1_000_000); err != nil || got[""] != want {
		d.t.Errorf("Count(%v) = %v, %v; want %d", what, got, err, want)
	}
}

func list(v ...any) []any { return v }

// operators are filters with the names of what they must find among the
// records below.
func operators() map[string]struct {
	filter values
	want   []any
} {
	return map[string]struct {
		filter values
		want   []any
	}{
		"eq":                           {values{"size": values{"eq": int64(2)}}, list("b")},
		"eq is exact":                  {values{"note": values{"eq": "x"}}, list("a")},
		"ne finds missing values":      {values{"size": values{"ne": int64(2)}}, list("a", "c", "d")},
		"in":                           {values{"size": values{"in": list(int64(1), int64(2), int64(9))}}, list("a", "b")},
		"in nothing":                   {values{"size": values{"in": list()}}, nil},
		"notIn finds missing values":   {values{"size": values{"notIn": list(int64(1), int64(2))}}, list("c", "d")},
		"notIn nothing":                {values{"size": values{"notIn": list()}}, list("a", "b", "c", "d")},
		"lt leaves out missing":        {values{"size": values{"lt": int64(2)}}, list("a")},
		"lte":                          {values{"size": values{"lte": int64(2)}}, list("a", "b")},
		"gt":                           {values{"size": values{"gt": int64(2)}}, list("c")},
		"gte":                          {values{"size": values{"gte": int64(2)}}, list("b", "c")},
		"contains, with case":          {values{"note": values{"contains": "yZ"}}, list("b")},
		"contains takes signs as such": {values{"note": values{"contains": ".*%"}}, list("c")},
		"startsWith":                   {values{"note": values{"startsWith": "xy"}}, list("b")},
		"startsWith a sign":            {values{"note": values{"startsWith": "."}}, list("c")},
		"endsWith":                     {values{"note": values{"endsWith": "%"}}, list("c")},
		"endsWith the whole":           {values{"note": values{"endsWith": "xyZ"}}, list("b")},
		"isNull":                       {values{"size": values{"isNull": true}}, list("d")},
		"isNull false":                 {values{"size": values{"isNull": false}}, list("a", "b", "c")},
		"isNull of an object":          {values{"place": values{"isNull": true}}, list("b", "c", "d")},
		"isNull of a list":             {values{"tags": values{"isNull": true}}, list("c", "d")},
		"isNull of money":              {values{"price": values{"isNull": true}}, list("c", "d")},
		"isNull false of money":        {values{"price": values{"isNull": false}}, list("a", "b")},
		"decimals compare as numbers":  {values{"weight": values{"gt": "9"}}, list("b", "c")},
		"decimals below zero":          {values{"weight": values{"lt": "-0.1"}}, list("a")},
		"a decimal in other digits":    {values{"weight": values{"eq": "10.0"}}, list("b")},
		"money by its amount":          {values{"price": values{"amount": values{"gte": "9.99"}}}, list("a", "b")},
		"money by its currency":        {values{"price": values{"currency": values{"eq": "EUR"}}}, list("a")},
		"a path into an object":        {values{"place": values{"city": values{"eq": "Bonn"}}}, list("a")},
		"a path deep into it":          {values{"place": values{"spot": values{"row": values{"gt": int64(1)}}}}, list("a")},
		"false is a value":             {values{"open": values{"eq": false}}, list("b")},
		"some":                         {values{"tags": values{"some": values{"eq": "x"}}}, list("a", "b")},
		"none holds for no list":       {values{"tags": values{"none": values{"eq": "y"}}}, list("b", "c", "d")},
		"every holds for no list":      {values{"tags": values{"every": values{"eq": "x"}}}, list("b", "c", "d")},
		"some of one and the same":     {values{"lines": values{"some": values{"person": values{"eq": "p1"}, "quantity": values{"gt": "1"}}}}, list("a")},
		"every line":                   {values{"lines": values{"every": values{"quantity": values{"gt": "1"}}}}, list("a", "c", "d")},
		"none of the lines":            {values{"lines": values{"none": values{"done": values{"eq": true}}}}, list("b", "c", "d")},
		"a list in a list":             {values{"lines": values{"some": values{"marks": values{"some": values{"eq": "m"}}}}}, list("a")},
		"some line is there":           {values{"lines": values{"some": values{}}}, list("a", "b")},
		"a value missing in a line":    {values{"lines": values{"some": values{"done": values{"isNull": true}}}}, list("b")},
		"and":                          {values{"and": list(values{"size": values{"gt": int64(1)}}, values{"open": values{"eq": false}})}, list("b")},
		"or":                           {values{"or": list(values{"size": values{"eq": int64(1)}}, values{"size": values{"isNull": true}})}, list("a", "d")},
		"or of nothing":                {values{"or": list()}, nil},
		"and of nothing":               {values{"and": list()}, list("a", "b", "c", "d")},
		"not turns missing to true":    {values{"not": values{"size": values{"gt": int64(1)}}}, list("a", "d")},
		"not of or of nothing":         {values{"not": values{"or": list()}}, list("a", "b", "c", "d")},
		"no filter":                    {values{}, list("a", "b", "c", "d")},
		"a system field":               {values{"version": values{"eq": int64(1)}, "createdBy": values{"eq": "u1"}}, list("a", "b", "c", "d")},
		"an instant of the system":     {values{"createdAt": values{"lte": "2026-02-28T09:30:03.000Z"}}, list("a", "b")},
		"no live record is deleted":    {values{"deletedAt": values{"isNull": false}}, nil},
	}
}

func filterOperators(d *desk) {
	d.createAll(d.thing,
		values{"name": "a", "size": int64(1), "note": "x", "weight": "-9", "tags": list("x", "y"), "open": true,
			"price": values{"amount": "9.99", "currency": "EUR"}, "place": values{"city": "Bonn", "spot": values{"row": int64(2)}},
			"lines": list(values{"person": "p1", "quantity": "2", "done": true, "marks": list("m")})},
		values{"name": "b", "size": int64(2), "note": "xyZ", "weight": "10", "tags": list("x"), "open": false,
			"price": values{"amount": "10", "currency": "USD"},
			"lines": list(values{"person": "p1", "quantity": "0.5"}, values{"person": "p2", "quantity": "3"})},
		values{"name": "c", "size": int64(3), "note": ".*%", "weight": "9.00000000000000000000000000000001"},
		values{"name": "d"},
	)
	for name, tt := range operators() {
		found := d.find(d.thing, core.Query{Filter: d.where(d.thing, tt.filter), First: -1})
		var got []any
		for _, r := range found {
			got = append(got, r.Values["name"])
		}
		d.same(name, got, tt.want)
	}
}

func filterManyValues(d *desk) {
	var all []values
	for i := range 50 {
		all = append(all, values{"code": fmt.Sprint("c", i), "weight": fmt.Sprint(i)})
	}
	records := d.createAll(d.thing, all...)
	codes, weights := []any{}, []any{}
	for i := 1; i < 10_000; i++ {
		codes, weights = append(codes, fmt.Sprint("c", 2*i)), append(weights, fmt.Sprint(3*i))
	}
	d.finds(records, d.where(d.thing, values{"code": values{"in": codes}}), "10,000 codes")
	d.finds(records, d.where(d.thing, values{"weight": values{"notIn": weights}}), "10,000 weights")
}

func filterDeleted(d *desk) {
	records := d.createAll(d.thing, values{"size": int64(1)}, values{"size": int64(1)}, values{"size": int64(2)})
	gone := d.do(d.thing, core.Deleted, records[0], records[0].Values)
	f := d.where(d.thing, values{"size": values{"eq": int64(1)}})
	d.same("live", ids(d.find(d.thing, core.Query{Filter: f, First: -1})), []string{records[1].ID})
	d.same("all", ids(d.find(d.thing, core.Query{Filter: f, First: -1, Deleted: true})), []string{gone.ID, records[1].ID})
	f = d.where(d.thing, values{"deletedAt": values{"gte": schema.Instant(gone.DeletedAt)}})
	d.same("by deletedAt", ids(d.find(d.thing, core.Query{Filter: f, First: -1, Deleted: true})), []string{gone.ID})
}
