package pluginhost_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestWhatAPluginIsRefusedIsInTheLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, _ := working(t, pluginhost.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	const refusal = "The plugin p wanted to save a ticket in the middle of a read or of another write. Queries, fields and rules have no effects."
	if said := must(t, h, "save ticket"); said != refusal {
		t.Errorf("the plugin is told %s", said)
	}
	want := regexp.MustCompile(`level=WARN msg="plugin was refused" plugin=p call=\w+ in=look user=u1 error="` + regexp.QuoteMeta(refusal) + `"`)
	if !want.MatchString(log.String()) {
		t.Errorf("the log is\n%s", log.String())
	}
}

func TestAMistakeOfOursThatAPluginFindsEndsNothing(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{Open: func(core.Actor, record.Basis) pluginhost.Session { panic("a bug") }})
	if said, want := must(t, h, "save ticket"), "Something went wrong at the host; the details are in its log."; said != want {
		t.Errorf("the plugin is told %s, want %s", said, want)
	}
}

// failing is a store in which a save ends with an error.
type failing struct {
	pluginhost.Session
	err error
}

func (f failing) Save(context.Context, *schema.Entity, []record.Draft, bool) []record.Result {
	return []record.Result{{Err: f.err}}
}

func TestWhatAPluginHandsOnOfItsHostIsWhatTheUserReads(t *testing.T) {
	t.Parallel()
	for want, refusal := range map[string]error{
		"RATE_LIMITED Too many at once.":                                         &core.Error{Code: core.RateLimited, Message: "Too many at once."},
		"INTERNAL Something went wrong at the host; the details are in its log.": errors.New("the store is upside down"),
	} {
		h, _ := working(t, pluginhost.Config{Open: func(core.Actor, record.Basis) pluginhost.Session { return failing{err: refusal} }})
		if _, err := does(t.Context(), t, h, "work", "hand ticket"); told(err) != want {
			t.Errorf("%v, want %v", told(err), want)
		}
		if failed := h.Plugins()[0].Failed; len(failed) > 0 {
			t.Errorf("the plugin is blamed: %+v", failed)
		}
	}
}

// shelf keeps state, and knows only how much.
type shelf struct {
	pluginhost.Keeper
	size atomic.Int64
}

func (s *shelf) StateSize(context.Context, string) (int64, error) { return s.size.Load(), nil }

func (s *shelf) PutState(_ context.Context, _, _ string, value []byte, _ int64, _ time.Time) (int64, error) {
	runtime.Gosched()
	s.size.Add(int64(len(value)))
	return 1, nil
}

func TestStateIsBoundedAlsoWhenAllIsPutAtOnce(t *testing.T) {
	t.Parallel()
	var kept shelf
	h, _ := working(t, pluginhost.Config{Keep: &kept, CallTimeout: 30 * time.Second})
	if _, err := does(t.Context(), t, h, "work", "fill"); err != nil {
		t.Fatal(err)
	}
	if got := kept.size.Load(); got != 64<<20 {
		t.Errorf("the plugin keeps %d bytes, want %d", got, 64<<20)
	}
}
