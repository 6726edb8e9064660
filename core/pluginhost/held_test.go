package pluginhost_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

const (
	kib      = 1 << 10
	holdsAll = "RATE_LIMITED The callbacks and endpoints of the plugin %s hold all of the %d KiB of memory that a plugin may have at a time: wait 2 s and try again, or ask for fewer fields and smaller pages."
)

// large takes room for what it finds, as stores do, and is slow.
type large struct {
	slow
	bytes int64
}

func (l large) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	if err := budget.From(ctx).Take(l.bytes); err != nil {
		return nil, err
	}
	return l.slow.Find(ctx, e, q)
}

// nothing waits until nothing is held any more: gRPC says a moment after its
// answer that it has done with a callback.
func nothing(t *testing.T, held *budget.Server) {
	t.Helper()
	for held.Held() > 0 {
		if t.Context().Err() != nil {
			t.Fatalf("%d bytes are held by nobody", held.Held())
		}
		runtime.Gosched()
	}
}

func TestParallelFindsOfAPluginHoldNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	held := budget.New(budget.Limits{Key: 3500 * kib})
	file := filepath.Join(t.TempDir(), "go")
	var running, most atomic.Int64
	h, _ := working(t, pluginhost.Config{Budget: held, TurnWait: time.Minute, ResolveTimeout: time.Minute, Open: func(core.Actor, record.Basis) pluginhost.Session {
		return large{slow{file: file, running: &running, most: &most}, 1000 * kib}
	}})
	want := fmt.Sprintf("5 "+holdsAll+"\n3 ok", "p", 3500)
	if got := must(t, h, fmt.Sprintf("flood 8 5 %s", file)); got != want {
		t.Errorf("the plugin is told\n%s\nwant\n%s", got, want)
	}
	nothing(t, held)
}

func TestWhatAPluginReadsAndSendsIsHeldUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	held := budget.New(budget.Limits{Key: 400 * kib})
	d := newDeskWithin(t, held)
	long := inBytes(fmt.Sprintf(`{"code":%q}`, strings.Repeat("x", 40*kib)))
	refused := fmt.Sprintf(holdsAll, "p", 400)
	for i := range 4 {
		if got := d.asks(`put {"entity": "voucher", "patch": %s}`, long); strings.Contains(got, " ") {
			t.Fatalf("record %d: %s", i, got)
		}
		nothing(t, held)
	}
	if got := d.asks(`page {"entity": "voucher", "limit": 4}`); got != refused {
		t.Errorf("for more than fits the plugin is told\n%s\nwant\n%s", got, refused)
	}
	nothing(t, held)
	if got := d.asks(`page {"entity": "voucher", "limit": 1}`); !strings.HasPrefix(got, "1 ") {
		t.Errorf("for what fits the plugin is told %s", got)
	}
	nothing(t, held)
	tooLong := inBytes(fmt.Sprintf(`{"code":%q}`, strings.Repeat("x", 450*kib)))
	if got := d.asks(`put {"entity": "voucher", "patch": %s}`, tooLong); got != refused {
		t.Errorf("for a message that does not fit the plugin is told\n%s\nwant\n%s", got, refused)
	}
	nothing(t, held)
}

func TestTheEndpointsOfAPluginHoldNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit int64
		want  string // of the whole answer; "" when it breaks off
	}{
		"no room for a request":           {100 * kib, fmt.Sprintf(holdsAll, "answers", 100) + "\n"},
		"no room for a part of an answer": {500 * kib, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held := budget.New(budget.Limits{Key: tt.limit})
			server := answering(t, serving(t, "answers", pluginhost.Config{Budget: held}))
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/endless", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if broken := tt.want == ""; string(text) != tt.want || (err != nil) != broken {
				t.Errorf("the answer is %q, %v; want %q", text, err, tt.want)
			}
			nothing(t, held)
		})
	}
}
