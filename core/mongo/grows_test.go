package mongo

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// overheard is a store whose commands can be looked at.
type overheard struct {
	*big
	mu       sync.Mutex
	commands []bson.Raw
}

func overhear(t *testing.T, n int) *overheard {
	t.Helper()
	o := &overheard{big: grown(t, n)}
	opts := options.Client().ApplyURI(mongotest.Server(t)).SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.commands = append(o.commands, bson.Raw(slices.Clone(e.Command)))
	}})
	client, err := driver.Connect(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	o.db = client.Database(o.db.Name())
	return o
}

// heard are the commands since the last call.
func (o *overheard) heard() []bson.Raw {
	o.mu.Lock()
	defer o.mu.Unlock()
	commands := o.commands
	o.commands = nil
	return commands
}

// TestNoListGrowsWithTheData asks for forms of list of a database in which a page
// may look at few of the records. What one index does not answer is either
// refused, or found where the server finds it, with nothing asked that has no end.
func TestNoListGrowsWithTheData(t *testing.T) {
	b := overhear(t, 240)
	b.farthest = 40
	b.ordering.Store(orderFromIndexes) // the ways of MongoDB, on whatever engine this is
	forms := storetest.Forms(t, b, b.model)
	slices.SortFunc(forms, func(a, b storetest.Form) int { return strings.Compare(a.Name, b.Name) })
	request := core.OneRequest(t.Context())
	if err := b.seenWhole(request); err != nil { // what that looks at are the batches on their way
		t.Fatal(err)
	}
	b.heard()
	answered, refused := 0, 0
	for n, f := range forms {
		if n%9 != 0 && f.Per == nil {
			continue
		}
		p := b.planned(t, f)
		b.heard()
		found, err := b.Find(request, f.Entity, f.Query)
		if f.Per == nil && !p.served() {
			for _, command := range b.heard() {
				if !behindReference(command) && !hasEnd(command, 2*b.farthest) && !isFew(conditionsOf(p.selected), p.indexes.unique, b.farthest) {
					t.Errorf("%s: nothing bounds what %s looks at", f.Name, command)
				}
			}
		}
		switch {
		case core.CodeOf(err) == core.Invalid:
			if refused++; !strings.Contains(err.Error(), "would have to look at more than 40 records to fill its page") {
				t.Errorf("%s is refused with %q", f.Name, err)
			}
			continue
		case err != nil:
			t.Fatalf("%s: %v", f.Name, err)
		}
		answered++
		if f.Per != nil {
			continue // storetest compares those
		}
		want, err := p.plainly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(found, want, func(a, b *core.Record) bool { return a.ID == b.ID }) {
			t.Errorf("%s finds %d records, and %d without a bound, or others", f.Name, len(found), len(want))
		}
		b.heard()
	}
	t.Logf("%d forms are answered, %d refused where a page may look at %d of %d records", answered, refused, b.farthest, b.n)
	if answered == 0 || refused == 0 {
		t.Error("there is nothing to compare")
	}
}

// planned is the planner of a form, with what is behind its references looked up.
func (b *big) planned(tb testing.TB, f storetest.Form) *planner {
	tb.Helper()
	var err error
	if f.Filter, err = b.reached(tb.Context(), f.Filter); err != nil {
		tb.Fatal(err)
	}
	p, _, err := b.planner(f.Entity, f.Query)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// behindReference says whether a command looks ids up, or goes on with an answer.
// The number of ids is bounded, and the time, but not what is looked at to find them.
func behindReference(command bson.Raw) bool {
	if command.Index(0).Key() == "getMore" {
		return true
	}
	limit, _ := command.Lookup("limit").AsInt64OK()
	return limit == maxReached+1
}

// hasEnd says whether a command stops after so many records: it matches, may sort
// as an index does, and then limits, before it does anything else.
func hasEnd(command bson.Raw, most int) bool {
	pipeline, ok := command.Lookup("pipeline").ArrayOK()
	if !ok {
		return false
	}
	stages, _ := pipeline.Values()
	for _, stage := range stages {
		switch first, _ := stage.Document().Index(0).KeyErr(); first {
		case "$match", "$sort":
		case "$limit":
			return stage.Document().Lookup("$limit").AsInt64() <= int64(most)
		default:
			return false
		}
	}
	return false
}

// TestARoleIsListedInTheOrderOfWhatItAdds wants one index to begin with who holds
// the role, and no more indexes than a collection can have.
func TestARoleIsListedInTheOrderOfWhatItAdds(t *testing.T) {
	b := grown(t, 20)
	there, err := b.collection(b.party).Indexes().ListSpecifications(t.Context())
	if err != nil || len(there) > maxIndexes {
		t.Fatalf("%d indexes, %v", len(there), err)
	}
	for _, view := range []string{"customer", "supplier", "partner", "prospect"} {
		role := b.model.Entity(view)
		for _, reverse := range []bool{false, true} {
			o, err := role.SortKey("number", false)
			if err != nil {
				t.Fatal(err)
			}
			p, _, err := b.planner(b.party, core.Query{Filter: role.HasRole(), OrderBy: []core.Order{o}, Reverse: reverse, First: 1})
			if err != nil || !p.served() {
				t.Errorf("no index has the %s by number, reverse %v; %v", role.Plural, reverse, err)
			}
		}
	}
}

// Indexes for speed alone take no room from those that a site asks for.
func TestIndexesForSpeedGiveWay(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	text := "extend: party\nfields:\n"
	base := grownModel(t)
	for i := range maxIndexes - 1 - fences - len(indexesOf(base, base.Entity("party"))) {
		text += "  own" + strconv.Itoa(i) + ": {type: integer, index: true}\n"
	}
	m := grownModel(t, schema.Source{File: "site.yaml", Data: []byte(text)})
	for _, m := range []*schema.Model{base, m, m} { // first they take what is left, then they go, then all are there
		if err := s.Prepare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	there, err := s.collection(m.Entity("party")).Indexes().ListSpecifications(t.Context())
	if err != nil || len(there) != maxIndexes-fences {
		t.Errorf("%d indexes, %v; want %d, and room for fences", len(there), err, maxIndexes-fences)
	}
}
