package sqlite

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
)

// hold takes connections for lists, each in a transaction that reads.
func (s *Store) hold(t *testing.T, n int) (release func()) {
	t.Helper()
	var held []*conn
	for range n {
		c, err := s.readers.take(t.Context(), s.closed)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.run(t.Context(), "BEGIN"); err != nil {
			t.Fatal(err)
		}
		var records int
		if _, err := c.row(t.Context(), "SELECT count(*) FROM entity_thing", nil, &records); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	return func() {
		for _, c := range held {
			if err := c.run(t.Context(), "ROLLBACK"); err != nil {
				t.Error(err)
			}
			s.readers.put(c)
		}
	}
}

func TestTheLogIsCutOnceReadersLetIt(t *testing.T) {
	s, e, path := inFile(t)
	s.mostLog = 1 << 20
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	release := s.hold(t, 1)
	n := 0
	for ; size() < 2*s.mostLog; n += 500 {
		commitAll(t, s, e, things(n, 500))
	}
	release()
	s.cutTried = time.Time{} // as if the last try was long ago
	commitAll(t, s, e, things(n, 1))
	if left := size(); left > 0 {
		t.Errorf("the log has %d bytes after the readers have gone and a write; want none", left)
	}
	if found, err := s.Find(t.Context(), e, core.Query{First: -1}); err != nil || len(found) != n+1 {
		t.Errorf("%d records, %v; want %d", len(found), err, n+1)
	}
}

func TestALookUpDoesNotWaitForLists(t *testing.T) {
	s, e, _ := inFile(t)
	commitAll(t, s, e, things(0, 3))
	defer s.hold(t, maxReaders)()
	byCode := where(t, load(t, planned), e, map[string]any{"code": map[string]any{"eq": "C-1"}})
	if found, err := s.Find(t.Context(), e, core.Query{Filter: byCode, First: 2}); err != nil || len(found) != 1 {
		t.Errorf("by a unique value, while all connections for lists are taken: %v, %v; want one record", found, err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping, while all connections for lists are taken: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Find(ctx, e, core.Query{First: 2}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a list, while all connections for lists are taken: %v; want it to wait until the caller has gone", err)
	}
}

func TestAListThatTakesTooLongEnds(t *testing.T) {
	s, e, _ := inFile(t)
	commitAll(t, s, e, things(0, 3))
	s.longest = time.Nanosecond
	_, err := s.Count(t.Context(), e, core.Query{}, 10)
	const want = "The database did not finish within 1ns, which is all that a list or a figure may take; narrow the filter, or try again in a few seconds."
	if err == nil || !strings.Contains(err.Error(), want) || core.CodeOf(err) != core.Unavailable {
		t.Errorf("a count that takes too long: %v; want %q", err, want)
	}
	s.longest = Longest
	for range maxReaders + 1 {
		if counts, err := s.Count(t.Context(), e, core.Query{}, 10); err != nil || counts[""] != 3 {
			t.Errorf("after that: %v, %v; want 3", counts, err)
		}
	}
}
