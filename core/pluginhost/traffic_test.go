package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// flood does what "COUNT REFUSED FILE" says, and tells how often it was told what.
func (a *actor) flood(ctx context.Context, id *pluginpb.CallContext, order string) (string, error) {
	var count, most int
	var file string
	if _, err := fmt.Sscan(order, &count, &most, &file); err != nil {
		return "", err
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	told, refused := map[string]int{}, 0
	for range count {
		all.Go(func() {
			found, err := a.host.Find(ctx, &pluginpb.FindRequest{Context: id, Entity: "ticket"})
			mu.Lock()
			defer mu.Unlock()
			answer := refusalOr(found.GetError(), "ok")
			if err != nil {
				answer = err.Error()
			}
			if told[answer]++; answer != "ok" {
				if refused++; refused == most {
					_ = os.WriteFile(file, nil, 0o600) // or the test waits in vain
				}
			}
		})
	}
	all.Wait()
	var lines []string
	for _, answer := range slices.Sorted(maps.Keys(told)) {
		lines = append(lines, fmt.Sprint(told[answer], " ", answer))
	}
	return strings.Join(lines, "\n"), nil
}

// connect opens connections, and holds on to them.
func (a *actor) connect(count int) (string, error) {
	sockets, err := filepath.Glob(filepath.Join(os.TempDir(), "plugin*"))
	if err != nil {
		return "", err
	}
	for _, socket := range sockets {
		for range count {
			conn, err := net.Dial("unix", socket)
			if err != nil {
				return "", err
			}
			a.held = append(a.held, conn)
		}
	}
	return fmt.Sprint(len(sockets)), nil
}

// slow finds nothing before a file is there, and counts how many wait for it.
type slow struct {
	pluginhost.Session
	file          string
	running, most *atomic.Int64
}

func (s slow) Find(ctx context.Context, _ *schema.Entity, _ core.Query) ([]*core.Record, error) {
	now := s.running.Add(1)
	defer s.running.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	for _, err := os.Stat(s.file); errors.Is(err, os.ErrNotExist); _, err = os.Stat(s.file) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil, nil
}

func TestCallbacksOfAPluginAreBounded(t *testing.T) {
	t.Parallel()
	const sentence = "RATE_LIMITED The plugin p asks for too much at once: 8 of its callbacks run, which is the most, and 100 wait, or none has ended for %s; make fewer at the same time, or try again in a second."
	for name, tt := range map[string]struct {
		wait           time.Duration
		count, refused int
	}{
		"more than may wait":   {time.Minute, 1000, 1000 - 8 - 100},
		"some that wait long":  {10 * time.Millisecond, 9, 1},
		"as many as there are": {time.Minute, 108, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var running, most atomic.Int64
			file := filepath.Join(t.TempDir(), "go")
			if tt.refused == 0 {
				write(t, file, "")
			}
			h, _ := working(t, pluginhost.Config{
				TurnWait: tt.wait, ResolveTimeout: time.Minute,
				Open: func(core.Actor, record.Basis) pluginhost.Session {
					return slow{file: file, running: &running, most: &most}
				},
			})
			want := fmt.Sprint(tt.count-tt.refused, " ok")
			if tt.refused > 0 {
				want = fmt.Sprintf("%d "+sentence+"\n", tt.refused, tt.wait) + want
			}
			if got := must(t, h, fmt.Sprintf("flood %d %d %s", tt.count, tt.refused, file)); got != want {
				t.Errorf("the plugin is told\n%s\nwant\n%s", got, want)
			}
			if most.Load() > 8 {
				t.Errorf("%d finds ran at the same time, want 8 at most", most.Load())
			}
		})
	}
}

// meeting lets a save go on when as many saves of as deep a call are under way as
// may be. Those that come later find no record.
type meeting struct {
	session
	again  func(context.Context) error
	rounds *[5]sync.WaitGroup
	came   *[5]atomic.Int64
}

const atOnce = 8 // callbacks of one depth

type roundKey struct{}

func (m meeting) Save(ctx context.Context, _ *schema.Entity, _ []record.Draft, _ bool) []record.Result {
	round, _ := ctx.Value(roundKey{}).(int)
	if m.came[round].Add(1) > atOnce {
		return []record.Result{{Err: &core.Error{Code: core.NotFound, Message: "Too late."}}}
	}
	m.rounds[round].Done()
	m.rounds[round].Wait()
	return []record.Result{{Err: m.again(context.WithValue(ctx, roundKey{}, round+1))}}
}

func TestWhatACallbackCausesGetsThroughAtTheBound(t *testing.T) {
	t.Parallel()
	var rounds [5]sync.WaitGroup
	var came [5]atomic.Int64
	for i := range rounds {
		rounds[i].Add(atOnce)
	}
	const waiting = 100
	var again func(context.Context) error
	dir := install(t, "good")
	write(t, filepath.Join(dir, "good.yaml"), fmt.Sprintf("limits: {concurrency: %d}\n", atOnce*len(rounds)+waiting))
	h := start(t, pluginhost.Config{Dir: dir, CallTimeout: time.Minute, TurnWait: time.Minute, Open: func(a core.Actor, _ record.Basis) pluginhost.Session {
		return meeting{session{&memory{}, a}, func(ctx context.Context) error { return again(ctx) }, &rounds, &came}
	}})
	await(t, h, "good", in(pluginhost.Serving))
	m, closing := model(t), operation(t, h, "closeTicket")
	again = func(ctx context.Context) error {
		_, err := h.Call(ctx, record.Basis{Model: m}, agent, closing, map[string]any{"id": "t1", "by": "phone"}, record.Key{})
		return err
	}
	var callers sync.WaitGroup
	var tooDeep, tooLate atomic.Int64
	for range atOnce + waiting {
		callers.Go(func() {
			switch err := again(t.Context()); told(err) {
			case "INTERNAL The plugin good made a mistake; the details are in the server's log":
				tooDeep.Add(1)
			case "NOT_FOUND Too late.":
				tooLate.Add(1)
			default:
				t.Error(told(err))
			}
		})
	}
	callers.Wait()
	if tooDeep.Load() != atOnce || tooLate.Load() != waiting {
		t.Errorf("%d calls went to the bottom and %d came too late, want %d, %d", tooDeep.Load(), tooLate.Load(), atOnce, waiting)
	}
	for round := range came {
		if got := came[round].Load(); round > 0 && got != atOnce {
			t.Errorf("at depth %d there were %d saves, want %d", round+1, got, atOnce)
		}
	}
}
