package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/sdk"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// playWitness notes what it is told to do, and by which process. What is slow waits,
// when it comes for the first time, until somebody lets it go on.
func playWitness(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/mark.yaml": {Data: []byte("entity: mark\nfields:\n  what: {type: text}\n  by: {type: integer}\n")}}
	p.Events = []sdk.Subscription{sdk.On("product.created", func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
		product, err := host.Get(ctx, "product", e.RecordID)
		if err != nil {
			return err
		}
		return mark(ctx, host, "event "+product.Text("name"))
	})}
	p.Timers = map[string]sdk.TimerFunc{"call": func(ctx context.Context, host sdk.Host, t *sdk.Timer) error {
		return mark(ctx, host, "timer "+t.Key)
	}}
	p.Jobs = []sdk.Job{sdk.Cron("slow", "@yearly", func(ctx context.Context, host sdk.Host, run *sdk.JobRun) error {
		return mark(ctx, host, "run "+run.ID)
	})}
	p.Operations = []sdk.Operation{
		sdk.Mutation("callMe", func(ctx context.Context, host sdk.Host, in wakeIn) (bool, error) {
			return true, host.Schedule(ctx, sdk.Timer{Name: "call", Key: in.Text})
		}),
		sdk.Mutation("goOn", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) {
			_, err := host.PutState(ctx, "goOn", true, sdk.AnyVersion, 0)
			return err == nil, err
		}),
	}
}

func mark(ctx context.Context, host sdk.Host, what string) error {
	note := func(what string) error {
		_, err := host.Create(ctx, &sdk.Record{Entity: "mark", Values: map[string]any{"what": what, "by": os.Getpid()}})
		return err
	}
	if err := note(what); err != nil {
		return err
	}
	all, err := host.Find(ctx, sdk.Criteria{Entity: "mark"})
	if err != nil {
		return err
	}
	same := slices.DeleteFunc(all, func(r *sdk.Record) bool { return r.Text("what") != what })
	if !strings.Contains(what, "slow") || len(same) > 1 {
		return nil
	}
	for goOn := false; !goOn; {
		if _, err := host.State(ctx, "goOn", &goOn); err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return note("end of " + what)
}

// three are instances of one database, with their plugin's processes.
type three struct {
	t    *testing.T
	db   *driver.Database
	all  []*process
	pids []int
}

// witnesses starts three instances, of which the first is in the middle of an event,
// a timer and a run of a job.
func witnesses(t *testing.T) *three {
	t.Helper()
	uri, db := mongotest.Database(t)
	plugins := t.TempDir()
	cast(t, plugins, "witness", "needs: {events: [product.created], asPlugin: true, records: {product: {read: true}}}")
	w := &three{t: t, db: db}
	add := func(data string) *process {
		p := spawn(t, data, nil, "--store", uri, "--plugins", plugins).ready()
		w.all, w.pids = append(w.all, p), append(w.pids, p.pluginProcess("witness"))
		p.subscribed("witness")
		return p
	}
	first := add(t.TempDir())
	first.product("P-1", "slow")
	first.must(`mutation { callMe(text: "slow") }`, nil)
	first.must(`mutation { runPluginJob(plugin: "witness", job: "slow") }`, nil)
	w.marked(first, w.pids[0], "event slow", "run witness/slow", "timer slow")
	for range 2 {
		data := t.TempDir()
		write(t, filepath.Join(data, "admin.key"), read(t, filepath.Join(first.data, "admin.key")))
		add(data)
	}
	return w
}

// marked waits until exactly this was noted, by whom it should be; 0 is anyone but the
// first.
func (w *three) marked(asked *process, by int, want ...string) {
	w.t.Helper()
	eventually(w.t, func() string {
		var answer struct {
			Marks struct {
				Nodes []struct {
					What string
					By   int `json:",string"`
				}
			}
		}
		if err := asked.ask(`{ marks(first: 100) { nodes { what by } } }`, nil, &answer); err != nil {
			w.t.Fatal(err)
		}
		var got []string
		for _, m := range answer.Marks.Nodes {
			what, _, _ := strings.Cut(m.What, "@") // the run's time
			if by == 0 && m.By != w.pids[0] || m.By == by {
				got = append(got, what)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Sprintf("of %d the marks are %q, want %q", by, got, want)
		}
		return ""
	})
}

// endLeases lets the leases end at once that somebody holds who does not renew them.
// A lease ends by the clock of the database.
func (w *three) endLeases() {
	w.t.Helper()
	result, err := w.db.Collection("xrm.leases").UpdateMany(w.t.Context(), bson.D{}, bson.D{{Key: "$set", Value: bson.D{{Key: "until", Value: time.Unix(0, 0)}}}})
	if err != nil || result.ModifiedCount != 3 {
		w.t.Fatalf("%+v, %v; want the leases of the events, the timers and the job", result, err)
	}
}

// nothingWaits wants all to be done that there was.
func (w *three) nothingWaits(asked *process) {
	w.t.Helper()
	asked.becomes(`{ plugins { events { waiting dead } jobs { outcome } } }`, nil, `{"plugins":[{"events":{"waiting":0,"dead":0},"jobs":[{"outcome":"SUCCEEDED"}]}]}`)
	eventually(w.t, func() string {
		if n, err := w.db.Collection("xrm.timers").CountDocuments(w.t.Context(), bson.D{}); n != 0 || err != nil {
			return fmt.Sprintf("%d timers are left, %v", n, err)
		}
		return ""
	})
}

func TestOfThreeInstancesOneTakesOverWhatAKilledOneHadBegun(t *testing.T) {
	t.Parallel()
	w := witnesses(t)
	a, b, c := w.all[0], w.all[1], w.all[2]
	a.kill()
	w.marked(c, 0) // nobody takes what is leased
	w.endLeases()
	b.must(`mutation { callMe(text: "later") }`, nil) // and so the timers are looked at
	took := []string{"event slow", "run witness/slow", "timer later", "timer slow"}
	w.marked(c, 0, took...)
	w.nothingWaits(b)
	c.product("P-2", "fast")
	w.marked(b, 0, append([]string{"event fast"}, took...)...)
	w.nothingWaits(c)
	w.marked(b, w.pids[0], "event slow", "run witness/slow", "timer slow") // which it did not end
	b.stop()
	c.stop()
}

func TestAnInstanceThatWasPausedForLongTakesNothingFromTheOtherTwo(t *testing.T) {
	t.Parallel()
	w := witnesses(t)
	a, b, c := w.all[0], w.all[1], w.all[2]
	a.pause()
	w.endLeases()
	b.must(`mutation { callMe(text: "later") }`, nil)
	took := []string{"event slow", "run witness/slow", "timer later", "timer slow"}
	w.marked(c, 0, took...)
	w.nothingWaits(b)
	jobs := b.must(`{ plugins { jobs { outcome startedAt finishedAt nextAt } } }`, nil)

	// It goes on in the middle of what others have done, and does not begin it again.
	a.signal(syscall.SIGCONT)
	a.must(`mutation { goOn }`, nil)
	w.marked(b, w.pids[0], "end of event slow", "end of run witness/slow", "end of timer slow", "event slow", "run witness/slow", "timer slow")
	a.stop()
	w.nothingWaits(b)
	w.marked(c, 0, took...)
	if got := c.must(`{ plugins { jobs { outcome startedAt finishedAt nextAt } } }`, nil); got != jobs {
		t.Errorf("the paused instance writes over the run of the other one:\n%s, want\n%s", got, jobs)
	}
	b.stop()
	c.stop()
}
