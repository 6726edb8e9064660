package journal_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

type realStore interface {
	record.Store
	journal.Store
	journal.Queue
	journal.Desk
	journal.Positions
}

// BenchmarkDelivery takes committed changes through the relay and the
// dispatcher to a subscriber that acknowledges at once.
func BenchmarkDelivery(b *testing.B) {
	stores := map[string]func(b *testing.B) realStore{
		"sqlite in memory": func(b *testing.B) realStore {
			s, err := sqlite.OpenMemory()
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			return s
		},
		"sqlite in a file": func(b *testing.B) realStore {
			s, err := sqlite.Open(filepath.Join(b.TempDir(), "xrm.db"))
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			return s
		},
		"mongo": func(b *testing.B) realStore {
			uri, _ := mongotest.Database(b)
			s, err := mongo.New(mongo.Config{URI: uri, Timeout: time.Minute})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			return s
		},
	}
	for name, open := range stores {
		for _, versions := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/%d changes of a record", name, versions), func(b *testing.B) { deliver(b, open(b), versions) })
		}
	}
}

func deliver(b *testing.B, s realStore, versions int) {
	const records = 2000
	commit := committer(b, s)
	if err := s.Subscribe(b.Context(), core.Subscription{Subscriber: "s", Topics: []string{"thing.*"}}); err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var relaying, delivering time.Duration
	delivered := 0
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		for version := range versions {
			commit(round, records/versions, int64(version+1))
		}
		done, left := make(chan struct{}), records
		ctx, stop := context.WithCancel(b.Context())
		d := &journal.Dispatcher{Queue: s, Leases: &leases{}, Holder: "p", Log: log, Limits: journal.Limits{Parallel: 1}}
		d.Receivers = plugins(func(_ context.Context, _ string, batch []core.Event) ([]core.Receipt, error) {
			if left -= len(batch); left == 0 {
				close(done)
			}
			return ackAll(batch)
		})
		b.StartTimer()
		start := time.Now()
		if err := (&journal.Relay{Store: s, Log: log}).Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
		relayed := time.Now()
		ended := make(chan struct{})
		go func() { defer close(ended); d.Run(ctx) }()
		<-done
		relaying, delivering, delivered = relaying+relayed.Sub(start), delivering+time.Since(relayed), delivered+records
		b.StopTimer()
		stop()
		<-ended
		b.StartTimer()
	}
	b.ReportMetric(float64(delivered)/relaying.Seconds(), "relayed/s")
	b.ReportMetric(float64(delivered)/delivering.Seconds(), "delivered/s")
	b.ReportMetric(float64(delivered)/(relaying+delivering).Seconds(), "events/s")
}

// committer returns how to commit a version of n things.
func committer(b *testing.B, s realStore) func(round, n int, version int64) {
	m, err := schema.Load(schema.Source{File: "thing.yaml", Data: []byte(definition)})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	return func(round, n int, version int64) {
		var changes []core.Change
		for i := range n {
			record := func(version int64) *core.Record {
				return &core.Record{Entity: "thing", ID: fmt.Sprintf("%d-%d", round, i), Version: version, CreatedAt: at, UpdatedAt: at, Values: map[string]any{"name": fmt.Sprint("Ada ", version)}}
			}
			c := core.Change{At: at, Action: core.Created, After: record(version)}
			if version > 1 {
				c.Action, c.Before = core.Updated, record(version-1)
			}
			changes = append(changes, c)
		}
		for _, err := range s.Commit(b.Context(), m.Entity("thing"), changes) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
