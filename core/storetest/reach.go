package storetest

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func reachTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a filter reaches over references":              reachEach,
		"whether deleted records are asked for or not":  reachDeleted,
		"random filters agree, where few are behind":    func(d *desk) { reachRandom(d, 0) },
		"random filters agree, where many are behind":   func(d *desk) { reachRandom(d, 700) },
		"pages of an order":                             reachPages,
		"each key's page and count":                     reachPer,
		"behind a reference to an entity without one":   reachNothing,
		"from the records of one entity to each other":  reachItself,
		"what many refer to, and what refers to many":   reachMany,
		"a reference in a list leads to each record":    reachList,
		"the same reference twice in different filters": reachTwice,
	}
}

// decided is the meaning of reaching over a reference that the stores must
// agree with: the reference is one of the people that live and match.
func (d *desk) decided(f schema.Filter) schema.Filter {
	d.t.Helper()
	f, err := f.Map(func(c schema.Filter) (schema.Filter, error) {
		if c.Op != schema.OpTo {
			return c, nil
		}
		matching := []any{}
		behind := d.decided(*c.Sub)
		for _, p := range d.people {
			if behind.Match(p.WithSystem()) {
				matching = append(matching, p.ID)
			}
		}
		return schema.Filter{Path: c.Path, Op: schema.OpIn, Value: matching, Field: c.Field}, nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return f
}

// personCalled is the creation of a person with this id.
func (d *desk) personCalled(id string, v values) core.Change {
	c := d.creation(d.person, v)
	c.After.ID = id
	return c
}

// populate creates the people p1, p2, ... that things refer to; p3 is deleted.
func (d *desk) populate(all ...values) {
	d.t.Helper()
	var changes, deletions []core.Change
	for i, v := range all {
		c := d.personCalled(fmt.Sprint("p", i+1), v)
		changes = append(changes, c)
		if i == 2 {
			deletions = append(deletions, d.next(core.Deleted, c.After, v))
		} else {
			d.people = append(d.people, c.After.Clone())
		}
	}
	d.commit(d.person, changes...)
	d.commit(d.person, deletions...)
}

func (d *desk) company() []*core.Record {
	d.t.Helper()
	d.populate(
		values{"name": "Ada", "rank": int64(1), "boss": "p2"},
		values{"name": "Bob", "rank": int64(2), "boss": "p3"},
		values{"name": "Cyd", "rank": int64(1)},
		values{"name": "Dan", "boss": "p1", "roles": list("member"), "member": values{"number": "M1", "guarantor": "p2"}},
	)
	return d.createAll(d.thing,
		values{"name": "a", "size": int64(3), "owner": "p1", "helpers": list("p1", "p2"), "lines": list(values{"person": "p1", "quantity": "2"}, values{"person": "p2"})},
		values{"name": "b", "size": int64(2), "owner": "p2", "helpers": list("p3"), "lines": list(values{"person": "p3", "quantity": "2"})},
		values{"name": "c", "owner": "p3"},
		values{"name": "d", "owner": "p9"},
		values{"name": "e"},
		values{"name": "f", "size": int64(1), "owner": "p4", "helpers": list("p4", "p1"), "lines": list(values{"text": "x"}, values{"person": "p4"})},
	)
}

func reachEach(d *desk) {
	all := d.company()
	ada := values{"name": values{"eq": "Ada"}}
	for name, tt := range map[string]struct {
		filter values
		want   []any
	}{
		"eq":                            {values{"owner": ada}, list("a")},
		"a deleted record never":        {values{"owner": values{"rank": values{"gte": int64(1)}}}, list("a", "b")},
		"any record that lives":         {values{"owner": values{"and": list()}}, list("a", "b", "f")},
		"no record":                     {values{"owner": values{"or": list()}}, nil},
		"not behind the reference":      {values{"owner": values{"not": ada}}, list("b", "f")},
		"not before the reference":      {values{"not": values{"owner": ada}}, list("b", "c", "d", "e", "f")},
		"a value missing behind it":     {values{"owner": values{"rank": values{"isNull": true}}}, list("f")},
		"an id":                         {values{"owner": values{"id": values{"in": list("p1", "p3")}}}, list("a")},
		"with the reference's operator": {values{"owner": values{"in": list("p1", "p2"), "rank": values{"eq": int64(2)}}}, list("b")},
		"a list behind it":              {values{"owner": values{"roles": values{"some": values{"eq": "member"}}}}, list("f")},
		"over two references":           {values{"owner": values{"boss": values{"name": values{"eq": "Bob"}}}}, list("a")},
		"over a deleted record":         {values{"owner": values{"boss": values{"rank": values{"eq": int64(1)}}}}, list("f")},
		"over three references":         {values{"owner": values{"boss": values{"boss": values{"name": values{"eq": "Bob"}}}}}, list("f")},
		"over a reference of a role":    {values{"owner": values{"member": values{"guarantor": values{"name": values{"eq": "Bob"}}}}}, list("f")},
		"some":                          {values{"helpers": values{"some": ada}}, list("a", "f")},
		"some that lives":               {values{"helpers": values{"some": values{"and": list()}}}, list("a", "f")},
		"none holds for no list":        {values{"helpers": values{"none": values{"rank": values{"eq": int64(1)}}}}, list("b", "c", "d", "e")},
		"every holds for no list":       {values{"helpers": values{"every": values{"rank": values{"gte": int64(1)}}}}, list("a", "c", "d", "e")},
		"some of two":                   {values{"helpers": values{"some": values{"or": list(ada, values{"boss": ada})}}}, list("a", "f")},
		"one and the same line":         {values{"lines": values{"some": values{"person": ada, "quantity": values{"gt": "1"}}}}, list("a")},
		"no line that is one":           {values{"lines": values{"some": values{"person": values{"name": values{"eq": "Bob"}}, "quantity": values{"gt": "1"}}}}, nil},
		"every line":                    {values{"lines": values{"every": values{"person": values{"rank": values{"gte": int64(1)}}}}}, list("a", "c", "d", "e")},
		"none of the lines":             {values{"lines": values{"none": values{"person": ada}}}, list("b", "c", "d", "e", "f")},
		"some line without":             {values{"lines": values{"some": values{"not": values{"person": values{"and": list()}}}}}, list("b", "f")},
		"or":                            {values{"or": list(values{"owner": values{"name": values{"eq": "Bob"}}}, values{"helpers": values{"some": values{"name": values{"eq": "Dan"}}}})}, list("b", "f")},
		"together with an own field":    {values{"owner": values{"and": list()}, "size": values{"lt": int64(3)}}, list("b", "f")},
	} {
		f := d.where(d.thing, tt.filter)
		var got []any
		for _, r := range d.find(d.thing, core.Query{Filter: f, First: -1}) {
			got = append(got, r.Values["name"])
		}
		d.same(name, got, tt.want)
		d.finds(all, f, name)
		d.counts(all, f, name)
	}
}

func reachDeleted(d *desk) {
	all := d.company()
	gone := d.do(d.thing, core.Deleted, all[0], all[0].Values)
	f := d.where(d.thing, values{"owner": values{"rank": values{"gte": int64(1)}}})
	d.same("live", ids(d.find(d.thing, core.Query{Filter: f, First: -1})), []string{all[1].ID})
	d.same("all, of people who live", ids(d.find(d.thing, core.Query{Filter: f, First: -1, Deleted: true})), []string{gone.ID, all[1].ID})
	d.wantCount("all, of people who live", d.count(core.Query{Filter: f, Deleted: true}, 100), 2)
	d.do(d.person, core.Restored, d.get(d.person, "p3"), values{"name": "Cyd", "rank": int64(1)})
	d.same("one of them restored", ids(d.find(d.thing, core.Query{Filter: f, First: -1})), []string{all[1].ID, all[2].ID})
}

// reachRandom draws people, and as many more whom nobody refers to.
func reachRandom(d *desk, more int) {
	s := d.seeded()
	var people []values
	for range 5 + more {
		people = append(people, s.values(fieldsOf(d.person)))
	}
	d.populate(people...)
	all := d.things(s, 80)
	fields := append(slices.Clone(d.thing.Fields), schema.SystemFields...)
	for range 60 {
		raw := s.reaching(fields, 2)
		f := d.where(d.thing, raw)
		d.finds(all, f, raw)
		d.counts(all, f, raw)
	}
}

func reachPages(d *desk) {
	s := d.seeded()
	d.populate(values{"rank": int64(1), "boss": "p2"}, values{"rank": int64(2)}, values{"rank": int64(1)}, values{"rank": int64(3)})
	all := d.things(s, 60)
	for _, raw := range []values{
		{"owner": values{"rank": values{"lt": int64(3)}}},
		{"owner": values{"boss": values{"rank": values{"eq": int64(2)}}}},
		{"not": values{"lines": values{"some": values{"person": values{"rank": values{"eq": int64(1)}}}}}},
	} {
		f, orders := d.where(d.thing, raw), order(d.thing, "color", "-weight")
		selected := slices.DeleteFunc(slices.Clone(all), func(r *core.Record) bool { return !d.decided(f).Match(r.WithSystem()) })
		d.pagesAgree(sorted(selected, orders), f, orders, 1, 7, 100)
	}
}

func reachPer(d *desk) {
	s := d.seeded()
	d.populate(values{"rank": int64(1), "boss": "p2"}, values{"rank": int64(2)}, values{"rank": int64(1)}, values{"rank": int64(3)})
	all := d.things(s, 120)
	for _, per := range []*core.Per{
		{Path: "owner", Keys: []string{"p3", "p1", "nobody", "p2"}},
		{Path: "lines.person", InList: true, Keys: []string{"p2", "nobody", "p1", "p3"}},
	} {
		for _, first := range []int{1, 3, -1} {
			q := core.Query{OrderBy: order(d.thing, "color", "-weight"), First: first, Per: per}
			for range 4 {
				q.Filter = d.where(d.thing, s.reaching(d.thing.Fields, 1))
				d.perAgrees(all, q)
			}
			q.Filter = d.where(d.thing, values{"owner": values{"rank": values{"lt": int64(3)}}})
			d.perAgrees(all, q)
			q.Reverse = true
			d.perAgrees(all, q)
		}
	}
}

func reachNothing(d *desk) {
	all := d.createAll(d.thing, values{"owner": "p1", "helpers": list("p1")}, values{})
	for _, raw := range []values{
		{"owner": values{"and": list()}}, {"not": values{"owner": values{"and": list()}}},
		{"helpers": values{"some": values{"and": list()}}}, {"helpers": values{"every": values{"and": list()}}},
	} {
		d.finds(all, d.where(d.thing, raw), raw)
	}
}

func reachItself(d *desk) {
	d.company()
	find := func(raw values) []string {
		return ids(d.find(d.person, core.Query{Filter: d.where(d.person, raw), First: -1}))
	}
	d.same("whose boss is Ada", find(values{"boss": values{"name": values{"eq": "Ada"}}}), []string{"p4"})
	d.same("whose boss has Bob for one", find(values{"boss": values{"boss": values{"name": values{"eq": "Bob"}}}}), []string{"p4"})
	d.same("who has no boss that lives", find(values{"not": values{"boss": values{"and": list()}}}), []string{"p2"})
}

// reachMany has more behind a reference than is good to look for first.
func reachMany(d *desk) {
	var people, things []values
	for i := range 1000 {
		people = append(people, values{"name": fmt.Sprint("n", i+1), "rank": int64(i % 10)})
	}
	d.populate(people...)
	for i := range 300 {
		v := values{"size": int64(i), "owner": fmt.Sprint("p", 1+i*7%1050), "helpers": list(fmt.Sprint("p", 1+i%9), fmt.Sprint("p", 1+i*11%1050))}
		v["lines"] = list(values{"person": fmt.Sprint("p", 1+i*13%1050), "done": i%2 == 0})
		things = append(things, v)
	}
	all := d.createAll(d.thing, things...)
	few, many := values{"name": values{"eq": "n8"}}, values{"rank": values{"lt": int64(9)}}
	for _, who := range []values{few, many} {
		for name, raw := range map[string]values{
			"owner": {"owner": who}, "not owner": {"not": values{"owner": who}},
			"some": {"helpers": values{"some": who}}, "none": {"helpers": values{"none": who}}, "every": {"helpers": values{"every": who}},
			"line": {"lines": values{"some": values{"person": who, "done": values{"eq": true}}}}, "no line": {"lines": values{"none": values{"person": who}}},
			"owner and size": {"owner": who, "size": values{"gte": int64(150)}}, "boss": {"owner": values{"boss": who}},
		} {
			f := d.where(d.thing, raw)
			d.finds(all, f, name)
			d.counts(all, f, name)
		}
		f, orders := d.where(d.thing, values{"owner": who}), order(d.thing, "-size")
		selected := slices.DeleteFunc(slices.Clone(all), func(r *core.Record) bool { return !d.decided(f).Match(r.WithSystem()) })
		d.pagesAgree(sorted(selected, orders), f, orders, 20)
		d.perAgrees(all, core.Query{Filter: f, OrderBy: orders, First: 3, Per: &core.Per{Path: "owner", Keys: []string{"p8", "p1", "p15"}}})
	}
}

func reachList(d *desk) {
	d.populate(values{"rank": int64(1)}, values{"rank": int64(2)})
	r := d.create(d.thing, values{"helpers": list("p1", "p2", "p1")})
	f := d.where(d.thing, values{"helpers": values{"some": values{"rank": values{"gte": int64(1)}}}})
	d.same("once", ids(d.find(d.thing, core.Query{Filter: f, First: -1})), []string{r.ID})
	d.wantCount("once", d.count(core.Query{Filter: f}, 10), 1)
}

func reachTwice(d *desk) {
	all := d.company()
	ada, bob := values{"name": values{"eq": "Ada"}}, values{"name": values{"eq": "Bob"}}
	for name, raw := range map[string]values{
		"either": {"or": list(values{"owner": ada}, values{"owner": bob})},
		"both":   {"and": list(values{"owner": ada}, values{"owner": values{"rank": values{"eq": int64(1)}}})},
		"not":    {"owner": values{"and": list()}, "not": values{"owner": ada}},
		"a list": {"and": list(values{"helpers": values{"some": ada}}, values{"helpers": values{"some": bob}})},
	} {
		d.finds(all, d.where(d.thing, raw), name)
	}
}
