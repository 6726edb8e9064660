package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func perTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"each key gets its own page":                perPages,
		"a record in several lists belongs to each": perInList,
		"each key is counted":                       perCounts,
		"ten thousand keys in one query":            perManyKeys,
	}
}

// holds says whether a record has a key at a path, through lists.
func holds(value any, path, key string) bool {
	switch v := value.(type) {
	case string:
		return path == "" && v == key
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return holds(item, path, key) })
	case map[string]any:
		name, rest, _ := strings.Cut(path, ".")
		return holds(v[name], rest, key)
	}
	return false
}

// perAgrees wants the first results of each key to be that key's own list.
func (d *desk) perAgrees(all []*core.Record, q core.Query) {
	d.t.Helper()
	found := d.find(d.thing, q)
	once := map[string]bool{}
	for _, r := range found {
		if once[r.ID] {
			d.t.Errorf("record %s came twice", r.ID)
		}
		once[r.ID] = true
		if !slices.ContainsFunc(q.Per.Keys, func(key string) bool { return holds(r.Values, q.Per.Path, key) }) {
			d.t.Errorf("record %s has none of the keys", r.ID)
		}
	}
	decided := d.decided(q.Filter)
	has := func(records []*core.Record, key string) []*core.Record {
		return slices.DeleteFunc(slices.Clone(records), func(r *core.Record) bool {
			return !holds(r.Values, q.Per.Path, key) || !decided.Match(r.WithSystem())
		})
	}
	counts, err := d.Count(d.ctx, d.thing, q, 3)
	if err != nil {
		d.t.Fatalf("Count: %v", err)
	}
	for _, key := range q.Per.Keys {
		want := sorted(has(all, key), q.OrderBy)
		if counts[key] != min(len(want), 3) {
			d.t.Errorf("key %s: counted %d; want %d", key, counts[key], min(len(want), 3))
		}
		if q.Reverse {
			slices.Reverse(want)
		}
		if q.After != nil {
			at := slices.IndexFunc(want, func(r *core.Record) bool { return r.ID == q.After[len(q.After)-1] })
			want = want[at+1:]
		}
		got := has(found, key)
		if q.First >= 0 {
			got, want = got[:min(q.First, len(got))], want[:min(q.First, len(want))]
		}
		d.same(fmt.Sprintf("key %s of %+v", key, q), ids(got), ids(want))
	}
}

func perPages(d *desk) {
	s := d.seeded()
	all := d.things(s, 120)
	per := &core.Per{Path: "owner", Keys: []string{"p3", "p1", "nobody", "p2"}}
	for _, keys := range [][]string{{}, {"-createdAt"}, {"color", "-weight"}, {"-size"}} {
		for _, first := range []int{0, 1, 3, 1000, -1} {
			q := core.Query{OrderBy: order(d.thing, keys...), First: first, Per: per}
			d.perAgrees(all, q)
			q.Reverse = true
			d.perAgrees(all, q)
			q.Filter = d.where(d.thing, s.filter(d.thing.Fields, 1))
			d.perAgrees(all, q)
		}
	}
	for _, r := range all {
		if owner, _ := r.Values["owner"].(string); owner != "" {
			orders := order(d.thing, "-size", "color")
			d.perAgrees(all, core.Query{OrderBy: orders, First: 4, After: position(r, orders), Per: &core.Per{Path: "owner", Keys: []string{owner}}})
		}
	}
}

func perInList(d *desk) {
	s := d.seeded()
	all := d.things(s, 120)
	per := &core.Per{Path: "lines.person", InList: true, Keys: []string{"p2", "nobody", "p1", "p3"}}
	for _, keys := range [][]string{{}, {"-createdAt"}, {"color", "-weight"}} {
		for _, first := range []int{0, 1, 3, 1000, -1} {
			q := core.Query{OrderBy: order(d.thing, keys...), First: first, Per: per}
			d.perAgrees(all, q)
			q.Reverse = true
			d.perAgrees(all, q)
			q.Filter = d.where(d.thing, s.filter(d.thing.Fields, 1))
			d.perAgrees(all, q)
		}
	}
}

func perCounts(d *desk) {
	ref := func(owner string) values { return values{"owner": owner, "size": int64(1)} }
	d.createAll(d.thing, ref("p1"), ref("p1"), ref("p1"), ref("p2"), values{"size": int64(1)})
	gone := d.create(d.thing, ref("p2"))
	d.do(d.thing, core.Deleted, gone, gone.Values)
	q := core.Query{Per: &core.Per{Path: "owner", Keys: []string{"p1", "p2", "p9"}}}
	for limit, want := range map[int]map[string]int{10: {"p1": 3, "p2": 1}, 2: {"p1": 2, "p2": 1}} {
		got, err := d.Count(d.ctx, d.thing, q, limit)
		if err != nil {
			d.t.Fatal(err)
		}
		if got["p9"] != 0 {
			d.t.Errorf("p9 counts %d; want 0", got["p9"])
		}
		delete(got, "p9")
		d.same(fmt.Sprint("counts up to ", limit), got, want)
	}
	q.Filter, q.Deleted = schema.Filter{}, true
	got, err := d.Count(d.ctx, d.thing, q, 10)
	if err != nil || got["p2"] != 2 {
		d.t.Errorf("with the deleted ones p2 counts %d, error %v; want 2", got["p2"], err)
	}
}

func perManyKeys(d *desk) {
	var all []values
	var keys []string
	for i := range 10_000 {
		keys = append(keys, fmt.Sprint("p", i))
	}
	for i := range 100 {
		all = append(all, values{"owner": fmt.Sprint("p", 90*i+i%2)})
	}
	d.perAgrees(d.createAll(d.thing, all...), core.Query{First: 2, Per: &core.Per{Path: "owner", Keys: keys[:2000]}})
	found := d.find(d.thing, core.Query{First: 2, Per: &core.Per{Path: "owner", Keys: keys}})
	if len(found) != 100 {
		d.t.Errorf("%d records found; want 100", len(found))
	}
}
