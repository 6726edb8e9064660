package mongo

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// ages are two instances of one database: the older one does not know that a text has
// an index by now.
type ages struct {
	t            *testing.T
	older, newer *aged
}

type aged struct {
	*Store
	model *schema.Model
	thing *schema.Entity
}

func newAges(t *testing.T, older, newer string) *ages {
	t.Helper()
	first := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { first.Close() })
	second, err := New(Config{URI: mongotest.Server(t) + "/" + first.db.Name(), Search: patient})
	must(t, err)
	t.Cleanup(func() { second.Close() })
	at := func(s *Store, fields string) *aged {
		s.keptFor = 0 // it looks before each write
		m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte("entity: thing\nfields: {size: {type: integer}, " + fields + "}\n")})
		must(t, err)
		return &aged{s, m, m.Entity("thing")}
	}
	return &ages{t, at(first, older), at(second, newer)}
}

func (a *aged) start(t *testing.T) {
	t.Helper()
	must(t, a.Prepare(t.Context(), a.model))
}

func (a *aged) create(t *testing.T, id string, values map[string]any) core.Change {
	t.Helper()
	c := creation(a.thing, id, values)
	must(t, errors.Join(a.Commit(t.Context(), a.thing, []core.Change{c})...))
	return c
}

func (a *aged) change(t *testing.T, c core.Change, values map[string]any) core.Change {
	t.Helper()
	after := *c.After
	after.Version++
	after.Values = values
	next := core.Change{Action: core.Updated, Before: c.After, After: &after, Actor: c.Actor, At: c.At}
	must(t, errors.Join(a.Commit(t.Context(), a.thing, []core.Change{next})...))
	return next
}

// finds wants a filter, by its operators, and the order to find records by their names.
func (a *aged) finds(t *testing.T, when string, name string, want ...string) {
	t.Helper()
	order, err := a.thing.SortKey("name", false)
	must(t, err)
	for how, filter := range map[string]object{
		"eq": {"name": object{"eq": name}}, "in": {"name": object{"in": []any{name}}}, "startsWith": {"name": object{"startsWith": name}},
		"a range": {"name": object{"gte": name, "lte": name}},
	} {
		f, err := a.model.ParseFilter(a.thing, filter, true)
		must(t, err)
		found, err := a.Find(t.Context(), a.thing, core.Query{Filter: f, First: 10, OrderBy: []core.Order{order}})
		must(t, err)
		var ids []string
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %s of %q finds %q; want %q", when, how, name, ids, want)
		}
	}
}

// inOrder wants all records in the order of their names.
func (a *aged) inOrder(t *testing.T, want ...string) {
	t.Helper()
	order, err := a.thing.SortKey("name", false)
	must(t, err)
	found, err := a.Find(t.Context(), a.thing, core.Query{First: 10, OrderBy: []core.Order{order}})
	must(t, err)
	var ids []string
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, want) {
		t.Errorf("in the order of names: %q; want %q", ids, want)
	}
}

const (
	plainName   = "name: {type: text}"
	indexedName = "name: {type: text, index: true}"
)

func TestWhatAnInstanceOfAnOlderModelWritesIsFound(t *testing.T) {
	a := newAges(t, plainName, indexedName)
	a.older.start(t)
	first := a.older.create(t, "1", object{"name": "Zorn"})
	a.newer.start(t)
	a.older.create(t, "2", object{"name": "Ärlig"})
	a.newer.finds(t, "created by the older one", "Ärlig", "2")
	a.older.change(t, first, object{"name": "Emil"})
	a.newer.finds(t, "changed by the older one", "Emil", "1")
	a.newer.finds(t, "changed by the older one", "Zorn")
	a.newer.inOrder(t, "2", "1")
}

func TestAnInstanceOfAnOlderModelThatStartsLaterKeepsUpSortKeys(t *testing.T) {
	a := newAges(t, plainName, indexedName)
	a.newer.start(t)
	a.newer.create(t, "1", object{"name": "Zorn"})
	a.older.start(t)
	a.older.create(t, "2", object{"name": "Ärlig"})
	a.newer.finds(t, "created by the older one", "Ärlig", "2")
	a.newer.inOrder(t, "2", "1")
}

func TestSortKeysAreKeptUpWhileAFieldIsSomethingElse(t *testing.T) {
	a := newAges(t, "name: {type: enum, options: [arlig, zorn, emil]}", indexedName)
	a.newer.start(t)
	first := a.newer.create(t, "1", object{"name": "zorn"})
	a.older.start(t)
	a.older.create(t, "2", object{"name": "arlig"})
	a.older.change(t, first, object{"name": "emil"})
	a.newer.start(t)
	a.newer.finds(t, "written as an enum", "arlig", "2")
	a.newer.finds(t, "written as an enum", "emil", "1")
	a.newer.inOrder(t, "2", "1")
}

const (
	plainNote    = "note: {type: text}"
	searchedNote = "note: {type: text, search: true}"
)

// search wants the full text search to find records.
func (a *aged) search(t *testing.T, when string, text string, want ...string) {
	t.Helper()
	found, err := a.Find(t.Context(), a.thing, core.Query{Search: a.thing.SearchTerms(text), First: 10})
	must(t, err)
	var ids []string
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, want) {
		t.Errorf("%s: the search for %q finds %q; want %q", when, text, ids, want)
	}
}

func TestWhatAnInstanceOfAnOlderModelWritesIsFoundByTheSearch(t *testing.T) {
	a := newAges(t, plainNote, searchedNote)
	a.older.start(t)
	first := a.older.create(t, "1", object{"note": "one apple"})
	a.newer.start(t)
	a.newer.search(t, "from before", "apple", "1")
	a.older.create(t, "2", object{"note": "two apples"})
	a.newer.search(t, "created by the older one", "apple", "1", "2")
	a.older.change(t, first, object{"note": "one pear"})
	a.newer.search(t, "changed by the older one", "apple", "2")
	a.newer.search(t, "changed by the older one", "pear", "1")
	must(t, a.newer.Attend(t.Context(), core.Presence{Instance: "newer"}, time.Hour))
	a.older.start(t)
	a.older.create(t, "3", object{"note": "three pears"})
	a.newer.search(t, "created by the older one that started once more", "pear", "1", "3")

	must(t, a.newer.Leave(t.Context(), "newer"))
	a.older.start(t)
	a.older.create(t, "4", object{"note": "four pears"})
	a.newer.search(t, "when nobody searches it any more", "pear")
}

// A batch is applied when it is decided, which may be long after its updates were made.
func TestWhatAnInstanceOfAnOlderModelWritesInABatchIsFound(t *testing.T) {
	a := newAges(t, plainName+", "+plainNote, indexedName+", "+searchedNote)
	a.older.start(t)
	first := a.older.create(t, "1", object{"name": "Zorn", "note": "one apple"})
	a.newer.start(t)
	after := *first.After
	after.Version, after.Values = 2, object{"name": "Emil", "note": "one pear"}
	b := core.Batch{ID: "b1", Steps: []core.Step{
		{Entity: a.older.thing, Change: core.Change{Action: core.Updated, Before: first.After, After: &after, Actor: first.Actor, At: first.At}},
		{Entity: a.older.thing, Change: creation(a.older.thing, "2", object{"name": "Ärlig", "note": "two pears"})},
	}}
	must(t, errors.Join(a.older.CommitAll(t.Context(), b)...))
	a.newer.finds(t, "changed in a batch", "Emil", "1")
	a.newer.finds(t, "created in a batch", "Ärlig", "2")
	a.newer.inOrder(t, "2", "1")
	a.newer.search(t, "in a batch", "pear", "1", "2")
}

// An instance that has read lately which keys are kept is waited for.
func TestSortKeysAreMadeWhenAllInstancesKeepThemUp(t *testing.T) {
	a := newAges(t, plainName, indexedName)
	a.older.start(t)
	a.older.create(t, "1", object{"name": "Zorn"})
	a.newer.keptFor = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.newer.Prepare(ctx, a.newer.model) }()
	for {
		d, err := a.older.sortingOf(t.Context(), a.older.thing)
		must(t, err)
		if slices.Contains(d.Adding, "name") {
			break
		}
	}
	a.older.create(t, "2", object{"name": "Ärlig"})
	cancel()
	if err := <-ended; err == nil {
		t.Error("the keys are made while other instances may not know of them")
	}
	n, err := a.older.collection(a.older.thing).CountDocuments(t.Context(), bson.D{{Key: keyPath("name"), Value: bson.D{{Key: "$ne", Value: nil}}}})
	if err != nil || n != 1 {
		t.Errorf("%d records have a key, %v; want that one which was written since", n, err)
	}
	a.newer.keptFor = 0
	a.newer.start(t)
	a.newer.inOrder(t, "2", "1")
}
