package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/storetest"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// positioned opens an empty store whose journal has its indexes.
func positioned(t *testing.T) *Store {
	t.Helper()
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	if err := s.indexJournal(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// line is an entry of a record, so many seconds after the hour.
func line(record string, version int64, second int) core.Entry {
	return core.Entry{Entity: "thing", RecordID: record, Version: version, Action: core.Updated, At: time.Date(2026, 2, 28, 9, 0, second, 0, time.UTC)}
}

// lines are n entries of a few records, one a second.
func lines(n int) []core.Entry {
	var all []core.Entry
	for i := range n {
		all = append(all, line(fmt.Sprint("r", i%7), int64(i/7+1), i))
	}
	return all
}

// appendAsBefore writes entries to the journal as the program did that knew
// nothing of positions.
func appendAsBefore(ctx context.Context, s *Store, entries []core.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	documents := make([]any, len(entries))
	for i, entry := range entries {
		documents[i] = append(bson.D{
			{Key: "_id", Value: journalID(entry.Entity, entry.RecordID, entry.Version)},
			{Key: "entity", Value: entry.Entity},
			{Key: "record", Value: entry.RecordID},
		}, encodeEntry(entry)...)
	}
	_, err := s.journal().Collection.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	return withoutDuplicates(err)
}

// names reads the whole journal, by positions without a gap, in short: "r1/2".
func names(t *testing.T, s *Store) []string {
	t.Helper()
	entries, last, err := s.EntriesAfter(t.Context(), 0, 1_000_000)
	if err != nil || int64(len(entries)) != last {
		t.Fatalf("%d entries up to position %d, %v", len(entries), last, err)
	}
	n, err := s.journal().CountDocuments(t.Context(), bson.D{})
	if err != nil || n != last {
		t.Fatalf("%d entries are in the journal, %v; the last position is %d", n, err, last)
	}
	all := []string{}
	for i, e := range entries {
		if e.Position != int64(i+1) {
			t.Fatalf("position %d comes after %d", e.Position, i)
		}
		all = append(all, fmt.Sprint(e.RecordID, "/", e.Version))
	}
	return all
}

func wantNames(t *testing.T, s *Store, want ...string) {
	t.Helper()
	if got := names(t, s); !slices.Equal(got, want) {
		t.Errorf("the journal is %q; want %q", got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseFromBeforeIsNumberedOnceByTime(t *testing.T) {
	s := positioned(t)
	before := []core.Entry{
		line("late", 1, 50), line("b", 1, 7), line("a", 2, 7), line("a", 1, 3),
		line("fast", 1, 40), line("fast", 2, 10), line("fast", 3, 20), line("fast", 4, 45), // the clock of who wrote the first was fast
	}
	must(t, appendAsBefore(t.Context(), s, before))
	n, err := s.Number(t.Context())
	if n != len(before) || err != nil {
		t.Fatalf("Number: %d, %v; want %d", n, err, len(before))
	}
	want := []string{"a/1", "a/2", "b/1", "fast/1", "fast/2", "fast/3", "fast/4", "late/1"}
	wantNames(t, s, want...)
	if n, err := s.Number(t.Context()); n != 0 || err != nil {
		t.Errorf("Number once more: %d, %v; want none", n, err)
	}
	must(t, s.Append(t.Context(), []core.Entry{line("new", 1, 1)}))
	wantNames(t, s, append(want, "new/1")...)
}

func TestARecordKeepsItsOrderWhereNumberingIsCutIntoParts(t *testing.T) {
	s := positioned(t)
	must(t, appendAsBefore(t.Context(), s, []core.Entry{line("a", 1, 30), line("a", 2, 20), line("a", 3, 10), line("b", 1, 15)}))
	oldest, err := s.numberless(t.Context(), 1)
	must(t, err)
	var got []string
	for _, e := range oldest {
		got = append(got, fmt.Sprint(e.Record, "/", e.Version))
	}
	if want := []string{"a/1", "a/2", "a/3"}; !slices.Equal(got, want) {
		t.Errorf("the first to be numbered are %q; want %q, which come before the oldest", got, want)
	}
}

func TestNumberingGoesOnWhereItWasCutOff(t *testing.T) {
	const n = 5
	for died := range n + 1 {
		s := positioned(t)
		must(t, appendAsBefore(t.Context(), s, lines(n)))
		entries, err := s.numberless(t.Context(), n)
		must(t, err)
		if given, err := s.give(t.Context(), entries[:died], 0); given != died || err != nil {
			t.Fatalf("give: %d, %v; want %d", given, err, died)
		}
		next := beside(t, s)
		t.Cleanup(func() { next.Close() })
		if given, err := next.Number(t.Context()); given != n-died || err != nil {
			t.Errorf("after %d were numbered Number gives %d, %v; want %d", died, given, err, n-died)
		}
		wantNames(t, s, "r0/1", "r1/1", "r2/1", "r3/1", "r4/1")
	}
}

func TestSeveralInstancesNumberADatabaseFromBeforeAtOnce(t *testing.T) {
	s := positioned(t)
	const n = 4 * perCommand
	must(t, appendAsBefore(t.Context(), s, lines(n)))
	var numbering sync.WaitGroup
	for i := range 3 {
		other := beside(t, s)
		numbering.Go(func() {
			defer other.Close()
			for begun := int64(0); begun < int64(i); { // one begins when another is at it
				var err error
				if _, begun, err = other.EntriesAfter(t.Context(), 0, 0); err != nil {
					t.Errorf("EntriesAfter: %v", err)
					return
				}
			}
			if _, err := other.Number(t.Context()); err != nil {
				t.Errorf("Number: %v", err)
			}
		})
	}
	numbering.Wait()
	if got := names(t, s); len(got) != n || got[0] != "r0/1" || got[n-1] != fmt.Sprint(lines(n)[n-1].RecordID, "/", n/7+1) {
		t.Errorf("%d entries are numbered, from %s to %s", len(got), got[0], got[len(got)-1])
	}
}

// TestAWriteThatComesLateIsRefused looks at what protects the positions from a
// relay that has slept since it looked for the last one.
func TestAWriteThatComesLateIsRefused(t *testing.T) {
	s := positioned(t)
	must(t, s.Append(t.Context(), lines(3)))
	const last = 1 // as it was when the relay fell asleep
	_, err := s.journal().Collection.InsertMany(t.Context(), placed([]core.Entry{line("late", 1, 1), line("late", 2, 2), line("late", 3, 3)}, last))
	if !isDuplicate(err) {
		t.Fatalf("entries at positions that are taken: %v; want them refused", err)
	}
	wantNames(t, s, "r0/1", "r1/1", "r2/1") // not even the third, whose position was free

	must(t, appendAsBefore(t.Context(), s, []core.Entry{line("old", 1, 1), line("old", 2, 2), line("old", 3, 3)}))
	entries, err := s.numberless(t.Context(), 10)
	must(t, err)
	if n, err := s.give(t.Context(), entries, last); n != 0 || !isDuplicate(err) {
		t.Fatalf("positions that are taken were given to %d entries, %v; want them refused", n, err)
	}
	_, err = s.Number(t.Context())
	must(t, err)
	wantNames(t, s, "r0/1", "r1/1", "r2/1", "old/1", "old/2", "old/3")
}

func TestTheLastPositionIsFoundFromAnywhere(t *testing.T) {
	s := positioned(t)
	for n := int64(0); n < 70; n++ {
		for _, known := range []int64{0, 1, n / 2, n - 1, n, n + 1, n + 64, 1_000_000} { // those behind n were there before a backup was restored
			s.tail.saw(max(0, known))
			if last, err := s.last(t.Context()); last != n || err != nil {
				t.Fatalf("from %d the last position is %d, %v; want %d", known, last, err, n)
			}
		}
		must(t, s.Append(t.Context(), []core.Entry{line("r", n+1, 0)}))
	}
}

func TestAnAnswerThatIsLostLeavesNoGap(t *testing.T) {
	s := positioned(t)
	door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
	behind, err := New(Config{URI: "mongodb://" + door.address + "/" + s.db.Name()})
	must(t, err)
	t.Cleanup(func() { behind.Close() })
	must(t, behind.Append(t.Context(), lines(3)))
	door.Mute()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := behind.journal().Collection.InsertMany(ctx, placed(lines(8)[3:], 3)); err == nil {
		t.Fatal("the answer came through")
	}
	must(t, s.Append(t.Context(), append(lines(8)[3:], line("new", 1, 1))))
	wantNames(t, s, "r0/1", "r1/1", "r2/1", "r3/1", "r4/1", "r5/1", "r6/1", "r0/2", "new/1")
}

func TestWhatAProgramFromBeforeMovedAMomentAgoComesFirst(t *testing.T) {
	s := positioned(t)
	must(t, s.Append(t.Context(), []core.Entry{line("a", 1, 1)}))
	must(t, appendAsBefore(t.Context(), s, []core.Entry{line("a", 2, 2), line("b", 1, 1)}))
	must(t, s.Append(t.Context(), []core.Entry{line("a", 1, 1), line("a", 2, 2), line("a", 3, 3)}))
	wantNames(t, s, "a/1", "b/1", "a/2", "a/3")
}

// TestAProgramFromBeforeMayRunBeside is an upgrade of one instance after the
// other: the relays of those that are to come know nothing of positions.
func TestAProgramFromBeforeMayRunBeside(t *testing.T) {
	s := positioned(t)
	m := model(t)
	e := m.Entity("thing")
	must(t, s.Prepare(t.Context(), m))
	const records, versions = 4, 15
	var writing, relaying sync.WaitGroup
	written, stop := context.WithCancel(t.Context())
	for i := range records {
		writing.Go(func() {
			c := creation(e, fmt.Sprint("r", i), object{"size": int64(0)})
			for v := range int64(versions) {
				if err := s.Commit(t.Context(), e, []core.Change{c})[0]; err != nil {
					t.Error(err)
				}
				next := c.After.Clone()
				next.Version, next.Values = c.After.Version+1, object{"size": v + 1}
				c = core.Change{At: c.At, Action: core.Updated, Before: c.After, After: next}
			}
		})
	}
	relay := func(move func(*Store, []core.Entry) error) {
		other := beside(t, s)
		relaying.Go(func() {
			defer other.Close()
			for {
				done := written.Err() != nil
				entries, err := storetest.Pending(t.Context(), other, 5)
				if err == nil {
					err = move(other, entries)
				}
				if err == nil {
					err = other.Settle(t.Context(), entries)
				}
				if err != nil {
					t.Error(err)
				}
				if err != nil || done && len(entries) == 0 {
					return
				}
			}
		})
	}
	relay(func(s *Store, entries []core.Entry) error { return appendAsBefore(t.Context(), s, entries) })
	for range 2 {
		relay(func(s *Store, entries []core.Entry) error {
			_, err := s.Number(t.Context())
			return errors.Join(err, s.Append(t.Context(), entries))
		})
	}
	writing.Wait()
	stop()
	relaying.Wait()
	_, err := s.Number(t.Context())
	must(t, err)
	all := names(t, s)
	if len(all) != records*versions {
		t.Errorf("%d entries have positions; want %d", len(all), records*versions)
	}
	next := map[string]int64{}
	for _, name := range all {
		record, _, _ := strings.Cut(name, "/")
		if next[record]++; name != fmt.Sprint(record, "/", next[record]) {
			t.Fatalf("%s comes where version %d was to come: %q", name, next[record], all)
		}
	}
}

// TestPositionsAreFoundByTheirIndexes looks at what is asked for each batch,
// however long the journal is.
func TestPositionsAreFoundByTheirIndexes(t *testing.T) {
	s := positioned(t)
	must(t, s.Append(t.Context(), lines(3000)))
	tests := map[string]struct {
		filter bson.D
		want   string
	}{
		"the last":         {bson.D{{Key: positionField, Value: bson.D{{Key: "$in", Value: []int64{3000, 3001, 3002, 3004}}}}}, "position"},
		"a page":           {bson.D{{Key: positionField, Value: bson.D{{Key: "$gt", Value: int64(70)}, {Key: "$lte", Value: int64(90)}}}}, "position"},
		"what has none":    {unnumbered(), "unnumbered"},
		"one of them":      {append(bson.D{{Key: idField, Value: journalID("thing", "r1", 1)}}, unnumbered()...), "_id_"},
		"those of a batch": {bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: []string{journalID("thing", "r1", 1)}}}}}, "_id_"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, s, bson.D{{Key: "find", Value: journalCollection}, {Key: "filter", Value: tt.filter}, {Key: "limit", Value: 100}})
			if used := indexesIn(t, plan); !slices.Contains(used, tt.want) {
				t.Errorf("the server would use the indexes %q; want %q:\n%s", used, tt.want, plan)
			}
		})
	}
}
