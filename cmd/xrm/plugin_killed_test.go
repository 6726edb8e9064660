package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// embedded is a server of this process that listens nowhere, for tests that
// need other timings than users do.
type embedded struct {
	*server
	admin core.Actor
}

// within runs a server until the test ends, as soon as it is ready and its
// plugins have had their chance.
func within(t testing.TB, c Config, adapt func(*pluginhost.Config)) embedded {
	t.Helper()
	s, err := newServer(c, slog.New(slog.NewTextHandler(t.Output(), nil)), adapt)
	if err == nil {
		err = s.know(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	ready := make(chan struct{})
	running.Go(func() {
		s.readiness.Keep(ctx, func() {
			running.Go(func() { s.relay.Run(ctx) })
			running.Go(func() { s.work.Run(ctx) })
			close(ready)
		})
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := s.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	<-ready
	return embedded{s, core.Actor{ID: "admin", Name: "Admin", Roles: []string{core.AdminRole}}}
}

// save stores drafts of an entity as an administrator.
func (u embedded) save(t testing.TB, entity string, drafts []record.Draft) []*core.Record {
	t.Helper()
	now := u.admission.Current()
	var saved []*core.Record
	for _, r := range u.records.As(u.admin, now.Basis).Save(t.Context(), now.Model.Entity(entity), drafts, false) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		saved = append(saved, r.Record)
	}
	return saved
}

// groups counts the entries of the ledger.
func (u embedded) groups(t testing.TB, q core.Aggregate) []core.Group {
	t.Helper()
	now := u.admission.Current()
	groups, err := u.records.As(u.admin, now.Basis).Aggregate(t.Context(), now.Model.Entity("ledgerEntry"), q)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func (u embedded) backlog(t testing.TB) (backlog core.Backlog) {
	t.Helper()
	all, err := u.store.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, backlog = range all {
	}
	return backlog
}

// killEverySecond kills what serves after a second, until it is told to stop.
func (u embedded) killEverySecond(ctx context.Context) (kills int) {
	host := u.host
	for {
		var pid int
		err := host.Wait(ctx, func(all []pluginhost.Status) bool {
			pid = all[0].PID
			return all[0].State == pluginhost.Serving
		})
		if err != nil {
			return kills
		}
		select {
		case <-time.After(time.Second):
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				kills++
			}
		case <-ctx.Done():
			return kills
		}
		_ = host.Wait(ctx, func(all []pluginhost.Status) bool { return all[0].PID != pid })
	}
}

// Three hundred products change ten times each while the plugin that is told of it
// is killed once a second.
func TestEveryEventHasItsEffectOnceThoughThePluginIsKilledEverySecond(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Parallel()
	const products, versions = 300, 10
	plugins := t.TempDir()
	built(t, plugins, "ledger", "testdata/ledger")
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		c := defaultConfig()
		c.Data, c.Plugins, c.Trust = t.TempDir(), plugins, string(pluginhost.TrustAny)
		if len(flags) > 0 {
			c.Store = flags[1]
		}
		u := within(t, c, func(h *pluginhost.Config) { h.MaxBackoff = 100 * time.Millisecond })
		killing, stop := context.WithCancel(t.Context())
		kills := make(chan int)
		go func() { kills <- u.killEverySecond(killing) }()
		eventually(t, func() string {
			if subscriptions, err := u.store.Subscriptions(t.Context()); err != nil || len(subscriptions) == 0 {
				return "nobody has subscribed"
			}
			return ""
		})

		began := time.Now()
		const page = 100
		for first := 0; first < products; first += page {
			var drafts []record.Draft
			for n := range page {
				drafts = append(drafts, record.Draft{Action: core.Created, Set: map[string]any{"sku": fmt.Sprintf("P-%04d", first+n), "name": "Dog food"}})
			}
			made := u.save(t, "product", drafts)
			for version := 2; version <= versions; version++ {
				for n, r := range made {
					drafts[n] = record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"unitsInStock": int64(version)}}
				}
				u.save(t, "product", drafts)
			}
		}
		written := time.Since(began)

		looks := time.NewTicker(time.Second / 2) // each costs the store what some events do
		defer looks.Stop()
		for last, stands := u.backlog(t), time.Now(); ; <-looks.C {
			now := u.backlog(t)
			if now.Waiting == 0 && u.groups(t, core.Aggregate{})[0].Count >= products*versions {
				break
			}
			if now.Waiting != last.Waiting {
				last, stands = now, time.Now()
			}
			if time.Since(stands) > patience {
				t.Fatalf("nothing was delivered for %s: %+v", patience, now)
			}
		}
		took := time.Since(began)
		stop()
		t.Logf("%d events were written in %s and had their effects after %s, through %d kills", products*versions, written.Round(time.Millisecond), took.Round(time.Millisecond), <-kills)

		if now := u.backlog(t); now.Dead > 0 {
			t.Errorf("%d events are dead letters", now.Dead)
		}
		now := u.admission.Current()
		last, early := map[any]int64{}, 0 // by product, of the entries in the order in which they were made
		entries := core.Query{First: 1000}
		for {
			found, err := u.records.As(u.admin, now.Basis).Find(t.Context(), now.Model.Entity("ledgerEntry"), entries)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range found {
				product, sequence := entry.Values["product"], entry.Values["sequence"].(int64)
				if sequence != last[product]+1 {
					early++
				}
				last[product] = sequence
			}
			if len(found) < entries.First {
				break
			}
			entries.After = []any{found[len(found)-1].ID}
		}
		if early > 0 {
			t.Errorf("%d events came before an earlier one of their record", early)
		}
		each := u.groups(t, core.Aggregate{Grouping: schema.Grouping{By: []core.Order{{Path: "product"}}, Measures: []core.Measure{{Func: core.Max, Path: "sequence"}}}})
		if len(each) != products {
			t.Errorf("the ledger has %d products, want %d", len(each), products)
		}
		for _, g := range each {
			if g.Count != versions || g.Values[0] != int64(versions) {
				t.Errorf("product %v has %d entries, the last of version %v; want %d and %d", g.Keys[0], g.Count, g.Values[0], versions, versions)
			}
		}
	})
}
