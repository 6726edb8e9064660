package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// prepared prepares the store for a model of one entity, thing.
func prepared(t *testing.T, s *Store, fields string) (*schema.Model, *schema.Entity) {
	t.Helper()
	m := load(t, "entity: thing\nfilterable: all\nfields:\n  name: {type: text}\n"+fields)
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m, m.Entity("thing")
}

func foundNames(t *testing.T, s *Store, e *schema.Entity, q core.Query) []string {
	t.Helper()
	q.First = -1
	records, err := s.Find(t.Context(), e, q)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, r := range records {
		names = append(names, r.Values["name"].(string))
	}
	return names
}

func named(id, name string, more map[string]any) []core.Change {
	c := things(0, 1)[0]
	c.After.ID, c.After.Values = id, map[string]any{"name": name}
	for k, v := range more {
		c.After.Values[k] = v
	}
	return []core.Change{c}
}

func TestALaterModelFindsWhatWasStoredBefore(t *testing.T) {
	s := memory(t, load(t, empty))
	_, e := prepared(t, s, "  tags: {type: list, of: {type: text}}\n  size: {type: text}\n")
	commitAll(t, s, e, named("1", "Ada Lovelace", map[string]any{"tags": []any{"x"}, "size": "10"}))
	commitAll(t, s, e, named("2", "Eva Meier", map[string]any{"tags": []any{"x", "y"}, "size": "9"}))

	search := core.Query{Search: [][]string{{"ev"}}}
	if got := foundNames(t, s, e, search); len(got) > 0 {
		t.Errorf("a search where no field is searched found %v", got)
	}
	m, e := prepared(t, s, "  nick: {type: text, search: true}\n  tags: {type: list, of: {type: text}, index: true, search: true}\n  size: {type: decimal, index: true}\n")
	withY := core.Query{Filter: where(t, m, e, map[string]any{"tags": map[string]any{"some": map[string]any{"eq": "y"}}})}
	check := func(when string, q core.Query, want ...string) {
		t.Helper()
		if got := foundNames(t, s, e, q); !slices.Equal(got, want) {
			t.Errorf("%s: found %v; want %v", when, got, want)
		}
	}
	check("by a list that became indexed", withY, "Eva Meier")
	check("by a list that became searched", core.Query{Search: [][]string{{"y"}}}, "Eva Meier")
	check("by a text that became a decimal", core.Query{OrderBy: orders(e, "size")}, "Eva Meier", "Ada Lovelace")

	// While the index is gone nobody keeps its terms up ...
	_, e = prepared(t, s, "  tags: {type: list, of: {type: text}}\n")
	second := named("2", "Eva Schulz", map[string]any{"tags": []any{"z"}})
	second[0].Before, second[0].After.Version = &core.Record{Entity: "thing", ID: "2", Version: 1}, 2
	commitAll(t, s, e, second)
	// ... so it starts anew when it comes back.
	m, e = prepared(t, s, "  tags: {type: list, of: {type: text}, index: true}\n")
	check("by the old item", withY)
	withZ := core.Query{Filter: where(t, m, e, map[string]any{"tags": map[string]any{"some": map[string]any{"eq": "z"}}})}
	check("by the new item", withZ, "Eva Schulz")
}

// empty is a model that leaves thing to be defined later.
const empty = "entity: other\nfields: {name: {type: text}}"

func TestARuleThatTheModelGivesUpIsGivenUp(t *testing.T) {
	s := memory(t, load(t, empty))
	_, e := prepared(t, s, "  code: {type: text, unique: true}\n  badge: {type: text, unique: true}\n")
	commitAll(t, s, e, named("1", "x", map[string]any{"code": "A", "badge": "B"}))
	_, e = prepared(t, s, "  code: {type: text}\n") // and badge belongs to a plugin that is away
	commitAll(t, s, e, named("2", "x", map[string]any{"code": "A"}))
	err := s.Commit(t.Context(), e, named("3", "x", map[string]any{"badge": "B"}))[0]
	var ours *core.Error
	if !errors.As(err, &ours) || len(ours.Violations) != 1 || ours.Violations[0].Field != "badge" {
		t.Errorf("error is %v; want a Conflict about badge", err)
	}
	commitAll(t, s, e, named("3", "x", nil))
}

func TestAFieldThatCannotBecomeUniqueIsExplained(t *testing.T) {
	s := memory(t, load(t, empty))
	_, old := prepared(t, s, "  code: {type: text}\n")
	for i, code := range []string{"A", "B", "B", "B", "C", "C"} {
		commitAll(t, s, old, named(fmt.Sprint(i), "x", map[string]any{"code": code}))
	}
	err := s.Prepare(t.Context(), load(t, "entity: thing\nfields:\n  name: {type: text}\n  code: {type: text, unique: true}\n  late: {type: text, index: true}\n"))
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict {
		t.Fatalf("error is %v; want a Conflict", err)
	}
	const want = `test.yaml:4: field "code" of thing cannot be unique: live records have the same value. Change all but one of each, which xrm check --model lists, then start xrm again, or reload the plugin that wants it.`
	const cause = `3 records have "B": 1, 2, 3; 2 records have "C": 4, 5`
	if ours.Message != want || ours.Cause == nil || ours.Cause.Error() != cause {
		t.Errorf("message is %q and its cause %v; want %q and %q", ours.Message, ours.Cause, want, cause)
	}
	commitAll(t, s, old, named("9", "x", map[string]any{"code": "B"})) // the old model still holds
}

func TestNamesThatDifferByCaseAreDifferentTables(t *testing.T) {
	s := memory(t, load(t, "entity: orderLine\nfields: {name: {type: text}}", "entity: orderline\nplural: moreLines\nfields: {name: {type: text}}"))
	m := load(t, "entity: orderLine\nfields: {name: {type: text}}", "entity: orderline\nplural: moreLines\nfields: {name: {type: text}}")
	commitAll(t, s, m.Entity("orderLine"), named("1", "line", nil))
	if got := foundNames(t, s, m.Entity("orderline"), core.Query{}); len(got) > 0 {
		t.Errorf("the other entity found %v", got)
	}
}

func TestEveryShippedIndexIsMadeOnce(t *testing.T) {
	m := load(t, planned)
	s := memory(t, m)
	list := func() []string { return s.indexes(t) }
	want := []string{
		"entity_thing createdAt", "entity_thing deleted", "entity_thing id", "entity_thing owner", "entity_thing phone.e164", "entity_thing phone.raw", "entity_thing place.city",
		"entity_thing price.amount:decimal", "entity_thing sort:code", "entity_thing sort:color", "entity_thing sort:color -weight:decimal", "entity_thing sort:name", "entity_thing unique code", "entity_thing updatedAt", "entity_thing weight:decimal",
	}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("indexes: -want +got:\n%s", diff)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("indexes after a second Prepare: -want +got:\n%s", diff)
	}
}

// indexes are the names of those over records.
func (s *Store) indexes(t *testing.T) (names []string) {
	t.Helper()
	err := s.reading(t.Context(), "list", func(c *conn) (err error) {
		names, err = c.names(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'entity_%' ORDER BY name")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestFormerIndexesGiveWay opens a file as programs from before have left it.
func TestFormerIndexesGiveWay(t *testing.T) {
	m := load(t, planned, "role: agent\nof: thing\nfields:\n  rank: {type: integer, index: true}\n  area: {type: text, index: true}\nindexes:\n  - [area, color]\n")
	s := memory(t, m)
	want := s.indexes(t)
	former := []string{
		"name", "color", "color -weight:decimal", "agent.rank", "agent.area", "role:agent agent.rank", "role:agent agent.area", "role:agent sort:agent.area",
		"agent.area color", "role:agent agent.area color", "role:agent agent.area sort:color", "role:agent sort:agent.area sort:color",
	}
	err := s.writing(t.Context(), "lay", durable, func(ctx context.Context, c *conn) error {
		for _, words := range former {
			if _, err := c.ExecContext(ctx, "CREATE INDEX "+quoted("entity_thing "+words)+" ON entity_thing (version)"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.indexes(t)); diff != "" {
		t.Errorf("indexes: -want +got:\n%s", diff)
	}
}
