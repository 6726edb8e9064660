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

	prepared atomic.Bool // the database has the collections and indexes of the model, and a key
	newKey   atomic.Bool // this start made the administrator's key
}

// newServer opens the store and reads the definitions. It fails on what the
// operator must mend, not on a database or a plugin that is down.
func newServer(c Config, log *slog.Logger) (*server, error) {
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	s := &server{config: c, log: log}
	if s.store, err = openStore(c); err != nil {
		return nil, err
	}
	entityCatalog, err := catalog.New(site[:len(entities.Sources())], site[len(entities.Sources()):], s.prepare)
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	roles, err := loadRoles(c, entityCatalog.Model())
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.auth = &access.Authenticator{Keys: s.store}
	s.relay = &journal.Relay{Store: s.store, Log: log}
	s.api = &api{config: c, log: log, catalog: entityCatalog, roles: roles, accepted: map[string]pluginhost.Contribution{}}
	s.api.service = &record.Service{
		Store: s.store, Policy: roles, Hooks: []record.Hook{pluginHook{s.api}},
		Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Region: c.Region, Log: log, Committed: s.relay.Nudge,
	}
	return s, s.api.build(nil)
}

// siteEntities reads the shipped definitions, followed by the site's.
func siteEntities(c Config) ([]schema.Source, error) {
	all := entities.Sources()
	if c.Entities == "" {
		return all, nil
	}
	site, err := schema.ReadSources("site", filepath.ToSlash(c.Entities), os.DirFS(c.Entities))
	return append(all, site...), err
}

// prepare is told about every model before it becomes the current one. While
// the database is down the model is accepted and made ready later.
func (s *server) prepare(m *schema.Model) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := s.store.Prepare(ctx, m)
	if core.CodeOf(err) == core.Unavailable {
		s.prepared.Store(false)
		return nil
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
	return nil
}

// makeReady prepares the database, for as long as it takes.
func (s *server) makeReady(ctx context.Context) {
	waiting := backoff.NewExponentialBackOff()
	waiting.MaxInterval = 5 * time.Second
	told := false
	for !s.prepared.Load() && ctx.Err() == nil {
		err := s.store.Prepare(ctx, s.api.catalog.Model())
		if err == nil {
			var made bool
			if made, err = adminKey(ctx, s.store, s.adminKeyFile()); made {
				s.newKey.Store(true)
			}
		}
		if err == nil {
			s.prepared.Store(true)
			if told {
				s.log.Info("the database is back; ready")
			}
			return
		}
		if !told {
			s.log.Error("not ready; trying on", "error", err)
			told = true
		}
		select {
		case <-time.After(waiting.NextBackOff()):
		case <-ctx.Done():
		}
	}
}

func (s *server) adminKeyFile() string { return filepath.Join(s.config.Data, "admin.key") }

// ready says why the server cannot answer now, or nil.
func (s *server) ready(ctx context.Context) error {
	if !s.prepared.Load() {
		return errors.New("the database has not been reached yet")
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
	if s.prepared.Load() {
		errs = append(errs, s.relay.Drain(ctx))
	}
	return errors.Join(append(errs, s.store.Close())...)
}
