package record_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// What a record was deleted with is another record, and known to who sees that one.
func TestWhatARecordWasDeletedWithIsToldToWhoSeesIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		roles, err := access.LoadRoles(l.model, []schema.Source{{Layer: "site", File: "visitor.yaml", Data: []byte(
			"role: visitor\nowner: {read: {name: {eq: seen}}}\npart: {read: true}\npiece: {read: {part: {owner: {name: {eq: seen}}}}}\n")}})
		if err != nil {
			t.Fatal(err)
		}
		l.on.Policy = roles
		session, part := l.instance(nil).As(visitor, l.on), l.model.Entity("part")
		with := part.Field(schema.DeletedWithField)
		for name, shows := range map[string]bool{"seen": true, "hidden": false} {
			owner := l.create("owner", map[string]any{"name": name})
			id := l.create("part", map[string]any{"owner": owner})
			l.must("owner", record.Draft{Action: core.Deleted, ID: owner})
			found, err := session.Find(t.Context(), part, core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			if got, told := found[0].Values[schema.DeletedWithField]; told != shows || told && got != owner {
				t.Errorf("the part of %s was deleted with %v, want it told: %v", name, got, shows)
			}
			entries, err := session.History(t.Context(), part, id, 1, 0)
			if err != nil || len(entries) != 1 || entries[0].Action != core.Deleted {
				t.Fatal(entries, err)
			}
			if told := len(entries[0].Diffs) > 0; told != shows {
				t.Errorf("the deletion of the part of %s is told as %+v, want it told with what: %v", name, entries[0].Diffs, shows)
			}
		}
		_, err = session.Find(t.Context(), part, core.Query{Filter: schema.Filter{Path: schema.DeletedWithField, Op: schema.OpIsNull, Value: true, Field: with}, First: 1, Deleted: true})
		const want = "You may not filter, sort or search parts by deletedWith, because you may not see it in all of them."
		if core.CodeOf(err) != core.Forbidden || err.Error() != want {
			t.Errorf("a filter by it: %v, want %s", err, want)
		}
	})
}
