package mongo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// indexUsed is how DocumentDB ("Index Name") and MongoDB name an index in the
// plan that they have chosen.
var indexUsed = regexp.MustCompile(`"(?:Index Name|indexName)":\s*"([^"]+)"`)

// candidates are the indexes that DocumentDB has thought of; they may stand in
// the chosen plan too.
var candidates = regexp.MustCompile(`"IndexCosts":\s*\[[^\]]*\]`)

// TestQueriesAreServedFromIndexes asks the server how it would find things.
// Whether it also sorts by the index depends on the engine.
func TestQueriesAreServedFromIndexes(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	e := many(t, s)
	tests := map[string]struct {
		filter object
		query  core.Query
		want   []string // any of these
	}{
		"by id":                 {object{"id": object{"in": []any{"00001", "00002"}}}, core.Query{}, []string{"_id_"}},
		"by a unique value":     {object{"code": object{"eq": "C7"}}, core.Query{}, []string{"live:code"}},
		"by what was unique":    {object{"code": object{"eq": "C7"}}, core.Query{Deleted: true}, []string{"by:_sort.code"}},
		"by a unique beginning": {object{"code": object{"startsWith": "C299"}}, core.Query{}, []string{"by:_sort.code"}},
		"by a decimal":          {object{"weight": object{"gt": "2990"}}, core.Query{}, []string{"by:weight"}},
		"by a beginning":        {object{"name": object{"startsWith": "name 299"}}, core.Query{}, []string{"by:_sort.name"}},
		"by an item of a list":  {object{"tags": object{"some": object{"eq": "t7"}}}, core.Query{}, []string{"by:tags"}},
		"by a word":             {object{}, core.Query{Search: [][]string{{"299"}}}, []string{"words"}},
		"by a phone number":     {object{"phone": object{"matches": "+49 30 123002999"}}, core.Query{}, []string{"by:phone.e164"}},
		"by a reference":        {object{"owner": object{"in": []any{"o1", "o2"}}}, core.Query{}, []string{"by:owner"}},
		"by a line's reference": {object{"lines": object{"some": object{"part": object{"eq": "p7"}}}}, core.Query{}, []string{"by:lines.part"}},
		"by a declared index":   {object{"color": object{"eq": "red"}, "size": object{"gt": int64(2990)}}, core.Query{}, []string{"by:color,-size", "by:size"}},
		"a page from a position": {
			object{}, core.Query{OrderBy: orderBy(e, "size"), After: []any{int64(2980), "02980"}}, []string{"by:size"},
		},
		"a page before a position": {
			object{}, core.Query{OrderBy: orderBy(e, "size"), After: []any{int64(20), "00020"}, Reverse: true}, []string{"by:size"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := model(t).ParseFilter(e, tt.filter, true)
			if err != nil && len(tt.filter) > 0 {
				t.Fatal(err)
			}
			tt.query.Filter, tt.query.First = f, 20
			plan := explainQuery(t, s, e, tt.query)
			used := indexesIn(t, plan)
			if !slices.ContainsFunc(tt.want, func(name string) bool { return slices.Contains(used, name) }) {
				t.Errorf("the server would use the indexes %q; want one of %q:\n%s", used, tt.want, plan)
			}
		})
	}
}

// many lays down 3000 things, so that a server has a reason to use an index.
func many(t *testing.T, s *Store) *schema.Entity {
	t.Helper()
	m := model(t)
	e := m.Entity("thing")
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var changes []core.Change
	for i := range 3000 {
		changes = append(changes, creation(e, fmt.Sprintf("%05d", i), object{
			"code": fmt.Sprint("C", i), "name": fmt.Sprint("name ", i), "size": int64(i), "weight": fmt.Sprint(i), "owner": fmt.Sprint("o", i%300),
			"phone": object{"raw": fmt.Sprint("+49 30 123", i), "e164": fmt.Sprintf("+4930123%06d", i)}, "color": []string{"red", "green"}[i%2], "tags": []any{fmt.Sprint("t", i%100)}, "lines": []any{object{"part": fmt.Sprint("p", i%500)}},
		}))
	}
	for _, err := range s.Commit(t.Context(), e, changes) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func indexesIn(t *testing.T, plan string) (used []string) {
	t.Helper()
	if strings.Contains(plan, "COLLSCAN") || strings.Contains(plan, "Seq Scan") {
		t.Errorf("the server would read every record:\n%s", plan)
	}
	for _, match := range indexUsed.FindAllStringSubmatch(plan, -1) {
		used = append(used, match[1])
	}
	return used
}

// TestTheRelayDoesNotReadEveryRecord looks at the query that every instance
// asks every second.
func TestTheRelayDoesNotReadEveryRecord(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	e := many(t, s)
	entries, err := storetest.Pending(t.Context(), s, 5000)
	if err != nil || len(entries) != 3000 {
		t.Fatalf("%d entries are pending, %v; want 3000", len(entries), err)
	}
	if err := s.Settle(t.Context(), entries[1:]); err != nil {
		t.Fatal(err)
	}
	plan := explain(t, s, bson.D{{Key: "find", Value: e.Name}, {Key: "filter", Value: hasPending()}, {Key: "limit", Value: 500}})
	if used := indexesIn(t, plan); !slices.Contains(used, "pending") {
		t.Errorf("the server would use the indexes %q; want pending:\n%s", used, plan)
	}
}

func explainQuery(t *testing.T, s *Store, e *schema.Entity, q core.Query) string {
	t.Helper()
	p, _, err := s.planner(e, q)
	if err != nil {
		t.Fatal(err)
	}
	return explain(t, s, bson.D{{Key: "find", Value: e.Name}, {Key: "filter", Value: allOf(p.selected, p.after)}, {Key: "sort", Value: p.order}, {Key: "limit", Value: q.First}})
}

// explain returns the plan that the server has chosen for a command.
func explain(t *testing.T, s *Store, find bson.D) string {
	t.Helper()
	raw, err := s.db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	for _, chosen := range []string{"winningPlan", "Plan"} {
		if p, ok := raw.Lookup("queryPlanner", chosen).DocumentOK(); ok {
			return candidates.ReplaceAllString(strings.ReplaceAll(p.String(), `\"`, `"`), "")
		}
	}
	t.Fatalf("the server's answer has no plan: %s", raw)
	return ""
}
