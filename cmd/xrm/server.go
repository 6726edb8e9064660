package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql/transport"
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
	work   *work

	metrics *metrics
	graphql *transport.Handler

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
	s.api = &api{config: c, log: log, relay: s.relay, catalog: entityCatalog, policy: &access.Policy{Roles: roles}, accepted: map[string]pluginhost.Contribution{}, changed: make(chan struct{}, 1)}
	s.api.service = &record.Service{
		Store: s.store, Policy: s.api.policy, Hooks: []record.Hook{pluginHook{s.api}},
		Now: time.Now, NewID: newID,
		Region: c.Region, Committed: s.relay.Nudge,
	}
	s.work = newWork(s.api, s.store, s.relay, log)
	s.api.desk, s.api.keys = desk{s.store, s.work}, keyDesk{s.store, roles}
	s.metrics = newMetrics(s.api.plugins, s.store.Backlog)
	s.graphql = s.newGraphQL()
	return s, s.api.build(nil)
}

// startPlugins starts the plugins and waits for them for a moment. What is
// wrong with one stands in its state.
func (s *server) startPlugins(ctx context.Context) error {
	host, err := pluginhost.Start(s.pluginConfig())
	if err != nil {
		return err
	}
	s.api.host.Store(host)
	grace, cancel := context.WithTimeout(ctx, s.config.Timeout.Plugin)
	defer cancel()
	host.Settle(grace)
	_, warnings := s.api.policy.Roles.Check(s.api.catalog.Model())
	for _, w := range warnings {
		s.log.Warn("a role has a rule that grants nothing", "rule", w.Error())
	}
	for _, w := range s.api.catalog.Waiting() {
		s.log.Warn("a file of entities is left out until a plugin brings what it needs", "file", w.Error())
	}
	return nil
}

func (s *server) pluginConfig() pluginhost.Config {
	return pluginhost.Config{
		Dir: s.config.Plugins, Trust: pluginhost.Trust(s.config.Trust), CacheDir: filepath.Join(s.config.Data, "plugins"),
		Version: readBuild().Version, Shim: shim(), Log: s.log, Accept: s.api.accept,
		Open: func(a core.Actor, m *schema.Model) pluginhost.Session { return s.api.service.As(a, m) },
		Keep: keeper{s.store, s.work.runner}, Publish: s.work.publisher.Publish, Observe: s.metrics.observe,
		SecretsDir: filepath.Join(s.config.Data, "secrets"),
	}
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
