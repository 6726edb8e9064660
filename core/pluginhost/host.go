package pluginhost

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Host keeps the plugins of one directory running. All methods are safe for
// concurrent use.
type Host struct {
	config Config
	board  board
	calls  calls
	spawn  *spawner
	runDir *runDir
	stop   context.CancelFunc

	supervisors sync.WaitGroup
	admission   sync.Mutex // one contribution at a time is held against the others
}

// Start starts every plugin, in parallel, and returns at once: whatever is
// wrong with a plugin stands in its Status. The error is about the directories.
func Start(config Config) (*Host, error) {
	config = config.withDefaults()
	plugins, err := discover(config.Dir)
	if err != nil {
		return nil, err
	}
	dir, err := openRunDir(config.RunDir)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Host{config: config, spawn: newSpawner(), runDir: dir, stop: stop}
	h.board.changed = make(chan struct{})
	h.calls.running = map[string]*call{}
	for _, p := range plugins {
		e := &entry{status: Status{Name: p.manifest.Name, Version: p.manifest.Version, State: Starting, Since: time.Now()}}
		h.board.entries = append(h.board.entries, e)
		e.contribution = cache(config.CacheDir).load(p.manifest)
	}
	for _, p := range plugins {
		if slices.Contains(config.Disabled, p.manifest.Name) {
			h.set(p.manifest.Name, Disabled, nil)
			continue
		}
		s := &supervisor{Host: h, dir: p.manifest.Dir, name: p.manifest.Name, log: config.Log.With("plugin", p.manifest.Name)}
		h.supervisors.Go(func() { s.run(ctx) })
	}
	return h, nil
}

// Settle returns when every plugin has been started or has failed once, or
// when ctx is done, whichever is first: the time that a server gives its
// plugins before it starts without them.
func (h *Host) Settle(ctx context.Context) {
	_ = h.Wait(ctx, func(plugins []Status) bool {
		return !slices.ContainsFunc(plugins, func(s Status) bool { return !s.State.settled() })
	})
}

// Wait returns nil as soon as the plugins are as wanted, or the error of ctx.
func (h *Host) Wait(ctx context.Context, wanted func([]Status) bool) error {
	if err := h.board.wait(ctx, wanted); err != nil {
		return fmt.Errorf("wait for plugins: %w", err)
	}
	return nil
}

// Plugins lists the plugins by name.
func (h *Host) Plugins() []Status {
	entries, _ := h.board.look()
	return statuses(entries)
}

// Contributions lists what the plugins add, those that are down included, by
// name. The channel is closed when the list, or any Status, may have changed.
func (h *Host) Contributions() ([]Contribution, <-chan struct{}) {
	entries, changed := h.board.look()
	var list []Contribution
	for _, e := range entries {
		if e.contribution != nil && e.status.State != Disabled {
			list = append(list, *e.contribution)
		}
	}
	return list, changed
}

// Close lets the running calls end, stops every plugin and frees all that
// belongs to them.
func (h *Host) Close() error {
	h.stop()
	h.supervisors.Wait()
	h.spawn.close()
	return h.runDir.close()
}

// set changes the state of a plugin. A nil error leaves the last one there.
func (h *Host) set(name string, state State, err error) {
	h.board.update(name, func(e *entry) {
		if e.status.State != state {
			e.status.State, e.status.Since = state, time.Now()
		}
		if err != nil {
			e.status.LastError = err.Error()
		}
		e.status.Reason, e.status.PID, e.client = "", 0, nil
	})
}
