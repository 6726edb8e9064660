package mongo

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
)

// BenchmarkLists measures lists as the server plans them, and as they are asked
// for, in a database of as many parties as XRM_TEST_PARTIES says. It stays where
// XRM_TEST_PARTIES_DATABASE names one.
func BenchmarkLists(b *testing.B) {
	n := 10_000
	if text := os.Getenv("XRM_TEST_PARTIES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	var data *big
	if name := os.Getenv("XRM_TEST_PARTIES_DATABASE"); name == "" {
		data = grown(b, n)
	} else {
		s, err := New(Config{URI: mongotest.Server(b) + "/" + name, Search: patient, Timeout: time.Hour})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		data = grownIn(b, s, n)
		if err := s.Prepare(b.Context(), data.model); err != nil {
			b.Fatal(err)
		}
	}
	for _, l := range []struct {
		name, view, order string
		filter            object
		core.Query
	}{
		{"first customer", "customer", "", nil, core.Query{First: 1}},
		{"last customer", "customer", "", nil, core.Query{First: 1, Reverse: true}},
		{"suppliers by number", "supplier", "number", nil, core.Query{First: 20}},
		{"partners by name", "partner", "displayName", nil, core.Query{First: 20}},
		{"customers by name", "customer", "displayName", nil, core.Query{First: 20}},
		{"blocked customers by name", "customer", "displayName", object{"status": object{"eq": "blocked"}}, core.Query{First: 20}},
		{"customers of a city by name", "customer", "displayName", object{"city": object{"eq": "City 7"}}, core.Query{First: 20}},
		{"customers of a manager by name", "customer", "displayName", object{"customer": object{"accountManager": object{"eq": storetest.GrownID(3)}}}, core.Query{First: 20}},
		{"suppliers of a kind that none has", "supplier", "displayName", object{"kind": object{"eq": "person"}, "industry": object{"eq": "Industry 7"}}, core.Query{First: 20}},
		{"a common word", "customer", "", nil, core.Query{First: 20, Search: [][]string{{"party"}}}},
		{"a rare word", "customer", "displayName", nil, core.Query{First: 20, Search: [][]string{{"0000007"}}}},
		{"parties by version", "party", "version", nil, core.Query{First: 20}},
	} {
		view := data.model.Entity(l.view)
		q := l.Query
		if q.Filter = view.HasRole(); l.filter != nil {
			q.Filter = schema.All(q.Filter, parsed(b, data.model, data.party, l.filter))
		}
		if l.order != "" {
			o, err := view.SortKey(l.order, false)
			if err != nil {
				b.Fatal(err)
			}
			q.OrderBy = []core.Order{o}
		}
		p := data.planned(b, storetest.Form{Name: l.name, Entity: data.party, Query: q})
		for _, way := range []struct {
			name string
			find func(context.Context) ([]*core.Record, error)
		}{
			{"planned by the server", p.plainly},
			{"as it is asked for", func(ctx context.Context) ([]*core.Record, error) { return data.Find(ctx, data.party, q) }},
		} {
			b.Run(l.name+"/"+way.name, func(b *testing.B) {
				var times []time.Duration
				for b.Loop() {
					start := time.Now()
					if _, err := way.find(b.Context()); err != nil && core.CodeOf(err) != core.Invalid {
						b.Fatal(err)
					}
					times = append(times, time.Since(start))
				}
				slices.Sort(times)
				b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
			})
		}
	}
}
