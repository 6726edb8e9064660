package pluginhost

import (
	"context"
	"log/slog"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Session reads and writes with the rights of one actor.
type Session interface {
	Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error)
	Save(ctx context.Context, e *schema.Entity, drafts []record.Draft, dryRun bool) []record.Result
}

var _ Session = (*record.Session)(nil)

// Config is what a Host needs. Dir and Open are required for a plugin to be
// of any use; every duration has a default.
type Config struct {
	Dir      string   // holds one folder for each plugin; one that does not exist holds none
	Disabled []string // names of plugins that must not run

	// Open starts a session for a plugin that calls back. The actor is the user
	// who caused the call, with Via set to the plugin.
	Open func(core.Actor, *schema.Model) Session

	// Accept is asked before a plugin serves with a contribution that is new or
	// has changed. Its error makes the plugin INVALID; one with the code
	// UNAVAILABLE makes the host try again, and one that is a schema.ErrNoEntity
	// does so once another plugin is accepted. It is called for one plugin at a
	// time. nil accepts all.
	Accept func(Contribution) error

	RunDir   string // for sockets, at most 69 bytes long; "" for a new one in the temporary directory
	CacheDir string // for the descriptions of plugins; "" keeps none
	Log      *slog.Logger

	StartTimeout   time.Duration // for one attempt to start; 10s
	SaveTimeout    time.Duration // for BeforeSave; 300ms
	ResolveTimeout time.Duration // for a computed field or a query; 2s
	CallTimeout    time.Duration // for a mutation; 5s
	DrainTimeout   time.Duration // for running calls to end; 5s
	HealthEvery    time.Duration // how often a plugin is asked whether it still answers; 5s
	HealthTimeout  time.Duration // how long an answer may take; the third missing one is fatal; 2s
	MinBackoff     time.Duration // between attempts, doubled each time; 500ms
	MaxBackoff     time.Duration // 60s
	SteadyAfter    time.Duration // how long a plugin must serve until its failures are forgotten; 2min
}

func (c Config) withDefaults() Config {
	for field, value := range map[*time.Duration]time.Duration{
		&c.StartTimeout: 10 * time.Second, &c.SaveTimeout: 300 * time.Millisecond,
		&c.ResolveTimeout: 2 * time.Second, &c.CallTimeout: 5 * time.Second, &c.DrainTimeout: 5 * time.Second,
		&c.HealthEvery: 5 * time.Second, &c.HealthTimeout: 2 * time.Second,
		&c.MinBackoff: 500 * time.Millisecond, &c.MaxBackoff: time.Minute, &c.SteadyAfter: 2 * time.Minute,
	} {
		if *field == 0 {
			*field = value
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
