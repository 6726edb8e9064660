package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// server is everything that runs, wired together.
type server struct {
	config Config
	log    *slog.Logger
	store  store
	auth   *access.Authenticator
	api    *api
	relay  *journal.Relay

	prepared atomic.Pointer[schema.Model] // the database has its collections and indexes
	down     atomic.Bool                  // the database could not be prepared when it was last tried
	keyed    atomic.Bool                  // there is a key to get in with
	newKey   atomic.Bool                  // this start made the administrator's key
}

// newServer opens the store and reads the definitions. It fails on what the
// operator must mend, not on a database or a plugin that is down.
func newServer(c Config, log *slog.Logger) (*server, error) {
	if c.Plugins != defaultConfig().Plugins { // which need not exist
		if err := folder("plugins", "the plugins", c.Plugins); err != nil {
			return nil, err
		}
	}
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	s := &server{config: c, log: log}
	if s.store, err = openStore(c); err != nil {
		return nil, err
	}
	entityCatalog, err := catalog.New(entities.Sources(), site, s.prepare)
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	roles, err := loadRoles(c, entityCatalog.Model())
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.auth = &access.Authenticator{Keys: s.store}
	s.relay = &journal.Relay{Store: s.store, Log: log}
	s.api = &api{config: c, log: log, catalog: entityCatalog, roles: roles, accepted: map[string]pluginhost.Contribution{}, changed: make(chan struct{}, 1)}
	s.api.service = &record.Service{
		Store: s.store, Policy: roles, Hooks: []record.Hook{pluginHook{s.api}},
		Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Region: c.Region, Committed: s.relay.Nudge,
	}
	return s, s.api.build(nil)
}

// siteEntities reads the site's own definitions.
func siteEntities(c Config) ([]schema.Source, error) {
	if c.Entities == "" {
		return nil, nil
	}
	if err := folder("entities", "the entity definitions", c.Entities); err != nil {
		return nil, err
	}
	return schema.ReadSources("site", filepath.ToSlash(c.Entities), os.DirFS(c.Entities))
}

// prepare is told about every model before it becomes the current one. While
// the database is down the model is accepted, and keepReady prepares for it
// later.
func (s *server) prepare(m *schema.Model) error {
	if s.down.Load() {
		return nil // whoever offers a model does not wait for the database again
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := s.store.Prepare(ctx, m)
	if core.CodeOf(err) == core.Unavailable {
		s.down.Store(true)
		return nil
	}
	if err == nil {
		s.prepared.Store(m)
	}
	return err
}

// startPlugins starts the plugins and waits for them for a moment. What is
// wrong with one stands in its state.
func (s *server) startPlugins(ctx context.Context) error {
	host, err := pluginhost.Start(pluginhost.Config{
		Dir: s.config.Plugins, CacheDir: filepath.Join(s.config.Data, "plugins"), Log: s.log, Accept: s.api.accept,
		Open: func(a core.Actor, m *schema.Model) pluginhost.Session { return s.api.service.As(a, m) },
	})
	if err != nil {
		return err
	}
	s.api.host.Store(host)
	known, _ := host.Contributions()
	for _, c := range known { // what is known from an earlier start, should the plugin not come up
		if err := s.api.accept(c); err != nil {
			s.log.Warn("what the plugin contributed earlier does not fit any more", "plugin", c.Plugin, "error", err)
		}
	}
	grace, cancel := context.WithTimeout(ctx, s.config.Timeout.Plugin)
	defer cancel()
	host.Settle(grace)
	_, warnings := s.api.roles.Check(s.api.catalog.Model())
	for _, w := range warnings {
		s.log.Warn("a role has a rule that grants nothing", "rule", w.Error())
	}
	for _, w := range s.api.catalog.Waiting() {
		s.log.Warn("a file of entities is left out until a plugin brings what it needs", "file", w.Error())
	}
	return nil
}

// keepReady prepares the database, now and whenever the model has changed
// without it, and calls first when that is done for the first time.
func (s *server) keepReady(ctx context.Context, first func()) {
	for s.makeReady(ctx) {
		if first != nil {
			first()
			first = nil
		}
		select {
		case <-s.api.changed:
		case <-ctx.Done():
		}
	}
}

// makeReady prepares the database, for as long as it takes. It returns false
// when ctx is done before.
func (s *server) makeReady(ctx context.Context) bool {
	waiting := backoff.NewExponentialBackOff()
	waiting.MaxInterval = 5 * time.Second
	told := false
	for ctx.Err() == nil {
		err := s.tryToBeReady(ctx)
		if err == nil {
			if told {
				s.log.Info("the database is back; ready")
			}
			return true
		}
		if !told && ctx.Err() == nil {
			s.tellNotReady(err)
			told = true
		}
		select {
		case <-time.After(waiting.NextBackOff()):
		case <-ctx.Done():
		}
	}
	return false
}

func (s *server) tryToBeReady(ctx context.Context) error {
	for m := s.api.catalog.Model(); s.prepared.Load() != m; m = s.api.catalog.Model() {
		if err := s.store.Prepare(ctx, m); err != nil {
			return err
		}
		s.down.Store(false)
		s.prepared.Store(m)
	}
	if s.keyed.Load() {
		return nil
	}
	made, err := adminKey(ctx, s.store, adminKeyFile(s.config))
	if made {
		s.newKey.Store(true)
	}
	s.keyed.Store(err == nil)
	return err
}

func (s *server) tellNotReady(err error) {
	var known *core.Error
	if !errors.As(err, &known) || known.Code != core.Unavailable || known.Cause == nil {
		s.log.Error("the server is not ready; trying on", "error", err)
		return
	}
	s.log.Error("the server is not ready, because the database cannot be reached; trying on. See that it runs, and that --store (XRM_STORE) names it", "error", known.Cause)
}

// ready says why the server cannot answer now, or nil.
func (s *server) ready(ctx context.Context) error {
	if !s.keyed.Load() || s.prepared.Load() != s.api.catalog.Model() {
		return errors.New("the database is not prepared yet")
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout.Store)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}

// close stops the plugins, delivers what is committed and closes the store.
func (s *server) close(ctx context.Context) error {
	var errs []error
	if host := s.api.host.Load(); host != nil {
		errs = append(errs, host.Close())
	}
	if s.prepared.Load() != nil {
		switch err := s.relay.Drain(ctx); {
		case core.CodeOf(err) == core.Unavailable:
			s.log.Warn("the database cannot be reached; what the journal lacks is added after the next start", "error", err)
		default:
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.store.Close())...)
}
