package mongo

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// serves says whether an index begins with the values that a query fixes, in
// any order, and goes on with the order of the query, in either direction.
func serves(keys bson.D, fixed map[string]bool, order bson.D) bool {
	fixed = maps.Clone(fixed)
	for len(keys) > 0 && fixed[keys[0].Key] {
		delete(fixed, keys[0].Key)
		keys = keys[1:]
	}
	if len(fixed) > 0 || len(order) > len(keys) {
		return false
	}
	for i, k := range order {
		if keys[i].Key != k.Key || (keys[i].Value == k.Value) != (keys[0].Value == order[0].Value) {
			return false
		}
	}
	return true
}

// TestFormsOfListsAreServedByOneIndex wants one declared index to have both
// what a list fixes to a value and its order. What has none looks at a bounded
// number of records, as TestNoListGrowsWithTheData says.
func TestFormsOfListsAreServedByOneIndex(t *testing.T) {
	m, err := schema.Load(append(entities.Sources(), schema.Source{File: "site.yaml", Data: []byte("extend: customer\nindexes:\n  - [segment, displayName]\n")})...)
	if err != nil {
		t.Fatal(err)
	}
	for _, view := range m.Entities() {
		e := view.Stored()
		var indexes []bson.D
		for _, index := range indexesOf(m, e) {
			indexes = append(indexes, pageIndexOf(index).keys)
		}
		indexes = append(indexes, bson.D{{Key: idField, Value: 1}})
		check := func(form string, want bool, fixed []string, orders []core.Order) {
			t.Helper()
			set := map[string]bool{}
			for _, path := range fixed {
				set[path] = true
			}
			for _, reverse := range []bool{false, true} {
				order := sortBy(sortKeys(core.Query{OrderBy: orders, Reverse: reverse}, schema.StandardCollation()))
				served := false
				for _, keys := range indexes {
					served = served || serves(keys, set, order)
				}
				if served != want {
					t.Errorf("%s %s: one index serves it is %v; want %v", view.Plural, form, served, want)
				}
			}
		}
		if view.IsRole() {
			check("by id", true, []string{schema.RolesField}, nil)
			// The order of what a role shares with all parties passes those who do
			// not hold it, unless the role declares an index.
			check("of a role by name", false, []string{schema.RolesField}, orderBy(e, "displayName"))
			for _, f := range view.Fields {
				o, err := view.SortKey(f.Name, true)
				if err == nil && roleAt([]*schema.Entity{view}, f.StoragePath()) != "" && f.Indexed() && !f.Unique && f.Type != "reference" {
					check("of a role by "+f.Name, true, []string{schema.RolesField}, []core.Order{o})
				}
			}
			continue
		}
		check("by id", true, nil, nil)
		for _, f := range e.Fields {
			if o, err := e.SortKey(f.Name, true); err == nil && f.Indexed() {
				check("by "+f.Name, true, nil, []core.Order{o})
				fixed := o.Path
				if o.Collated { // a filter says what the key is as well, but for unique texts of live records
					fixed = keyPath(fixed)
				}
				check("of one "+f.Name, true, []string{fixed}, nil)
			}
		}
	}
	if _, index := m.Entity("party"), indexesOf(m, m.Entity("party")); !hasIndex(index, "by:roles=customer,customer.segment,_sort.displayName") {
		t.Error("an index that a role declares is not of those who hold it")
	}
}

func hasIndex(indexes []driver.IndexModel, name string) bool {
	for _, i := range indexes {
		if nameOf(i) == name {
			return true
		}
	}
	return false
}

func TestAServerThatGivesUpIsNotOneThatIsAway(t *testing.T) {
	s := &Store{hosts: "h"}
	gaveUp := s.failed("find things", driver.CommandError{Code: maxTimeExpired, Message: "operation exceeded time limit"})
	if !tookTooLong(gaveUp) {
		t.Errorf("%v is not taken for a server that gave up", gaveUp)
	}
	for _, other := range []error{nil, context.DeadlineExceeded, fmt.Errorf("x: %w", driver.CommandError{Code: 91})} {
		if tookTooLong(s.failed("find things", other)) {
			t.Errorf("%v is taken for a server that gave up", other)
		}
	}
}
