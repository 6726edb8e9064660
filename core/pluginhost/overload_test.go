package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

func TestMoreCallsThanAPluginTakesAtOnceWaitTheirTurn(t *testing.T) {
	t.Parallel()
	const busy = "RATE_LIMITED The plugin p is busy with as many calls as it takes at once. Try again in a few seconds."
	for name, tt := range map[string]struct {
		wait           time.Duration
		calls, refused int // at two at once, twenty wait
	}{
		"as many as may wait":       {time.Minute, 22, 0},
		"more than may wait":        {time.Minute, 25, 3},
		"nothing ends for too long": {10 * time.Millisecond, 5, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, file := t.TempDir(), filepath.Join(t.TempDir(), "go")
			put(t, dir, "works", "1.0.0", "limits: {concurrency: 2}\n")
			h := start(t, pluginhost.Config{Dir: dir, TurnWait: tt.wait, ResolveTimeout: time.Minute})
			await(t, h, "p", in(pluginhost.Serving))
			if tt.refused == 0 {
				write(t, file, "")
			}
			var callers sync.WaitGroup
			var refused, answered atomic.Int64
			for range tt.calls {
				callers.Go(func() {
					switch _, err := does(t.Context(), t, h, "look", "await "+file); {
					case err == nil:
						answered.Add(1)
					case told(err) == busy:
						if refused.Add(1) == int64(tt.refused) {
							write(t, file, "")
						}
					default:
						t.Error(err)
					}
				})
			}
			callers.Wait()
			if refused.Load() != int64(tt.refused) || answered.Load() != int64(tt.calls-tt.refused) {
				t.Errorf("%d refused, %d answered; want %d, %d", refused.Load(), answered.Load(), tt.refused, tt.calls-tt.refused)
			}
		})
	}
}

// What waits for an old version goes to the new one.
func TestCallsThatWaitGoToTheNextProcess(t *testing.T) {
	t.Parallel()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "go")
	put(t, dir, "works", "1.0.0", "limits: {concurrency: 1}\n")
	h := start(t, pluginhost.Config{Dir: dir, TurnWait: time.Minute, CallTimeout: time.Minute, DrainTimeout: time.Minute})
	await(t, h, "p", serves("1.0.0"))
	answers := make(chan string, 2)
	for range 2 {
		go func() {
			said, err := does(t.Context(), t, h, "work", "await "+file)
			answers <- fmt.Sprint(said, " ", told(err))
		}()
	}
	awaitTrue(t, h, func() bool { return pluginhost.Waiting(h, "p") == 1 })
	put(t, dir, "works", "2.0.0", "limits: {concurrency: 2}\n")
	await(t, h, "p", serves("2.0.0"))
	awaitTrue(t, h, func() bool { return pluginhost.Running(h, "p") == 1 }) // the one that waited has moved on
	write(t, file, "")
	if one, other := <-answers, <-answers; one+other != "1.0.0 2.0.0 " && one+other != "2.0.0 1.0.0 " {
		t.Errorf("the calls were answered by %s and %s", one, other)
	}
}

func TestWhatIsNotAnsweredIsLeftAloneForAMoment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "timeouts: {query: 20ms}\n")
	h := start(t, pluginhost.Config{Dir: dir, ResolveTimeout: time.Second})
	await(t, h, "p", in(pluginhost.Serving))
	const late = "UNAVAILABLE The plugin p did not answer within 20ms. Try again in a few seconds."
	const open = "UNAVAILABLE The plugin p did not answer the last calls of this kind, so it is left alone for a moment. Try again in a few seconds."
	for n := range 5 {
		if _, err := does(t.Context(), t, h, "look", "hang"); told(err) != late {
			t.Errorf("call %d: %s; want %s", n, told(err), late)
		}
	}
	if _, err := does(t.Context(), t, h, "look", "version"); told(err) != open {
		t.Errorf("after five calls without an answer: %s; want %s", told(err), open)
	}
	if _, err := does(t.Context(), t, h, "work", "version"); err != nil {
		t.Errorf("another operation: %v", err)
	}
	awaitTrue(t, h, func() bool {
		_, err := does(t.Context(), t, h, "look", "version")
		return err == nil
	})
}

func TestAUserWhoGoesIsNoFaultOfThePlugin(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{ResolveTimeout: time.Minute})
	look, m := operation(t, h, "look"), model(t)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Millisecond, cancel)
		if _, err := h.Call(ctx, record.Basis{Model: m}, agent, look, map[string]any{"what": "hang"}, record.Key{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
		cancel()
	}
	must(t, h, "version")
}

func TestAMutationThatHangsLeavesTheOthersTheirSpeed(t *testing.T) {
	dir := install(t, "surveys")
	put(t, dir, "works", "1.0.0", "")
	h := start(t, pluginhost.Config{Dir: dir, CallTimeout: 10 * time.Second})
	await(t, h, "p", in(pluginhost.Serving))
	await(t, h, "surveys", in(pluginhost.Serving))
	other, m := snapshot.Operation{Plugin: "surveys", Name: "environment", Result: &schema.Field{Type: "list", Of: &schema.Field{Type: "text"}}}, model(t)
	const calls = 500
	measure := func() time.Duration {
		began := time.Now()
		for range calls {
			if _, err := h.Call(t.Context(), record.Basis{Model: m}, agent, other, nil, record.Key{}); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(began)
	}
	measure()
	alone := measure()
	work := operation(t, h, "work")
	ctx, stop := context.WithCancel(t.Context())
	var users sync.WaitGroup
	var refused atomic.Int64
	for range 100 {
		users.Go(func() {
			for ctx.Err() == nil {
				if _, err := h.Call(ctx, record.Basis{Model: m}, agent, work, map[string]any{"what": "hang"}, record.Key{}); core.CodeOf(err) == core.RateLimited {
					refused.Add(1)
					select {
					case <-ctx.Done():
					case <-time.After(20 * time.Millisecond): // a user who tries again
					}
				}
			}
		})
	}
	awaitTrue(t, h, func() bool { return refused.Load() >= 68 })
	beside := measure()
	stop()
	users.Wait()
	t.Logf("%d calls took %s alone, %s beside 100 users of a mutation that hangs (%d refused)", calls, alone, beside, refused.Load())
	if beside > 3*alone {
		t.Errorf("%s beside calls that hang, %s alone", beside, alone)
	}
}

func TestARuleThatDoesNotAnswerLetsASaveThroughIfBothSidesSayAllow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		manifest, settings string
		passes             bool
	}{
		"nobody says allow": {"", "", false},
		"only the author":   {"onFailure: {ticket: allow}\n", "", false},
		"only the site":     {"", "onFailure: {ticket: allow}\n", false},
		"both":              {"onFailure: {ticket: allow}\n", "onFailure: {ticket: allow}\n", true},
		"the site denies":   {"onFailure: {ticket: allow}\n", "onFailure: {ticket: deny}\n", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "works", "1.0.0", "timeouts: {save: 500ms}\n"+tt.manifest)
			write(t, filepath.Join(dir, "p.yaml"), tt.settings)
			h := start(t, pluginhost.Config{Dir: dir})
			await(t, h, "p", in(pluginhost.Serving))
			m := model(t)
			save := func(title string) error {
				return errors.Join(judged(t, h, m, m.Entity("ticket"), []core.Change{{Actor: agent, After: ticket("t1", map[string]any{"title": title})}})...)
			}
			if err := save("hang"); (err == nil) != tt.passes {
				t.Errorf("a save: %v, passes = %v", err, tt.passes)
			}
			if err := save("reject"); core.CodeOf(err) != core.Invalid {
				t.Errorf("a save that the rule refuses: %v", err)
			}
		})
	}
}

func TestRecordsThatNobodyReadsAreLetGoOfWithTheCall(t *testing.T) {
	t.Parallel()
	records := &memory{}
	for n := range 1000 {
		records.records = append(records.records, ticket(fmt.Sprintf("t%04d", n), map[string]any{"title": strings.Repeat("x", 10_000)}))
	}
	h, _ := working(t, pluginhost.Config{Open: records.open, ResolveTimeout: 2 * time.Second})
	sending := func() int {
		stacks := make([]byte, 4<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "(*callbacks).Each(")
	}
	asked := make(chan error, 1)
	go func() {
		_, err := does(t.Context(), t, h, "look", "ask for all")
		asked <- err
	}()
	awaitTrue(t, h, func() bool { return sending() == 1 })
	if err := <-asked; core.CodeOf(err) != core.Unavailable {
		t.Errorf("the call ended with %v", err)
	}
	awaitTrue(t, h, func() bool { return sending() == 0 })
}

func TestAMessageMayHaveSixteenMebibytes(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{ResolveTimeout: time.Minute}) // a busy machine takes seconds for so much
	const fits, tooLarge = 5 << 20, 17 << 20                           // gRPC by itself takes four
	if got := must(t, h, fmt.Sprint("send ", fits)); got != "The filter cannot be read." {
		t.Errorf("a request of %d bytes: %s", fits, got)
	}
	if got, want := must(t, h, fmt.Sprint("send ", tooLarge)), "rpc error: code = ResourceExhausted"; !strings.HasPrefix(got, want) {
		t.Errorf("a request of %d bytes: %s, want %s", tooLarge, got, want)
	}
	_, err := does(t.Context(), t, h, "work", fmt.Sprint("say ", tooLarge))
	if got, want := told(err), "INTERNAL The plugin p made a mistake; the details are in the server's log"; got != want {
		t.Errorf("an answer of %d bytes: %s, want %s", tooLarge, got, want)
	}
}
