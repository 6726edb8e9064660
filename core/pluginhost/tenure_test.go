package pluginhost_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
)

// cut is a registry that can be cut off.
type cut struct {
	pluginhost.Registry
	off      atomic.Bool
	attended atomic.Int64
	unread   atomic.Bool // what others have changed cannot be read
}

func (c *cut) Registrations(ctx context.Context, known map[string]int64) ([]core.Registration, error) {
	if c.unread.Load() {
		return nil, &core.Error{Code: core.Unavailable, Message: "The database is down."}
	}
	return c.Registry.Registrations(ctx, known)
}

func (c *cut) Attend(ctx context.Context, p core.Presence, ttl time.Duration) error {
	if c.off.Load() {
		return &core.Error{Code: core.Unavailable, Message: "The database is down."}
	}
	c.attended.Add(1)
	return c.Registry.Attend(ctx, p, ttl)
}

func TestAnInstanceThatIsCutOffHasNoTenureAndThenAnotherOne(t *testing.T) {
	t.Parallel()
	store := &cut{Registry: registry(t, "")}
	h := start(t, pluginhost.Config{Dir: t.TempDir(), Registry: store, Lease: 50 * time.Millisecond})
	awaitTrue(t, h, func() bool { return h.Tenure() > 0 })
	store.off.Store(true)
	awaitTrue(t, h, func() bool { return h.Tenure() == 0 })
	store.off.Store(false)
	awaitTrue(t, h, func() bool { return h.Tenure() > 1 })
}

// Until an instance that was away knows what the others have changed, it saves
// nothing: it would go by rules from before.
func TestATenureBeginsOnlyWhenWhatTheOthersChangedIsKnown(t *testing.T) {
	t.Parallel()
	store := &cut{Registry: registry(t, "")}
	var rejoined atomic.Int64
	h := start(t, pluginhost.Config{Dir: t.TempDir(), Registry: store, Lease: 50 * time.Millisecond, Rejoin: func() { rejoined.Add(1) }})
	awaitTrue(t, h, func() bool { return h.Tenure() > 0 })
	store.unread.Store(true)
	store.off.Store(true)
	awaitTrue(t, h, func() bool { return h.Tenure() == 0 })
	before := rejoined.Load()
	store.attended.Store(0)
	store.off.Store(false)
	awaitTrue(t, h, func() bool { return store.attended.Load() > 2 })
	if tenure := h.Tenure(); tenure != 0 || rejoined.Load() != before {
		t.Errorf("it has tenure %d without knowing what has changed", tenure)
	}
	store.unread.Store(false)
	awaitTrue(t, h, func() bool { return h.Tenure() > 1 && rejoined.Load() > before })
}

// Two instances, of which one brings a rule: it is not served with before the other
// one goes by it, or is gone.
func TestAVersionWaitsForAnInstanceThatDoesNotGoByIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "")
	store := registry(t, t.TempDir())
	if err := store.Attend(t.Context(), core.Presence{Instance: "late"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	h := start(t, pluginhost.Config{Dir: dir, Registry: store, Lease: time.Second})
	awaitTrue(t, h, func() bool {
		list, err := store.Registrations(t.Context(), nil)
		return err == nil && len(list) == 1 && list[0].Next != nil
	})
	if list := h.Contributions(); len(list) > 0 {
		t.Errorf("it is served with before the other instance goes by it: %+v", list)
	}
	list, err := store.Registrations(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Attend(t.Context(), core.Presence{Instance: "late", Held: map[string]int64{"p": list[0].Generation + 1000}}, time.Hour); err != nil {
		t.Fatal(err)
	}
	await(t, h, "p", serves("1.0.0"))
	if list, err = store.Registrations(t.Context(), nil); err != nil || list[0].Next != nil || list[0].Force.Version != "1.0.0" {
		t.Errorf("in force is %+v, %v", list, err)
	}
}
