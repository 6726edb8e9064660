package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/work"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

var admin = core.Actor{ID: "admin-1", Name: "Ada", Roles: []string{core.AdminRole}}

// world is an admission over the shipped entities, with a database in memory that
// can be taken away.
type world struct {
	testing.TB
	*snapshot.Admission
	records   *record.Service
	readiness *snapshot.Readiness
	store     *database
	log       *bytes.Buffer
}

// database is a store that does not answer while it is down, and cannot be
// prepared while its disk is full.
type database struct {
	*sqlite.Store
	down, full atomic.Bool
	prepared   atomic.Int64
}

var errFull = errors.New("the disk is full")

func (d *database) unavailable() error {
	if d.down.Load() {
		return &core.Error{Code: core.Unavailable, Message: "The database is down."}
	}
	return nil
}

func (d *database) Prepare(ctx context.Context, m *schema.Model) error {
	if err := d.unavailable(); err != nil {
		return err
	}
	if d.full.Load() {
		return errFull
	}
	d.prepared.Add(1)
	return d.Store.Prepare(ctx, m)
}

func (d *database) Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error) {
	if err := d.unavailable(); err != nil {
		return nil, err
	}
	return d.Store.Count(ctx, e, q, limit)
}

// newWorld makes one with a role of the site, "" for none. The rules are those of
// hooks.
func newWorld(t testing.TB, role string, hooks func([]snapshot.Contribution) []record.Hook) *world {
	t.Helper()
	store, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return worldOn(t, &database{Store: store}, role, hooks)
}

func worldOn(t testing.TB, store *database, role string, hooks func([]snapshot.Contribution) []record.Hook) *world {
	t.Helper()
	w := &world{TB: t, store: store, log: &bytes.Buffer{}}
	definitions, err := catalog.New(entities.Sources(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var sources []schema.Source
	if role != "" {
		sources = []schema.Source{{Layer: "site", File: "site.yaml", Data: []byte(role)}}
	}
	roles, err := access.LoadRoles(definitions.Model(), sources)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.records = &record.Service{Store: store, Region: "DE", Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() }}
	w.readiness = snapshot.NewReadiness(store, time.Second, func(context.Context) error { return nil }, log)
	w.Admission, err = snapshot.New(snapshot.Config{
		Catalog: definitions, Roles: roles, Hooks: hooks, Names: graphql.Check, Prepare: w.readiness.Prepare, Log: log,
		Build: func(s *snapshot.Snapshot) (*execution.Engine, error) {
			return graphql.Build(graphql.Config{Snapshot: s, Service: w.records, Plugins: new(work.Work).Desk(), Keys: identity.Desk{}, Parties: &party.Service{}})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// refused checks that an offer is not admitted, and that everything is as before.
func (w *world) refused(c snapshot.Contribution, want string) {
	w.Helper()
	before := w.Current()
	if err := w.Admit(snapshot.Offer{Contribution: c}); err == nil || err.Error() != want {
		w.Errorf("Admit = %v\nwant %s", err, want)
	}
	if w.Current() != before {
		w.Error("something of it is there")
	}
}

func (w *world) admit(c snapshot.Contribution) {
	w.Helper()
	if err := w.Admit(snapshot.Offer{Contribution: c}); err != nil {
		w.Fatal(err)
	}
}
