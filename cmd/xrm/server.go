package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/forms"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/mail/imap"
	"github.com/openxrm/xrm/core/migration"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/texts"
	"github.com/openxrm/xrm/core/web"
	"github.com/openxrm/xrm/core/work"
	"github.com/openxrm/xrm/sdk/contract/worktime"
)

// server is everything that runs, wired together.
type server struct {
	config Config
	log    *slog.Logger

	store     store
	records   *record.Service
	relay     *journal.Relay
	host      *pluginhost.Host
	admission *snapshot.Admission
	readiness *snapshot.Readiness
	work      *work.Work
	roles     *access.Roles
	calendars *worktime.Calendars
	mail      mail.Server  // the zero value where the site has none
	mailbox   imap.Mailbox // as well
	site      *web.Site
	uses      *identity.Uses // of API keys
	files     *file.Service

	keyFile atomic.Int32 // an identity.KeyFile: what this start made of the administrator's key
}

// newServer opens the store and reads the definitions. It fails on what the
// operator must mend, not on a database or a plugin that is down. adapt may change
// how plugins are run; nil leaves that.
func newServer(c Config, log *slog.Logger, adapt func(*pluginhost.Config)) (*server, error) {
	if c.Plugins != defaultConfig().Plugins { // which need not exist
		if err := folder("plugins", "the plugins", c.Plugins); err != nil {
			return nil, err
		}
	}
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	definitions, err := catalog.New(shipped(c), site)
	if err != nil {
		return nil, err
	}
	definitions = definitions.In(c.Region)
	roles, err := loadRoles(c, definitions.Model())
	if err != nil {
		return nil, err
	}
	calendars, err := loadCalendars(c)
	if err != nil {
		return nil, err
	}
	s := &server{config: c, log: log, roles: roles, calendars: calendars}
	if s.mail, s.mailbox, err = mailServers(c.Mail); err != nil {
		return nil, err
	}
	closeFolder(c.Data, log)
	if s.store, err = openStore(c); err != nil {
		return nil, err
	}
	if err := s.wire(definitions, adapt); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	return s, nil
}

// wire joins the parts of the engine: each knows the others by the ports that it
// declares, and the snapshot of the moment by a function.
func (s *server) wire(definitions *catalog.Catalog, adapt func(*pluginhost.Config)) (err error) {
	c, log := s.config, s.log
	current := func() *snapshot.Snapshot { return s.admission.Current() }
	s.relay = &journal.Relay{Store: s.store, Log: log}
	s.records = &record.Service{Store: s.store, Now: time.Now, NewID: newID, Region: c.Region, Committed: s.relay.Nudge, Timers: s.store, Unknown: s.unknown}
	s.files = &file.Service{Store: s.store, Records: s.records, Now: time.Now, NewID: newID, MaxSize: int64(c.Limits.FileBytes)}
	s.records.Files = s.files
	queue := fairqueue.New(fairqueue.DefaultLimits(), time.Now)
	metrics := web.NewMetrics(func() []core.Plugin { return s.work.Desk().Plugins() }, s.store.Backlog, queue.Counts)
	s.work = work.New(s.store, current, newID, log)
	s.relay.Enqueued = s.work.Enqueued
	held := budget.New(budgets(c.Limits))
	plugins := s.pluginConfig(metrics, held)
	if adapt != nil {
		adapt(&plugins)
	}
	if s.host, err = pluginhost.New(plugins); err != nil {
		return err
	}
	s.work.Plugins = s.host
	s.records.Moving = s.host.Moving
	s.work.Own = map[string]func(context.Context, record.Basis, core.Timer) error{
		party.TimerOwner: s.parties(nil).Resume, record.TimerOwner: s.records.Resume, file.Owner: s.files.Look,
	}
	inForm := &forms.Service{Records: s.records, State: s.store, Log: log}
	s.work.Services = s.mailServices()
	s.work.Jobs = []work.Job{{Owner: forms.Owner, Name: forms.Name, Due: inForm.Due, Do: inForm.Do}}
	if c.shared() {
		s.records.Tenure = s.host.Tenure
		s.records.Oldest = func() int64 { return s.admission.Oldest() }
	}
	s.readiness = snapshot.NewReadiness(s.store, c.Timeout.Store, s.letIn, log)
	own, err := texts.Own()
	if err != nil {
		return errors.Join(err, s.host.Close())
	}
	s.admission, err = snapshot.New(snapshot.Config{
		Catalog: definitions, Roles: s.roles, Hooks: s.host.Hooks, Build: s.buildAPI, Names: graphql.Check, Prepare: s.readiness.Prepare, Kept: s.store, Texts: own, Log: log,
	})
	if err != nil {
		return errors.Join(err, s.host.Close())
	}
	s.uses = identity.NewUses(s.store, time.Now, log)
	sessions := &identity.Sessions{Store: s.store, Keys: s.store, Used: s.uses.Note}
	s.site = web.New(web.Config{
		Authenticator: &identity.Authenticator{Keys: s.store, Used: s.uses.Note, Sessions: sessions}, Sessions: sessions,
		Plugins: s.host, Files: s.files, Current: current, Ready: s.readiness.Check,
		Lacking: s.lacking, Metrics: metrics, Queue: queue, Log: log,
		PagesHost: c.Pages.Host, Budget: held, BodyTimeout: c.Timeout.Body,
		BodyBytes: c.Limits.BodyBytes, Subscriptions: c.Limits.Subscriptions, Timeout: c.Timeout.Request,
	})
	return nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// pluginConfig says how plugins are run.
func (s *server) pluginConfig(metrics *web.Metrics, held *budget.Server) pluginhost.Config {
	return pluginhost.Config{
		Dir: s.config.Plugins, Trust: pluginhost.Trust(s.config.Trust), CacheDir: filepath.Join(s.config.Data, "plugins"),
		Registry: s.store, Version: readBuild().Version, Shim: shim(), Log: s.log, Budget: held,
		Admit:  func(o snapshot.Offer) error { return s.admission.Admit(o) },
		Rejoin: func() { s.admission.Expire() },
		Recall: func(all []snapshot.Contribution) []error { return s.admission.Recall(all) },
		Open: func(a core.Actor, on record.Basis) pluginhost.Session {
			return s.records.As(a, s.admission.Limit(on))
		},
		Migration: s.migration,
		Once:      &once.Desk{Store: s.store, Now: time.Now},
		Calendars: s.calendars,
		Keep:      s.work.Keeper(s.store), Publish: s.work.Publisher.Publish, Post: mail.Outbox{Records: s.records}.Post, OpenFile: s.openFile, KeepFile: s.keepFile, Broadcasts: s.store, Observe: metrics.Observe, SecretsDir: filepath.Join(s.config.Data, "secrets"),
	}
}

// openFile and keepFile are for plugins, with the rights that they have.
func (s *server) openFile(ctx context.Context, a core.Actor, on record.Basis, entity, id, name string) (core.File, io.ReadCloser, error) {
	f, err := s.files.Find(ctx, s.records.As(a, s.admission.Limit(on)), entity, id, name)
	content := s.files.Open(ctx, f)
	if err == nil {
		err = content.Check()
	}
	return f, content, err
}

func (s *server) keepFile(ctx context.Context, a core.Actor, on record.Basis, name string, content io.Reader) (core.File, error) {
	if err := file.MayUpload(s.admission.Limit(on), a); err != nil {
		return core.File{}, err
	}
	return s.files.Upload(ctx, a, file.Said{Name: name}, content)
}

// migration is a run into what would hold if something were admitted.
func (s *server) migration(o snapshot.Offer) (*migration.Run, error) {
	on, err := s.admission.Preview(o)
	return &migration.Run{Store: s.store, Region: s.config.Region, Records: s.records, On: on}, err
}

// buildAPI makes the API of a snapshot.
func (s *server) buildAPI(now *snapshot.Snapshot) (*execution.Engine, error) {
	limits, timeout := s.config.Limits, s.config.Timeout
	sorting, _ := s.store.(integrity.Sorting)
	return graphql.Build(graphql.Config{
		Snapshot: now, Service: s.records, MaxPageSize: limits.Page, MaxCount: limits.Count,
		Limits:  execution.Limits{Depth: limits.Depth, Cost: limits.Cost, DocumentBytes: limits.DocumentBytes, EventTime: timeout.Request},
		Plugins: s.work.Desk(), Once: &once.Desk{Store: s.store, Now: time.Now},
		Keys:    identity.Desk{Keyring: s.store, Records: s.store, Roles: now.Roles},
		Parties: s.parties(now.Contributions), Integrity: &integrity.Service{Records: s.records, Keys: s.store, Timers: s.store, Sorting: sorting, Contents: s.store, Begun: begun},
		Log: s.logFailure, RequestID: web.RequestID, Say: now.Texts.For,
	})
}

// begun reads the timers that bring to its end what takes several writes.
var begun = map[string]func(core.Timer) (record.Begun, error){party.TimerOwner: party.ReadBegun, record.TimerOwner: record.ReadBegun}

// parties is what is done with a party as a whole, while plugins contribute this.
func (s *server) parties(all []snapshot.Contribution) *party.Service {
	return &party.Service{Records: s.records, Journal: s.relay, Elsewhere: s.host.Exporters(all)}
}

// unknown is why the records of a plugin may not be known here.
func (s *server) unknown() error { return s.host.Unknown(s.admission.Current().Contributions) }

func (s *server) logFailure(ctx context.Context, f execution.Failure) {
	attrs := []any{"request", web.RequestID(ctx), "field", f.Field, "path", fmt.Sprint(f.Path), "error", f.Err}
	if len(f.Stack) > 0 {
		attrs = append(attrs, "stack", string(f.Stack))
	}
	s.log.ErrorContext(ctx, "a request failed", attrs...)
}

// letIn sees to it that an administrator can get in.
func (s *server) letIn(ctx context.Context) error {
	state, err := identity.EnsureAdministrator(ctx, s.store, adminKeyFile(s.config))
	if err == nil {
		s.keyFile.Store(int32(state))
	}
	return err
}

// begin lets hold what is in force of plugins, waits for those that never were, and
// then opens the gate: from the first request on the rules are known. It goes on
// trying while the database is down.
func (s *server) begin(ctx context.Context, gate *web.Gate) error {
	waiting := backoff.NewExponentialBackOff()
	waiting.InitialInterval, waiting.MaxInterval = 50*time.Millisecond, time.Second
	for {
		err := s.know(ctx)
		if err == nil {
			break
		}
		if core.CodeOf(err) != core.Unavailable {
			return err
		}
		gate.Await(err)
		select {
		case <-time.After(waiting.NextBackOff()):
		case <-ctx.Done():
			return nil
		}
	}
	grace, cancel := context.WithTimeout(ctx, s.config.Timeout.Plugin)
	defer cancel()
	s.host.Introduced(grace)
	gate.Open(s.site)
	s.host.Settle(grace) // so that what is said of them says how they are doing
	now := s.admission.Current()
	for _, w := range now.Idle() {
		s.log.Warn("a role has a rule that grants nothing", "rule", w.Error())
	}
	for _, w := range now.Waiting() {
		s.log.Warn("a file of entities is left out until a plugin brings what it needs", "file", w.Error())
	}
	return nil
}

// know lets hold what the database says is in force: which definitions of the site,
// and which plugins.
func (s *server) know(ctx context.Context) error {
	if err := s.admission.Begin(ctx); err != nil {
		return err
	}
	return s.host.Start(ctx)
}

// lacking says what is not in force here, although it should be. Anybody may read
// it, so files are named without the folder.
func (s *server) lacking() (list []string) {
	for _, reason := range s.admission.Refused() {
		reason = strings.ReplaceAll(reason, strings.TrimSuffix(filepath.ToSlash(s.config.Entities), "/")+"/", "")
		list = append(list, "A definition of the site does not fit what is stored, so the last ones that served are in force: "+reason)
	}
	return append(list, s.host.Lacking()...)
}

// close stops the plugins, delivers what is committed and closes the store.
func (s *server) close(ctx context.Context) error {
	errs := []error{s.host.Close()}
	if s.readiness.Prepared() {
		switch err := s.relay.Drain(ctx); {
		case err != nil && ctx.Err() != nil:
			s.log.Warn("the stop has taken the time that it may; what the journal lacks is added after the next start. Give it more with timeout.shutdown (XRM_TIMEOUT_SHUTDOWN)")
		case core.CodeOf(err) == core.Unavailable:
			s.log.Warn("the database cannot be reached; what the journal lacks is added after the next start", "error", err)
		default:
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.store.Close())...)
}
