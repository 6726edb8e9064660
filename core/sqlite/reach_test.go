package sqlite

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
)

// Where few records are behind a reference the query begins with them; where
// many are it keeps to its own order, and reads no more than it needs.
func TestHowManyAreBehindAReferenceChangesThePlan(t *testing.T) {
	m := load(t, planned)
	e := m.Entity("thing")
	s := memory(t, m)
	type values = map[string]any
	some := func(sub values) values { return values{"some": sub} }
	who := values{"place": values{"city": values{"eq": "Bonn"}}}
	tests := map[string]struct {
		filter    values
		few, many []string
	}{
		"a reference": {values{"owner": who},
			[]string{"SEARCH t USING INDEX entity_thing owner (<expr>=?)", "SEARCH r1 USING INDEX entity_thing place.city (<expr>=?)"},
			[]string{"SCAN t USING INDEX entity_thing sort:name", "r1 EXISTS USING INDEX entity_thing place.city (<expr>=? AND id=?)"}},
		"two references": {values{"owner": values{"owner": who}},
			[]string{"SEARCH t USING INDEX entity_thing owner (<expr>=?)", "SEARCH r1 USING INDEX entity_thing owner (<expr>=?)", "SEARCH r2 USING INDEX entity_thing place.city (<expr>=?)"},
			[]string{"SCAN t USING INDEX entity_thing sort:name", "r1 EXISTS USING INDEX sqlite_autoindex_entity_thing_1 (id=?)", "SEARCH r2 USING INDEX sqlite_autoindex_entity_thing_1 (id=?)"}},
		"a reference in a list": {values{"lines": some(values{"thing": who})},
			[]string{"SEARCH t USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH x USING PRIMARY KEY (path=? AND value=?)", "SEARCH r1 USING INDEX entity_thing place.city (<expr>=?)"},
			[]string{"SCAN t USING INDEX entity_thing sort:name", "SEARCH r1 USING INDEX sqlite_autoindex_entity_thing_1 (id=?)"}},
		"not": {values{"not": values{"owner": who}},
			[]string{"SCAN t USING INDEX entity_thing sort:name", "SEARCH r1 USING INDEX entity_thing place.city (<expr>=?)"},
			[]string{"SCAN t USING INDEX entity_thing sort:name", "SEARCH r1 USING INDEX sqlite_autoindex_entity_thing_1 (id=?)"}},
	}
	for name, tt := range tests {
		for how, wanted := range map[string][]string{"few": tt.few, "many": tt.many} {
			t.Run(name+", "+how, func(t *testing.T) {
				view := outlook{tables: *s.tables.Load()}
				if how == "many" {
					view.count = always
				}
				q := core.Query{Filter: where(t, m, e, tt.filter), OrderBy: orders(e, "name"), First: 20}
				text, args, err := view.tables["thing"].find(q, view)
				if err != nil {
					t.Fatal(err)
				}
				plan := s.plan(t, text, args)
				for _, want := range wanted {
					if !strings.Contains(plan, want) {
						t.Errorf("the plan has no step %q:\n%s\n%s", want, plan, text)
					}
				}
				if strings.Contains(plan, "ORDER BY") && how == "many" {
					t.Errorf("the plan sorts:\n%s\n%s", plan, text)
				}
			})
		}
	}
}
