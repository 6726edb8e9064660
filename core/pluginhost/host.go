package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core/broadcast"
)

// Host keeps the plugins of one directory running, and follows what becomes of
// that directory. All methods are safe for concurrent use.
type Host struct {
	config    Config
	plugins   string // the directory, absolute; "" for none
	board     board
	calls     calls
	spawn     *spawner
	runDir    *runDir
	cache     cache
	secrets   secrets
	installed installed
	register  *register
	running   context.Context // until the host is closed
	stop      context.CancelFunc

	supervisors sync.WaitGroup
	signals     signals
	tail        broadcast.Tail
	listeners   listeners
	admission   sync.Mutex   // one contribution at a time is held against the others
	admissions  atomic.Int64 // counts contributions that were admitted
}

// New makes a host that starts nothing yet. The error is about the directories.
func New(config Config) (*Host, error) {
	config = config.withDefaults()
	h := &Host{config: config, secrets: secrets{dir: config.SecretsDir}, register: newRegister(config.Registry)}
	h.config.Log = slog.New(redactor{config.Log.Handler(), &h.secrets})
	h.board.changed = make(chan struct{})
	h.calls.running = map[string]*call{}
	h.tail.Store, h.tail.Log, h.tail.Hear = config.Broadcasts, h.config.Log, h.hear
	var err error
	if config.Dir != "" {
		if h.plugins, err = filepath.Abs(config.Dir); err != nil {
			return nil, fmt.Errorf("find the plugin directory: %w", err)
		}
	}
	if h.runDir, err = openRunDir(config.RunDir); err != nil {
		return nil, err
	}
	if err := h.openCache(); err != nil {
		return nil, errors.Join(err, h.runDir.close())
	}
	if lacks := missing(); len(config.Shim) > 0 && len(lacks) > 0 {
		h.config.Log.Warn("this kernel has no Landlock, or an old one, or no seccomp filters, so the sandbox of plugins is not whole", "a plugin can", lacks)
	}
	h.spawn = newSpawner()
	h.running, h.stop = context.WithCancel(context.Background())
	return h, nil
}

// Start lets hold what is in force of plugins, so that their rules are asked from
// then on, and begins to start all of them, in parallel: whatever is wrong with
// one stands in its Status. An Unavailable error says that what is in force cannot
// be read; then Start is called again. Any other is about the directory. Close ends
// what it began.
func (h *Host) Start(ctx context.Context) error {
	until, err := h.attend(ctx) // before it reads: what comes later waits for this instance
	if err != nil {
		return err
	}
	if err := h.register.read(ctx); err != nil {
		return err
	}
	if err := h.carryOver(ctx); err != nil {
		return err
	}
	h.rejoin(until)
	l := lookout{Host: h, seen: map[string]watched{}}
	if err := l.look(true); err != nil {
		return fmt.Errorf("find plugins: %w", err)
	}
	h.supervisors.Go(func() { l.run(h.running) })
	h.supervisors.Go(func() { h.keepUp(h.running) })
	return nil
}

// openCache finds the folders for what is kept of plugins.
func (h *Host) openCache() error {
	dir, err := h.config.CacheDir, error(nil)
	if dir == "" {
		dir, err = os.MkdirTemp("", fmt.Sprintf("xrm-%d-", os.Getpid())) // swept as socket directories are
	} else if dir, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("make the directory for what is kept of plugins: %w", err)
	}
	h.cache, h.installed = cache(dir), installed(filepath.Join(dir, "installed"))
	return nil
}

// Settle returns when every plugin has been started or has failed once, or
// when ctx is done, whichever is first: the time that a server gives its
// plugins before it starts without them.
func (h *Host) Settle(ctx context.Context) {
	_ = h.Wait(ctx, settled)
}

// Introduced returns when every plugin that was never in force has been started or
// has failed once, or when ctx is done: until then nobody knows its rules.
func (h *Host) Introduced(ctx context.Context) {
	_ = h.Wait(ctx, func(plugins []Status) bool {
		return !slices.ContainsFunc(plugins, func(s Status) bool { return !s.State.settled() && !h.board.find(s.Name).admitted })
	})
}

// Settled says whether every plugin has been started or has failed once.
func (h *Host) Settled() bool { return settled(h.Plugins()) }

func settled(plugins []Status) bool {
	return !slices.ContainsFunc(plugins, func(s Status) bool { return !s.State.settled() })
}

// Wait returns nil as soon as the plugins are as wanted, or the error of ctx.
func (h *Host) Wait(ctx context.Context, wanted func([]Status) bool) error {
	if err := h.board.wait(ctx, wanted); err != nil {
		return fmt.Errorf("wait for plugins: %w", err)
	}
	return nil
}

// Plugins lists the plugins by name, with those that are known from an earlier
// run and are there no more.
func (h *Host) Plugins() []Status {
	entries, _ := h.board.look()
	list := statuses(entries)
	for i, e := range entries {
		if e.link != nil {
			list[i].Failed = e.link.failed.list()
		}
	}
	return list
}

// Changed returns a channel that is closed when any Status may have changed, or
// what is known of a plugin.
func (h *Host) Changed() <-chan struct{} {
	_, changed := h.board.look()
	return changed
}

// Terms returns what a plugin runs under, or would if it ran.
func (h *Host) Terms(plugin string) Terms {
	e := h.board.find(plugin)
	return e.terms
}

// needs are what a plugin was granted.
func (h *Host) needs(plugin string) Needs { return h.Terms(plugin).Needs }

// Close lets the running calls end, stops every plugin and frees all that
// belongs to them.
func (h *Host) Close() error {
	h.stop()
	h.supervisors.Wait()
	h.spawn.close()
	err := errors.Join(h.runDir.close(), h.leave())
	if h.config.CacheDir == "" {
		err = errors.Join(err, os.RemoveAll(string(h.cache)))
	}
	return err
}

// set changes the state of a plugin that does not answer. A nil error leaves
// the last one there.
func (h *Host) set(name string, state State, err error) {
	h.board.update(name, func(e *entry) {
		if e.status.State != state {
			e.status.State, e.status.Since = state, time.Now()
		}
		if err != nil {
			e.status.LastError = cut(h.secrets.redact(err.Error()), maxError)
		}
		e.status.Reason, e.status.PID, e.link = "", 0, nil
	})
}
