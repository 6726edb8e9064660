package mongo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	plainCode  = "code: {type: text}"
	uniqueCode = "code: {type: text, unique: true}"
)

// claimsHold wants every living record to have the claims that the model of a store asks
// for, with which note they go, and all others to have none. No two have the same value.
func claimsHold(t *testing.T, s *Store, when string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // it is called at the end as well
	s.declared.Range(func(name, known any) bool {
		cursor, err := s.in(name.(string)).Find(ctx, isRecord())
		must(t, err)
		seen := map[string]string{}
		_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
			r, err := decodeRecord(name.(string), raw)
			if err != nil {
				return struct{}{}, err
			}
			var want []string
			for _, path := range known.(*declared).claimed {
				if v := schema.Lookup(r.Values, path); v != nil && !r.Deleted() {
					want = append(want, fmt.Sprintf("%s=%v", path, v))
				}
			}
			for _, one := range want {
				if other, has := seen[one]; has {
					t.Errorf("%s: %s and %s of %s both have %s", when, other, r.ID, name, one)
				}
				seen[one] = r.ID
			}
			got := slices.DeleteFunc(claimsIn(raw), func(one string) bool { // what was unique may have claims left
				path, value, _ := strings.Cut(one, "=")
				return !slices.Contains(want, one) && !r.Deleted() && fmt.Sprint(schema.Lookup(r.Values, path)) == value
			})
			if !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Errorf("%s: %s %s claims %q; want %q", when, name, r.ID, got, want)
			}
			if _, noted := raw.Lookup(notedField).Int64OK(); noted == r.Deleted() {
				t.Errorf("%s: %s %s, deleted %v: it says by which note it goes: %v", when, name, r.ID, r.Deleted(), noted)
			}
			return struct{}{}, nil
		})
		must(t, err)
		return true
	})
}

func (a *aged) tries(t *testing.T, id, code string) error {
	t.Helper()
	return a.Commit(t.Context(), a.thing, []core.Change{creation(a.thing, id, object{"code": code})})[0]
}

// taken wants a record with a code to be refused as a duplicate.
func (a *aged) taken(t *testing.T, when, id, code string) {
	t.Helper()
	err := a.tries(t, id, code)
	var ours *core.Error
	if !errors.As(err, &ours) || len(ours.Violations) != 1 || ours.Violations[0].Field != "code" || ours.Violations[0].Rule != "unique" ||
		ours.Violations[0].Message != "must be unique, and another thing has it already" {
		t.Errorf("%s: the code %s: %v; want that another thing has it already", when, code, err)
	}
}

// An instance whose model does not know that a field is unique keeps it so, whatever it has
// read of that before.
func TestAnInstanceOfAnOlderModelKeepsUniqueWhatOthersKnow(t *testing.T) {
	for name, keptFor := range map[string]time.Duration{"that looks each time": 0, "that looked before": time.Hour} {
		t.Run(name, func(t *testing.T) {
			a := newAges(t, plainCode, uniqueCode)
			a.older.keptFor = keptFor
			a.older.start(t)
			first := a.older.create(t, "1", object{"code": "A"})
			a.newer.start(t)
			a.older.taken(t, "of a record from before", "2", "A")
			a.older.create(t, "2", object{"code": "B"})
			a.newer.taken(t, "of a record of the older one", "3", "B")
			a.older.change(t, first, object{"code": "C"})
			a.newer.taken(t, "changed by the older one", "3", "C")
			a.newer.create(t, "3", object{"code": "A"})
			a.older.taken(t, "of a record of the newer one", "4", "A")
			claimsHold(t, a.newer.Store, "at the end")
		})
	}
}

// Between the decision of a batch and its end nobody takes the values that it gives.
func TestAnInstanceOfAnOlderModelLeavesTheValuesOfABatchToIt(t *testing.T) {
	a := newAges(t, plainCode, uniqueCode)
	a.older.keptFor = time.Hour
	a.older.start(t)
	first := a.older.create(t, "1", object{"code": "A"})
	a.newer.start(t)
	after := *first.After
	after.Version, after.Values = 2, object{"code": "B"}
	b := core.Batch{ID: "b1", Steps: []core.Step{
		{Entity: a.newer.thing, Change: core.Change{Action: core.Updated, Before: first.After, After: &after, Actor: first.Actor, At: first.At}},
		{Entity: a.newer.thing, Change: creation(a.newer.thing, "2", object{"code": "D"})},
	}}
	decideOnly(t, a.newer.Store, b)
	for _, code := range []string{"A", "B", "D"} {
		if err := a.older.tries(t, "3"+code, code); core.CodeOf(err) != core.Conflict {
			t.Errorf("the older one takes %s: %v; want a conflict with the batch", code, err)
		}
	}
	must(t, a.newer.EndBatch(t.Context(), b.ID))
	a.older.taken(t, "after the batch", "4", "B")
	a.older.create(t, "5", object{"code": "A"})
	claimsHold(t, a.newer.Store, "after the batch")
}

// What is unique no more may be there twice, whatever was claimed, and then not become
// unique again. A start that was refused leaves nothing behind.
func TestAFieldThatIsNotUniqueAnyMoreRefusesNothing(t *testing.T) {
	a := newAges(t, plainCode, uniqueCode)
	a.newer.start(t)
	first := a.newer.create(t, "1", object{"code": "A"})
	a.older.start(t)
	a.older.create(t, "2", object{"code": "A"})
	err := a.newer.Prepare(t.Context(), a.newer.model)
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict || !strings.HasPrefix(ours.Message, `test.yaml:2: field "code" of thing cannot be unique: `) || ours.Cause.Error() != `2 records have "A": 1, 2` {
		t.Fatalf("Prepare: %v; want it to name the records", err)
	}
	third := a.older.create(t, "3", object{"code": "A"})
	a.older.change(t, first, object{"code": "B"})
	a.older.change(t, third, object{"code": "C"})
	a.newer.start(t)
	claimsHold(t, a.newer.Store, "unique again")
	a.older.taken(t, "unique again", "4", "A")
}

// indexNames are those of the things.
func (a *aged) indexNames(t *testing.T) (names []string) {
	t.Helper()
	there, err := a.collection(a.thing).Indexes().ListSpecifications(t.Context())
	must(t, err)
	for _, index := range there {
		if slices.ContainsFunc([]string{uniquePrefix, livePrefix, claimsIndex}, func(p string) bool { return strings.HasPrefix(index.Name, p) }) {
			names = append(names, index.Name)
		}
	}
	slices.Sort(names)
	return names
}

// A start is killed before each of its commands in turn, while a field becomes unique or a
// database of a former version gets its claims. Others write, and the next start ends it.
func TestClaimsThatWereCutOffAnywhereAreMadeByTheNextStart(t *testing.T) {
	for name, before := range map[string]func(t *testing.T, a *ages){
		"a field becomes unique": func(t *testing.T, a *ages) {
			must(t, a.older.prepareRecords(t.Context(), a.older.model, a.older.thing))
		},
		"a database of a former version": func(t *testing.T, a *ages) {
			things := a.newer.collection(a.newer.thing)
			_, err := things.Collection.UpdateMany(t.Context(), bson.D{}, bson.D{{Key: "$unset", Value: unsetting([]string{claimsField, notedField})}})
			must(t, err)
			_, err = a.newer.sorting().DeleteMany(t.Context(), bson.D{{Key: idField, Value: uniqueNoteID("thing")}})
			must(t, err)
			_, err = things.DeleteMany(t.Context(), bson.D{{Key: idField, Value: postID}})
			must(t, err)
			must(t, a.newer.dropIndex(t.Context(), a.newer.thing, "live:code"))
			must(t, a.newer.dropFences(t.Context(), a.newer.thing, math.MaxInt64))
			_, err = things.Indexes().CreateOne(t.Context(), driver.IndexModel{
				Keys: bson.D{{Key: "code", Value: 1}},
				Options: options.Index().SetName("unique:code").SetUnique(true).SetPartialFilterExpression(bson.D{
					{Key: liveField, Value: true}, {Key: "code", Value: bson.D{{Key: "$exists", Value: true}}},
				}),
			})
			must(t, err)
			a.newer.keptKeys.Clear()
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAges(t, plainCode, uniqueCode)
			a.older.start(t)
			var last core.Change
			for i := range 7 {
				last = a.older.create(t, fmt.Sprint(i), object{"code": fmt.Sprint("c", i)})
			}
			deleted := a.older.create(t, "deleted", object{"code": "c1x"})
			gone := *deleted.After
			gone.Version, gone.DeletedAt = 2, deleted.At
			must(t, a.older.Commit(t.Context(), a.older.thing, []core.Change{{Action: core.Deleted, Before: deleted.After, After: &gone, Actor: deleted.Actor, At: deleted.At}})[0])
			a.newer.start(t)
			m := mortalBeside(t, a.newer.Store)
			m.rekeyBatch = 3
			must(t, m.Prepare(t.Context(), a.newer.model)) // connected
			former := strings.Contains(name, "former")
			for n, died := 0, true; died; n++ {
				before(t, a)
				died = m.dies(n, func() { must(t, m.prepareRecords(t.Context(), a.newer.model, a.newer.thing)) })
				_, err := a.newer.in(leasesCollection).DeleteMany(t.Context(), bson.D{})
				must(t, err)
				when := fmt.Sprintf("killed before command %d", n+1)
				if former {
					a.newer.taken(t, when, "x", "c2")
				} else {
					last = a.older.change(t, last, object{"code": fmt.Sprint("later", n)})
				}
				must(t, a.newer.prepareRecords(t.Context(), a.newer.model, a.newer.thing))
				claimsHold(t, a.newer.Store, when)
				a.newer.taken(t, when, "x", "c3")
				if got := a.newer.indexNames(t); !slices.Equal(got, []string{"claims", "live:code"}) {
					t.Errorf("%s: the indexes %q; want claims and what finds a value", when, got)
				}
				if t.Failed() {
					t.FailNow()
				}
				if !died && n < 15 {
					t.Errorf("it is done after %d commands; want more, for three batches", n)
				}
			}
		})
	}
}

// Instances of both models write all the time, one of which sleeps while the newer one
// starts, and looks once an hour what others know. From when that has started none of the
// values that they write then is there twice.
func TestNoDuplicateSlipsInWhileAFieldBecomesUnique(t *testing.T) {
	a := newAges(t, plainCode, uniqueCode)
	a.older.start(t)
	late := beside(t, a.older.Store)
	t.Cleanup(func() { late.Close() })
	late.keptFor = time.Hour
	must(t, late.Prepare(t.Context(), a.older.model))
	var group sync.WaitGroup
	starting, started, end := make(chan struct{}), make(chan struct{}), make(chan struct{})
	ending := sync.OnceFunc(func() { close(end) })
	defer group.Wait()
	defer ending()
	write := func(name string, s *aged, sleeps bool) {
		group.Go(func() {
			for i := 0; !isOver(end); i++ {
				if sleeps && isOver(starting) {
					select {
					case <-started:
					case <-end:
					}
				}
				code := fmt.Sprint(name, i)
				if isOver(started) { // all write the same from then on
					code = fmt.Sprint("shared", i%200)
				}
				if err := s.tries(t, fmt.Sprint(name, i), code); err != nil && core.CodeOf(err) != core.Conflict {
					t.Errorf("%s writes %s: %v", name, code, err)
					return
				}
			}
		})
	}
	write("older", a.older, false)
	write("late", &aged{late, a.older.model, a.older.thing}, true)
	for range 20 {
		a.older.create(t, fmt.Sprint("own", bson.NewObjectID().Hex()), object{"code": bson.NewObjectID().Hex()})
	}
	close(starting)
	a.newer.start(t)
	write("newer", a.newer, false)
	close(started)
	time.AfterFunc(2*time.Second, ending)
	group.Wait()
	claimsHold(t, a.newer.Store, "at the end")
}

func isOver(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestEqualNumbersHaveOneClaim(t *testing.T) {
	e := modelOf(t, "entity: thing\nfields: {weight: {type: decimal, unique: true}, code: {type: text, unique: true}}\n").Entity("thing")
	for _, text := range []string{"1", "1.0", "1.00"} {
		if got := claim(e, "weight", text); got != "weight=1" {
			t.Errorf("the claim of the weight %s is %q; want weight=1", text, got)
		}
	}
	if got := claim(e, "code", "1.0"); got != "code=1.0" {
		t.Errorf("the claim of the code 1.0 is %q; want code=1.0: a text is no number", got)
	}
}

// A process has died before it had the mark of its batch taken away. Whoever comes across
// it goes by what is noted by now, whatever he has read before.
func TestAnInstanceOfAnOlderModelTakesAwayTheMarkOfADeadBatch(t *testing.T) {
	a := newAges(t, plainCode, uniqueCode)
	a.older.keptFor = time.Hour
	a.older.start(t)
	a.older.create(t, "0", object{"code": "Z"}) // and has read what is noted
	a.newer.start(t)
	first := a.newer.create(t, "1", object{"code": "A"})
	_, err := a.newer.collection(a.newer.thing).UpdateOne(t.Context(), bson.D{{Key: idField, Value: "1"}}, bson.D{{Key: "$set", Value: bson.D{{Key: batchField, Value: "gone"}}}})
	must(t, err)
	after := *first.After
	after.Version, after.Values = 2, object{"code": "B"}
	next := core.Change{Action: core.Updated, Before: first.After, After: &after, Actor: first.Actor, At: first.At}
	if err := a.older.Commit(t.Context(), a.older.thing, []core.Change{next})[0]; core.CodeOf(err) != core.Conflict {
		t.Errorf("the change that comes across the mark: %v; want a conflict, after which it is tried again", err)
	}
	a.older.change(t, first, object{"code": "B"})
	claimsHold(t, a.newer.Store, "at the end")
}
