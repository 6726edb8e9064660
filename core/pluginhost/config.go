package pluginhost

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/broadcast"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/migration"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/worktime"
)

// Session reads and writes with the rights of one actor.
type Session interface {
	Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error)
	Load(ctx context.Context, e *schema.Entity, ids []string, only []string) (map[string]*core.Record, error)
	Save(ctx context.Context, e *schema.Entity, drafts []record.Draft, dryRun bool) []record.Result
	Batch(ctx context.Context, key record.Key, wishes []record.Wish, dryRun bool) (results []record.Result, err error)
	Aggregate(ctx context.Context, e *schema.Entity, q core.Aggregate) ([]core.Group, error)
	Seen(r *core.Record) (*core.Record, error)
	Told(ctx context.Context, e *schema.Entity, entries []core.Entry) ([]core.Entry, error)
	MayWrite(ctx context.Context, e *schema.Entity, action core.Action, fields []string, r *core.Record) error
}

var _ Session = (*record.Session)(nil)

// Trust says which plugins may run.
type Trust string

// The kinds of trust. Nothing is as good as TrustApproved.
const (
	TrustApproved Trust = "approved" // those whose very content an admin has approved
	TrustAny      Trust = "any"      // whatever lies in the folder, with all that it asks for: for development
)

// Config is what a Host needs. Dir and Open are required for a plugin to be
// of any use; every duration has a default.
type Config struct {
	Dir   string // holds one folder for each plugin, the settings and the approvals; one that does not exist holds none
	Trust Trust  // "" for TrustApproved

	// Open starts a session for a plugin that calls back. The actor is the user
	// who caused the call, with Via set to the plugin, or a core.PluginActor; the
	// basis is the one of the request, event or run that the call is made for.
	Open func(a core.Actor, on record.Basis) Session

	// Admit is asked before a plugin serves with a contribution that is new or has
	// changed, and told what is left of one that was removed or disabled: its
	// entities. When it returns nil, what is offered holds. Its error makes the
	// plugin INVALID; one with the code UNAVAILABLE makes the host try again, and
	// one that is a schema.ErrNoEntity does so once another contribution is
	// admitted. It is called for one plugin at a time. nil admits all.
	Admit func(snapshot.Offer) error

	// Recall is asked once, before any plugin starts, for what is in force of all of
	// them. It returns why each does not hold any more, nil for those that do. nil
	// lets all hold.
	Recall func([]snapshot.Contribution) []error

	// Migration returns a run that migrates records into what would hold if something
	// were admitted. nil where no plugin has migrations.
	Migration func(snapshot.Offer) (*migration.Run, error)

	// Once gives the answers to mutations with an idempotency key. nil where no call has
	// one.
	Once *once.Desk

	// Registry keeps which plugins are in force. It is required.
	Registry Registry

	// Rejoin is called when others may have gone on without this instance, and it
	// goes by all that they have changed: before it counts as one of them again. nil
	// does nothing.
	Rejoin func()

	// Lease is how long after an instance was last heard of others go on without
	// it; 5s.
	Lease time.Duration

	// Shim is a command line that ends in Exec with the rest of its arguments.
	// Plugins are started through it, in a sandbox; nil starts them without.
	Shim []string

	// Budget bounds what the callbacks and endpoints of each plugin hold: the
	// messages that it sends, what is read for it, its answers. nil bounds nothing.
	Budget *budget.Server

	// Keep is where plugins keep timers and state.
	Keep Keeper

	// Publish tells an event of a plugin to all who subscribe to it, durably.
	Publish func(ctx context.Context, a core.Actor, topic, key string, payload []byte) error

	// Post queues a mail of a plugin, and returns its record.
	Post func(ctx context.Context, on record.Basis, m core.Mail) (*core.Record, error)

	// OpenFile opens a file of a record that an actor may read; KeepFile keeps one that he
	// may put into a record.
	OpenFile func(ctx context.Context, a core.Actor, on record.Basis, entity, id, file string) (core.File, io.ReadCloser, error)
	KeepFile func(ctx context.Context, a core.Actor, on record.Basis, name string, content io.Reader) (core.File, error)

	// Broadcasts is where plugins broadcast, for all instances of a database.
	Broadcasts broadcast.Store

	// Observe is told of every call to a plugin: what was called, the code of
	// what came of it, OK or CANCELED, and how long it took. nil for nobody.
	Observe func(plugin, method, code string, took time.Duration)

	// Calendars say when the site works, for plugins that count its working time. nil
	// for a site that has none.
	Calendars *worktime.Calendars

	SecretsDir string // holds the secrets, DIR/PLUGIN/NAME; "" for none

	Version  string // of xrm, for plugins that require one; "" fits all
	RunDir   string // for sockets, at most 69 bytes long; "" for a new one in the temporary directory
	CacheDir string // for descriptions, copies and state of plugins; "" for a temporary one that Close removes
	Log      *slog.Logger

	LookEvery      time.Duration // how often Dir is looked at for changes; 1s
	StartTimeout   time.Duration // for one attempt to start; 10s
	SaveTimeout    time.Duration // for one rule; 300ms
	RulesTimeout   time.Duration // for all rules about one save together; 1.5s
	ResolveTimeout time.Duration // for a computed field or a query; 2s
	CallTimeout    time.Duration // for a mutation; 5s
	EventTimeout   time.Duration // for a batch of events, or a timer; 30s
	JobTimeout     time.Duration // for a run of a job; 24h
	TurnWait       time.Duration // for a turn, of a call or of a callback, while none of the same plugin ends; 1s
	HTTPTimeout    time.Duration // for an HTTP request, its body and answer included; 1min
	DrainTimeout   time.Duration // for running calls to end; 5s
	HealthEvery    time.Duration // how often a plugin is asked whether it still answers; 5s
	HealthTimeout  time.Duration // how long an answer may take; the third missing one is fatal; 2s
	MinBackoff     time.Duration // between attempts, doubled each time; 500ms
	MaxBackoff     time.Duration // 60s
	SteadyAfter    time.Duration // how long a plugin must serve until the backoff begins anew; 2min
}

func (c Config) withDefaults() Config {
	for field, value := range map[*time.Duration]time.Duration{
		&c.Lease: 5 * time.Second, &c.LookEvery: time.Second, &c.StartTimeout: 10 * time.Second, &c.SaveTimeout: 300 * time.Millisecond, &c.RulesTimeout: 1500 * time.Millisecond,
		&c.EventTimeout: 30 * time.Second, &c.JobTimeout: 24 * time.Hour, &c.HTTPTimeout: time.Minute,
		&c.TurnWait: time.Second, &c.ResolveTimeout: 2 * time.Second, &c.CallTimeout: 5 * time.Second, &c.DrainTimeout: 5 * time.Second,
		&c.HealthEvery: 5 * time.Second, &c.HealthTimeout: 2 * time.Second,
		&c.MinBackoff: 500 * time.Millisecond, &c.MaxBackoff: time.Minute, &c.SteadyAfter: 2 * time.Minute,
	} {
		if *field == 0 {
			*field = value
		}
	}
	if c.Admit == nil {
		c.Admit = func(o snapshot.Offer) error {
			if o.Ready != nil {
				o.Ready()
			}
			return nil
		}
	}
	if c.Recall == nil {
		c.Recall = func(all []snapshot.Contribution) []error { return make([]error, len(all)) }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
