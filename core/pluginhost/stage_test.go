package pluginhost_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

// install puts plugins that play these roles into a directory. What lies there
// is a script that leads to the test binary, which is too long to be copied for
// every test.
func install(t *testing.T, roles ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		folder := filepath.Join(dir, role)
		manifest := fmt.Sprintf("name: %s\nversion: 1.0.0\nprotocol: 1\nexecutable: %s\n", role, role)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		script(t, filepath.Join(folder, role), fmt.Sprintf("exec '%s' %s", binary, role))
		write(t, filepath.Join(folder, "plugin.yaml"), manifest)
	}
	return dir
}

// shortDir is a folder whose path leaves room for that of a socket, as that of
// t.TempDir does not.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "x") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// script writes an executable file, all at once.
func script(t *testing.T, file, text string) {
	t.Helper()
	write(t, file+".new", "#!/bin/sh\n"+text+"\n")
	if err := os.Chmod(file+".new", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// begin makes a host and starts its plugins.
func begin(config pluginhost.Config) (*pluginhost.Host, error) {
	if config.Registry == nil { // nobody else shares it
		store, err := sqlite.OpenMemory()
		if err != nil {
			return nil, err
		}
		config.Registry = store
	}
	h, err := pluginhost.New(config)
	if err != nil {
		return nil, err
	}
	if err := h.Start(context.Background()); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// start starts a host, with timings for impatient people.
func start(t *testing.T, config pluginhost.Config) *pluginhost.Host {
	t.Helper()
	if config.Open == nil {
		config.Open = (&memory{}).open
	}
	config.Trust = cmp.Or(config.Trust, pluginhost.TrustAny)
	config.LookEvery = cmp.Or(config.LookEvery, 10*time.Millisecond)
	config.Log = cmp.Or(config.Log, slog.New(slog.NewTextHandler(t.Output(), nil)))
	config.MinBackoff = cmp.Or(config.MinBackoff, 20*time.Millisecond)
	config.MaxBackoff = cmp.Or(config.MaxBackoff, 50*time.Millisecond)
	config.SaveTimeout = cmp.Or(config.SaveTimeout, 5*time.Second)
	if config.Registry == nil {
		config.Registry = registry(t, config.CacheDir)
	}
	h, err := begin(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// registry is the one in a folder, or one of its own where there is none. It is the
// same for all hosts of that folder.
func registry(t *testing.T, dir string) pluginhost.Registry {
	t.Helper()
	var store *sqlite.Store
	var err error
	if dir == "" {
		store, err = sqlite.OpenMemory()
	} else {
		store, err = sqlite.Open(filepath.Join(dir, "xrm.db"))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// await waits until a plugin is as wanted, and returns its status then.
func await(t *testing.T, h *pluginhost.Host, name string, wanted func(pluginhost.Status) bool) (found pluginhost.Status) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := h.Wait(ctx, func(all []pluginhost.Status) bool {
		for _, s := range all {
			if s.Name == name && wanted(s) {
				found = s
				return true
			}
		}
		return false
	})
	if err != nil {
		t.Fatalf("%s never got there: %v; the plugins are %+v", name, err, h.Plugins())
	}
	return found
}

func in(state pluginhost.State) func(pluginhost.Status) bool {
	return func(s pluginhost.Status) bool { return s.State == state }
}

// serving starts a host with one plugin that plays a role well enough.
func serving(t *testing.T, role string, config pluginhost.Config) *pluginhost.Host {
	t.Helper()
	config.Dir = install(t, role)
	h := start(t, config)
	await(t, h, role, in(pluginhost.Serving))
	return h
}

func model(t *testing.T, more ...schema.Source) *schema.Model {
	t.Helper()
	source := func(name, yaml string) schema.Source {
		return schema.Source{Layer: "test", File: name, Data: []byte(yaml)}
	}
	m, err := schema.Load(append([]schema.Source{
		source("party.yaml", "entity: party\nfields:\n  name: {type: text}\n"),
		source("customer.yaml", "role: customer\nof: party\nfields:\n  segment: {type: text}\n"),
		source("supplier.yaml", "role: supplier\nof: party\nfields:\n  rating: {type: integer}\n"),
		source("ticket.yaml", ticketYAML),
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ticket(id string, values map[string]any) *core.Record {
	return &core.Record{Entity: "ticket", ID: id, Version: 1, Values: values}
}

func customer(id string) *core.Record {
	return &core.Record{Entity: "party", ID: id, Version: 1, Values: map[string]any{
		"name": "Customer " + id, "roles": []any{"customer"}, "customer": map[string]any{"segment": "b"},
	}}
}

// admitted lets in whatever is offered.
func admitted(o snapshot.Offer) error {
	if o.Ready != nil {
		o.Ready()
	}
	return nil
}

// holding is a snapshot of a model with what the plugins of a host contribute.
func holding(h *pluginhost.Host, m *schema.Model) *snapshot.Snapshot {
	s := &snapshot.Snapshot{Basis: record.Basis{Model: m}, Contributions: h.Contributions()}
	s.Hooks = h.Hooks(s.Contributions)
	return s
}

// judged asks the rules that hold at the moment.
func judged(t *testing.T, h *pluginhost.Host, m *schema.Model, e *schema.Entity, changes []core.Change) (errs []error) {
	t.Helper()
	s := holding(h, m)
	for _, hook := range s.Hooks {
		errs = hook.BeforeSave(t.Context(), s.Basis, e, changes)
	}
	return errs
}

// operation returns what a plugin has contributed under a name.
func operation(t *testing.T, h *pluginhost.Host, name string) snapshot.Operation {
	t.Helper()
	list := h.Contributions()
	for _, c := range list {
		for _, o := range c.Operations {
			if o.Name == name {
				return o
			}
		}
	}
	t.Fatalf("nobody contributes an operation %s", name)
	return snapshot.Operation{}
}

func field(t *testing.T, h *pluginhost.Host, name string) snapshot.ComputedField {
	t.Helper()
	list := h.Contributions()
	for _, c := range list {
		for _, f := range c.Fields {
			if f.Field.Name == name {
				return f
			}
		}
	}
	t.Fatalf("nobody contributes a field %s", name)
	return snapshot.ComputedField{}
}

var agent = core.Actor{ID: "u1", Name: "Ada", Roles: []string{"agent"}}

// memory is what sessions read and write; it notes who did.
type memory struct {
	mu      sync.Mutex
	records []*core.Record
	finds   int
	actors  []core.Actor
}

func (m *memory) open(a core.Actor, _ record.Basis) pluginhost.Session {
	return session{memory: m, actor: a}
}

type session struct {
	*memory
	actor core.Actor
}

func (s session) Load(ctx context.Context, e *schema.Entity, ids, _ []string) (map[string]*core.Record, error) {
	found, err := s.Find(ctx, e, core.Query{Filter: record.ByIDs(ids), First: len(ids)})
	byID := map[string]*core.Record{}
	for _, r := range found {
		byID[r.ID] = r
	}
	return byID, err
}

func (s session) Find(_ context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finds++
	s.actors = append(s.actors, s.actor)
	var found []*core.Record
	for _, r := range s.records {
		values := map[string]any{"id": r.ID}
		for name, value := range r.Values {
			values[name] = value
		}
		after := len(q.After) == 0 || r.ID > q.After[0].(string)
		if r.Entity == e.Stored().Name && q.Filter.Match(values) && after {
			found = append(found, r.Clone())
		}
	}
	slices.SortFunc(found, func(a, b *core.Record) int { return strings.Compare(a.ID, b.ID) })
	return found[:min(len(found), q.First)], nil
}

func (s session) Save(_ context.Context, e *schema.Entity, drafts []record.Draft, _ bool) []record.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actors = append(s.actors, s.actor)
	for _, r := range s.records {
		if r.ID == drafts[0].ID {
			for path, value := range drafts[0].Set {
				r.Values[path] = value
			}
			r.Version++
			return []record.Result{{Record: r.Clone(), Done: core.Updated}}
		}
	}
	return []record.Result{{Err: &core.Error{Code: core.NotFound, Message: "There is no " + e.Name + " with the id " + drafts[0].ID + ", or you may not see it."}}}
}

// Batch saves one after the other.
func (s session) Batch(ctx context.Context, _ record.Key, wishes []record.Wish, dryRun bool) (results []record.Result, err error) {
	for i, one := range wishes {
		results = append(results, s.Save(ctx, one.Entity, []record.Draft{one.Draft}, dryRun)...)
		err = errors.Join(err, results[i].Err)
	}
	return results, err
}

// Seen hides from a plugin what is secret.
func (s session) Seen(r *core.Record) (*core.Record, error) {
	if r == nil || r.Values["secret"] == nil {
		return r, nil
	}
	r = r.Clone()
	delete(r.Values, "secret")
	return r, nil
}

func (s session) MayWrite(_ context.Context, _ *schema.Entity, _ core.Action, fields []string, _ *core.Record) error {
	if slices.Contains(fields, "secret") {
		return &core.Error{Code: core.Forbidden, Message: "The plugin may not write secret."}
	}
	return nil
}

// awaitTrue waits until something is so, which may be told by no status.
func awaitTrue(t *testing.T, h *pluginhost.Host, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never got there; the plugins are %+v", h.Plugins())
		}
	}
}

func (s session) Told(_ context.Context, _ *schema.Entity, entries []core.Entry) ([]core.Entry, error) {
	for i, e := range entries {
		entries[i].Diffs = slices.DeleteFunc(slices.Clone(e.Diffs), func(d core.Diff) bool { return d.Path == "secret" })
	}
	return entries, nil
}

func (s session) Aggregate(_ context.Context, e *schema.Entity, _ core.Aggregate) ([]core.Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actors = append(s.actors, s.actor)
	return []core.Group{{Count: int64(len(s.records))}}, nil
}
