package backup_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/sqlite"
)

// benched is how many records there are.
const benched = 100_000

// BenchmarkBackup restores a backup, and makes one of it, first alone and then while
// two writers create records. They say how many writes they make a second with and
// without it, and how long the longest one takes.
func BenchmarkBackup(b *testing.B) {
	file := filled(b)
	for name, open := range kinds() {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				db, path := opened(b, name, open)
				timed(b, "verify", func() {
					_, err := backup.Verify(b.Context(), bytes.NewReader(file), nil)
					must(b, err)
				})
				timed(b, "restore", func() {
					must(b, backup.Restore(b.Context(), bytes.NewReader(file), db, model(b, definitions), nil))
				})
				timed(b, "backup", func() { take(b, db) })
				b.ReportMetric(float64(len(file))/1e6, "MB")

				alone, longest, _ := rate(b, db, path, func() { time.Sleep(5 * time.Second) })
				b.ReportMetric(alone, "writes/s-alone")
				b.ReportMetric(longest.Seconds()*1e3, "ms-longest-alone")
				beside, longest, log := rate(b, db, path, func() { timed(b, "backup-beside", func() { take(b, db) }) })
				b.ReportMetric(beside, "writes/s-beside")
				b.ReportMetric(longest.Seconds()*1e3, "ms-longest-beside")
				b.ReportMetric(float64(log)/1e6, "MB-log")
			}
		})
	}
}

// timed reports how long something takes, and how long of it a processor is needed.
func timed(b *testing.B, what string, do func()) {
	began, used := time.Now(), processor(b)
	do()
	b.ReportMetric(time.Since(began).Seconds(), "s/"+what)
	b.ReportMetric((processor(b) - used).Seconds(), "cpu-s/"+what)
}

// filled is a backup of many records with one entry each.
func filled(b *testing.B) []byte {
	db, _ := opened(b, "SQLite", nil)
	m := model(b, definitions)
	must(b, db.Prepare(b.Context(), m))
	for n := 0; n < benched; n += 1000 {
		changes := make([]core.Change, 1000)
		for i := range changes {
			changes[i] = change(nil, core.Created, "thing", fmt.Sprintf("%08d", n+i), map[string]any{
				"name": fmt.Sprintf("thing %d", n+i), "number": int64(n + i), "price": "12.50", "at": "2026-02-28T09:30:00.123Z", "secret": rand.Text() + rand.Text() + rand.Text()})
		}
		must(b, errors.Join(db.Commit(b.Context(), m.Entity("thing"), changes)...))
	}
	file, _ := take(b, db)
	return file
}

// rate is how many writes a second two writers make while something is done, how long
// the longest takes, and how many bytes the log of SQLite has at most.
func rate(b *testing.B, db database, path string, do func()) (perSecond float64, longest time.Duration, log int64) {
	m := model(b, definitions)
	var writes atomic.Int64
	var mu sync.Mutex
	stop := make(chan struct{})
	var running sync.WaitGroup
	for w := range 2 {
		running.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				c := change(nil, core.Created, "thing", fmt.Sprintf("w%d-%d-%d", w, n, began.UnixNano()), map[string]any{"name": "written meanwhile"})
				if err := db.Commit(b.Context(), m.Entity("thing"), []core.Change{c})[0]; err != nil {
					b.Error(err)
					return
				}
				took := time.Since(began)
				writes.Add(1)
				mu.Lock()
				longest = max(longest, took)
				mu.Unlock()
				if info, err := os.Stat(path + "-wal"); err == nil {
					mu.Lock()
					log = max(log, info.Size())
					mu.Unlock()
				}
			}
		})
	}
	began := time.Now()
	do()
	took := time.Since(began)
	done := writes.Load()
	close(stop)
	running.Wait()
	return float64(done) / took.Seconds(), longest, log
}

// opened is a database, and where its file is, if it is one.
func opened(b *testing.B, name string, open func(testing.TB) database) (db database, path string) {
	if name != "SQLite" {
		return open(b), ""
	}
	path = filepath.Join(b.TempDir(), "xrm.db")
	s, err := sqlite.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s, path
}

// processor is how long this process has had a processor, which other work on the
// machine does not change.
func processor(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
