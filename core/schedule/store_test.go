package schedule_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/schedule"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

// shared is a store as each instance opens it for itself.
type shared interface {
	schedule.Store
	Schedule(ctx context.Context, t core.Timer) error
	Timers(ctx context.Context, plugin string, first int, afterKey string) ([]core.Timer, error)
	Close() error
}

func TestTwoInstancesOnOneDatabaseDoEverythingOnce(t *testing.T) {
	for name, newDatabase := range map[string]func(t *testing.T) (open func() (shared, error)){
		"a file":  newFile,
		"MongoDB": newMongo,
	} {
		t.Run(name, func(t *testing.T) { doOnce(t, newDatabase(t)) })
	}
}

func newFile(t *testing.T) func() (shared, error) {
	path := filepath.Join(t.TempDir(), "xrm.db")
	return func() (shared, error) { return sqlite.Open(path) }
}

func newMongo(t *testing.T) func() (shared, error) {
	uri, _ := mongotest.Database(t)
	return func() (shared, error) { return mongo.New(mongo.Config{URI: uri}) }
}

// doOnce runs two instances on the real clock until each timer has fired and a
// job has run.
func doOnce(t *testing.T, open func() (shared, error)) {
	const timers = 30
	hourly, err := cron.Parse("@hourly", "")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 10*timers)
	ctx, stop := context.WithCancel(t.Context())
	var instances []*schedule.Runner
	var stores []shared
	var running sync.WaitGroup
	for _, holder := range []string{"a", "b"} {
		store, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		stores = append(stores, store)
		instances = append(instances, &schedule.Runner{
			Store: store, Holder: holder, Now: time.Now, Log: slog.New(slog.DiscardHandler), Every: 100 * time.Millisecond,
			Jobs: func(context.Context) []schedule.Job {
				return []schedule.Job{{Plugin: "loyalty", Name: "expire", Schedule: hourly}}
			},
			Plugins:   func() []string { return []string{"loyalty"} },
			RunJob:    func(context.Context, core.JobRun, func(core.Progress)) error { done <- "job"; return nil },
			FireTimer: func(_ context.Context, t core.Timer) error { done <- t.Key; return nil },
		})
	}
	for i := range timers {
		timer := core.Timer{Plugin: "loyalty", Key: fmt.Sprint("timer ", i), DueAt: time.Now().Add(time.Duration(i%3) * 200 * time.Millisecond)}
		if err := stores[0].Schedule(t.Context(), timer); err != nil {
			t.Fatal(err)
		}
	}
	if err := instances[0].RunNow(t.Context(), "loyalty", "expire"); err != nil {
		t.Fatal(err)
	}
	for _, i := range instances {
		running.Go(func() { i.Run(ctx) })
	}
	times := map[string]int{}
	for range timers + 1 {
		select {
		case what := <-done:
			times[what]++
		case <-time.After(time.Minute):
			t.Fatalf("after a minute only this was done: %v", times)
		}
	}
	stop()
	running.Wait()
	if len(times) != timers+1 || len(done) > 0 {
		t.Errorf("%d of %d were done, each so often, and %d more: %v; want each once", len(times), timers+1, len(done), times)
	}
	left, err := stores[1].Timers(t.Context(), "loyalty", 10, "")
	if err != nil || len(left) > 0 {
		t.Errorf("%d timers are left, %v; want none: %+v", len(left), err, left)
	}
	runs, err := stores[1].JobRuns(t.Context())
	if err != nil || len(runs) != 1 || runs[0].Outcome != core.Succeeded {
		t.Errorf("the runs are %+v, %v; want one that succeeded", runs, err)
	}
}
