package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
)

const crashModel = `
entity: thing
fields:
  code: {type: text, unique: true}
  note: {type: text, search: true}
`

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("XRM_TEST_WRITE_TO"); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path, os.Getenv("XRM_TEST_ROUND")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled creates and updates records, from several goroutines, with
// a relay beside them, and prints each version once it is acknowledged.
func writeUntilKilled(path, round string) error {
	m, err := schema.Load(schema.Source{File: "thing.yaml", Data: []byte(crashModel)})
	if err != nil {
		return err
	}
	s, err := Open(path)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.Prepare(ctx, m); err != nil {
		return err
	}
	failed := make(chan error)
	var out sync.Mutex
	for writer := range 3 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", round, writer, i)
				created := crashChange(id, nil)
				for _, c := range []core.Change{created, crashChange(id, created.After)} {
					if err := s.Commit(ctx, m.Entity("thing"), []core.Change{c})[0]; err != nil {
						failed <- err
						return
					}
					out.Lock()
					fmt.Println(id, c.After.Version)
					out.Unlock()
				}
			}
		}()
	}
	go func() {
		for {
			entries, err := storetest.Pending(ctx, s, 10)
			if err == nil {
				err = s.Append(ctx, entries)
			}
			if err == nil {
				err = s.Settle(ctx, entries)
			}
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

func crashChange(id string, before *core.Record) core.Change {
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	c := core.Change{At: at, Action: core.Created, Before: before, After: &core.Record{Entity: "thing", ID: id, Version: 1, CreatedAt: at, UpdatedAt: at}}
	c.After.Values = map[string]any{"code": id, "note": "first " + strings.Repeat("x", 500)}
	if before != nil {
		c.Action, c.After.Version = core.Updated, before.Version+1
		c.After.Values = map[string]any{"code": id, "note": "second"}
	}
	return c
}

func TestWhatWasAcknowledgedSurvivesKill9(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xrm.db")
	acknowledged := map[string]int64{}
	for round := range 4 {
		for id, version := range killAfter(t, path, round, 30+70*round) {
			acknowledged[id] = max(version, acknowledged[id])
		}
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		m := load(t, crashModel)
		if err := s.Prepare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		checkSurvivors(t, s, m.Entity("thing"), acknowledged)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter kills the writing process when it has acknowledged so many
// versions, and returns all that it has.
func killAfter(t *testing.T, path string, round, lines int) map[string]int64 {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "XRM_TEST_WRITE_TO="+path, fmt.Sprint("XRM_TEST_ROUND=", round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]int64{}
	n := 0
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		var id string
		var version int64
		if _, err := fmt.Sscan(scanner.Text(), &id, &version); err != nil {
			break // a line that was cut off was not printed
		}
		acknowledged[id] = max(version, acknowledged[id])
		if n++; n == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || n < lines {
		t.Fatalf("the writer ended by itself after %d lines: %v", n, err)
	}
	return acknowledged
}

// checkSurvivors wants every acknowledged version, and for every version that
// is there, acknowledged or not, its one entry.
func checkSurvivors(t *testing.T, s *Store, e *schema.Entity, acknowledged map[string]int64) {
	t.Helper()
	found, err := s.Find(t.Context(), e, core.Query{First: -1})
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]int64{}
	for _, r := range found {
		stored[r.ID] = r.Version
		entries, err := s.History(t.Context(), e, r.ID, -1, 0)
		if err != nil || int64(len(entries)) != r.Version {
			t.Errorf("record %s of version %d has %d entries, error %v", r.ID, r.Version, len(entries), err)
		}
		word := map[int64]string{1: "first", 2: "second"}[r.Version]
		q := core.Query{Search: [][]string{{word}}, Filter: schema.Filter{Path: "code", Op: schema.OpEq, Value: r.ID, Field: e.Field("code")}, First: -1}
		if found, err := s.Find(t.Context(), e, q); err != nil || len(found) != 1 {
			t.Errorf("record %s of version %d is found %d times by %q, error %v", r.ID, r.Version, len(found), word, err)
		}
	}
	entries, last, err := s.EntriesAfter(t.Context(), 0, 1_000_000)
	placed := map[string]int64{}
	for i, entry := range entries {
		if placed[entry.RecordID]++; entry.Position != int64(i+1) || entry.Version != placed[entry.RecordID] {
			t.Fatalf("behind position %d comes %d, version %d of %s", i, entry.Position, entry.Version, entry.RecordID)
		}
	}
	if err != nil || last != int64(len(entries)) || !maps.Equal(placed, stored) {
		t.Errorf("%d entries have positions up to %d, error %v, of the versions %v; stored are %v", len(entries), last, err, placed, stored)
	}
	for id, version := range acknowledged {
		if stored[id] < version {
			t.Errorf("version %d of %s was acknowledged; version %d is stored", version, id, stored[id])
		}
	}
	err = s.reading(t.Context(), "check the file", func(c *conn) error {
		result, err := c.names(t.Context(), "PRAGMA integrity_check")
		if strings.Join(result, " ") != "ok" {
			t.Errorf("integrity check: %v", result)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
