package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// merger makes parties of two until the server is gone or stopped is closed, and
// returns the duplicates that were merged, in their order.
func merger(p *process, stopped <-chan struct{}, merged func(from string)) {
	for {
		var made struct {
			A, B struct{ Party struct{ ID string } }
		}
		err := p.ask(`mutation { a: createParty(data: {kind: person, displayName: "Ada"}) { party { id } } b: createParty(data: {kind: person, displayName: "Ada"}) { party { id } } }`, nil, &made)
		if err == nil {
			err = p.ask(`mutation ($a: ID!) { createActivity(data: {subject: "Call", kind: call, at: "2026-02-01T10:00:00Z", party: $a}) { activity { id } } }`,
				map[string]any{"a": made.A.Party.ID}, new(rawText))
		}
		if err == nil {
			err = p.ask(`mutation ($a: ID!, $b: ID!) { mergeParties(from: $a, into: $b) { outcome } }`, map[string]any{"a": made.A.Party.ID, "b": made.B.Party.ID}, new(rawText))
		}
		if err == nil {
			merged(made.A.Party.ID)
		}
		select {
		case <-stopped:
			return
		default:
			if err != nil {
				return
			}
		}
	}
}

func TestABackupIsMadeWhileAServerWritesAndRestoredIntoTheOtherStore(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		data, file := t.TempDir(), filepath.Join(t.TempDir(), "one.xrm")
		p := spawn(t, data, nil, flags...).ready()
		promises, stopped := newLedger(), make(chan struct{})
		var writers sync.WaitGroup
		for _, name := range []string{"A", "B"} {
			writers.Go(func() { promises.writer(p, name, stopped) })
		}
		var mu sync.Mutex
		var merged []string
		writers.Go(func() {
			merger(p, stopped, func(from string) {
				mu.Lock()
				defer mu.Unlock()
				merged = append(merged, from)
			})
		})
		eventually(t, func() string {
			mu.Lock()
			defer mu.Unlock()
			if len(merged) == 0 {
				return "nothing is merged yet"
			}
			return ""
		})
		promises.grows(t, 20)
		before, began := promises.soFar()
		mu.Lock()
		gone := merged[:len(merged):len(merged)]
		mu.Unlock()
		status, out, complaints := command(t, nil, append([]string{"backup", file, "--data", data}, flags...)...)
		if status != 0 || complaints != "" || !regexp.MustCompile(`^\S+one\.xrm: \d+ records, \d+ entries of the journal, at position \d+ of the journal; \d+\.\d MB in \d+\.\d s\n$`).MatchString(out) {
			t.Fatalf("backup ends with %d: %s%s", status, out, complaints)
		}
		_, ended := promises.soFar()
		t.Logf("%s%d writes were acknowledged meanwhile", out, ended-began)
		promises.grows(t, 20) // the server has not noticed
		p.kill()
		close(stopped)
		writers.Wait()

		other := []string{"--data", t.TempDir()}
		if len(flags) == 0 {
			other = append(other, "--store", mongoDatabase(t))
		}
		status, out, complaints = command(t, nil, append([]string{"restore", file}, other...)...)
		if status != 0 || complaints != "" || !strings.Contains(out, "A new administrator's key is in "+filepath.Join(other[1], "admin.key")) {
			t.Fatalf("restore ends with %d: %s%s", status, out, complaints)
		}
		q := spawn(t, other[1], nil, other[2:]...).ready()
		isRestored(t, q, before, gone)
		if status, out, complaints := command(t, q.environ(), "check"); status != 0 {
			t.Errorf("check ends with %d: %s%s", status, out, complaints)
		}
		q.must(oneProduct, nil) // and it goes on
		q.stop()
	})
}

// isRestored wants what was promised before the backup began, histories without a
// gap, and of those who were merged the others.
func isRestored(t *testing.T, q *process, promised map[string]int64, merged []string) {
	t.Helper()
	for id, version := range promised {
		var got struct {
			Product        *struct{ Version, UnitsInStock int64 }
			ProductHistory past
		}
		if err := q.ask(`query ($id: ID!) { product(id: $id) { version unitsInStock } productHistory(id: $id) { version action changes { field from to } } }`,
			map[string]any{"id": id}, &got); err != nil {
			t.Fatal(err)
		}
		if got.Product == nil || got.Product.Version < version || got.Product.UnitsInStock != got.Product.Version-1 || int64(len(got.ProductHistory)) != got.Product.Version {
			t.Fatalf("version %d of %s was acknowledged before the backup began, it is restored as %+v with %d entries", version, id, got.Product, len(got.ProductHistory))
		}
	}
	for _, id := range merged {
		if got := q.must(`{ party(id: "`+id+`") { id } }`, nil); got == `{"party":null}` || strings.Contains(got, id) {
			t.Errorf("%s was merged before the backup began, so it leads to another party; it is restored as %s", id, got)
		}
	}
}

func TestWhatABackupAndARestoreRefuse(t *testing.T) {
	t.Parallel()
	data, dir := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "one.xrm")
	p := spawn(t, data, nil).ready()
	p.must(oneProduct, nil)
	refused := func(want string, args ...string) {
		t.Helper()
		status, out, complaints := command(t, nil, args...)
		if status != 1 || out != "" || complaints != want+"\n" {
			t.Errorf("xrm %s ends with %d and says\n%s%swant\n%s", strings.Join(args, " "), status, out, complaints, want)
		}
	}
	if status, out, complaints := command(t, nil, "backup", file, "--data", data, "--json"); status != 0 {
		t.Fatal(out, complaints)
	} else {
		var got backedUp
		if err := json.Unmarshal([]byte(out), &got); err != nil || got.Position != 1 || got.Counts["record"] != 1 || got.Bytes == 0 || got.File != file {
			t.Errorf("%v: %s", err, out)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v; want it for its owner alone", info.Mode(), err)
	}
	refused("there is a file "+file+" already; a backup is never written over another: name a new one", "backup", file, "--data", data)
	nowhere := filepath.Join(dir, "nowhere")
	refused("there is no database in "+nowhere+"; name the server's data folder with --data (XRM_DATA), or its MongoDB with --store (XRM_STORE)", "backup", file+"2", "--data", nowhere)
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("a folder was made for nothing")
	}
	refused("a server that keeps everything in memory (--store, XRM_STORE) has nothing that could be backed up or restored", "backup", file+"2", "--store", "memory")
	status, out, complaints := command(t, nil, "restore", file, "--data", data, "--dry-run")
	if status != 0 || !strings.HasSuffix(out, "\nThe file is whole, but this database cannot take it now: 1 server runs on this database (SQLite in "+data+"): stop all of them first. One that was killed counts as running for some seconds\n") {
		t.Errorf("a dry run beside a server ends with %d: %s%s", status, out, complaints)
	}
	refused("1 server runs on this database (SQLite in "+data+"): stop all of them first. One that was killed counts as running for some seconds", "restore", file, "--data", data)
	p.stop()
	refused("the database is not empty, it has 1 entry of the journal, 1 record (SQLite in "+data+"). Nothing was written: restore into an empty one, which --data (XRM_DATA) or --store (XRM_STORE) names, or move this one away",
		"restore", file, "--data", data)

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{"short": whole[:len(whole)/2], "turned": turned(whole)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		empty := filepath.Join(dir, "empty")
		status, out, complaints := command(t, nil, "restore", path, "--data", empty)
		if status != 1 || out != "" || !strings.HasPrefix(complaints, path+" cannot be restored: it ") || !strings.HasSuffix(complaints, ". Nothing was written; take another backup\n") {
			t.Errorf("restoring the %s file ends with %d: %s%s", name, status, out, complaints)
		}
		if _, err := os.Stat(empty); err == nil {
			t.Errorf("the %s file has made a database", name)
		}
	}

	// A database that was started once and has nothing is empty; its key goes on.
	empty := filepath.Join(dir, "fresh")
	spawn(t, empty, nil).ready().stop()
	status, out, complaints = command(t, nil, "restore", file, "--data", empty, "--dry-run")
	if status != 0 || !strings.HasSuffix(out, "1 record, 1 entry of the journal, up to position 1 of the journal\nThe file is whole and the database can take it. Nothing was written.\n") {
		t.Errorf("a dry run ends with %d: %s%s", status, out, complaints)
	}
	status, out, complaints = command(t, nil, "restore", file, "--data", empty)
	if status != 0 || !strings.Contains(out, "The administrator's key is the one that there was, in "+filepath.Join(empty, "admin.key")+".") {
		t.Errorf("restore ends with %d: %s%s", status, out, complaints)
	}
	q := spawn(t, empty, nil).ready()
	if got := q.must(`{ products { nodes { sku } } }`, nil); got != `{"products":{"nodes":[{"sku":"P-1"}]}}` {
		t.Errorf("restored is %s", got)
	}
	q.stop()
}

// turned is a file with another bit in its middle.
func turned(file []byte) []byte {
	other := bytes.Clone(file)
	other[len(other)/2] ^= 1
	return other
}

func TestABackupThatIsStoppedLeavesNoFile(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		data, dir := t.TempDir(), t.TempDir()
		p := spawn(t, data, nil, flags...).ready()
		p.must(oneProduct, nil)
		file := filepath.Join(dir, "one.xrm")
		size, err := newFile(file, func(out io.Writer) error {
			if _, err := out.Write([]byte("half")); err != nil {
				return err
			}
			ctx, stop := context.WithCancel(t.Context())
			stop()
			c := defaultConfig()
			c.Data = data
			if len(flags) > 0 {
				c.Store = flags[1]
			}
			s, err := openExisting(c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = writeBackup(ctx, s, out, nil)
			return stopped(ctx, err, "it was stopped")
		})
		if size != 0 || err == nil || err.Error() != "it was stopped" {
			t.Errorf("it has %d bytes, %v; want it to be stopped", size, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("the folder has %v", left)
		}
		p.stop()
	})
}

func TestARestoreThatIsKilledIsNotServedAndBeginsAnew(t *testing.T) {
	t.Parallel()
	uri, db := mongotest.Database(t)
	source, file := t.TempDir(), filepath.Join(t.TempDir(), "one.xrm")
	p := spawn(t, source, nil).ready()
	for n := range 5 {
		var data []string
		for i := range 200 {
			data = append(data, fmt.Sprintf(`{sku: "P-%d-%d", name: "Dog food"}`, n, i))
		}
		p.must(`mutation { createProducts(data: [`+strings.Join(data, ",")+`]) { product { id } } }`, nil)
	}
	p.stop()
	if status, out, complaints := command(t, nil, "backup", file, "--data", source); status != 0 {
		t.Fatal(out, complaints)
	}
	data := t.TempDir()
	restoring := programmed(context.Background(), t, nil, "restore", file, "--data", data, "--store", uri)
	if err := restoring.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if n, err := db.Collection("product").CountDocuments(t.Context(), bson.D{}); n == 0 {
			return fmt.Sprintf("nothing is restored yet, %v", err)
		}
		return ""
	})
	if err := restoring.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = restoring.Wait()
	if n, err := db.Collection("xrm.restore").CountDocuments(t.Context(), bson.D{}); n != 1 {
		t.Fatalf("the restore was through before it was killed: %d, %v", n, err)
	}
	status, out, complaints := command(t, nil, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--store", uri)
	if status != 1 || !strings.Contains(complaints, "The database is half restored: a restore is running, or was cut off. Let it end, or run xrm restore once more, which begins anew.") {
		t.Errorf("serving ends with %d: %s%s", status, out, complaints)
	}
	status, out, complaints = command(t, nil, "backup", filepath.Join(data, "two.xrm"), "--data", data, "--store", uri)
	if status != 1 || !strings.Contains(complaints, "The database is half restored: ") {
		t.Errorf("backing it up ends with %d: %s%s", status, out, complaints)
	}
	if status, out, complaints := command(t, nil, "restore", file, "--data", data, "--store", uri); status != 0 {
		t.Fatalf("restoring once more ends with %d: %s%s", status, out, complaints)
	}
	q := spawn(t, data, nil, "--store", uri).ready()
	if got := q.must(`{ products { totalCount } }`, nil); got != `{"products":{"totalCount":1000}}` {
		t.Errorf("restored are %s", got)
	}
	q.stop()
}
