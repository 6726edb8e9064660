package pluginhost

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// lookout sees what changes in the plugin directory, and tells the supervisors.
type lookout struct {
	*Host
	seen map[string]watched // by the plugin's name
}

type watched struct {
	changed chan<- struct{} // of the supervisor
	last    string          // how it was at the last look
	told    string          // how it was when the supervisor was told last
}

func (l *lookout) run(ctx context.Context) {
	every := time.NewTicker(l.config.LookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			_ = l.look(ctx, false) // a directory that is away for a moment removes nothing
		}
	}
}

// look compares the directory with what it was. What has changed counts once
// it is the same at two looks in a row: whoever copies files is not done yet.
// first takes everything as it is.
func (l *lookout) look(ctx context.Context, first bool) error {
	names, err := l.names(first)
	if err != nil {
		return err
	}
	for _, name := range names {
		w := l.seen[name]
		now := stamp(filepath.Join(l.plugins, ApprovalsFile)) + stamp(filepath.Join(l.plugins, name+".yaml")) + fingerprint(filepath.Join(l.plugins, name))
		stable := now == w.last
		w.last = now
		switch {
		case first, w.changed == nil && stable:
			w.changed, w.told = l.supervise(ctx, name), now
		case stable && now != w.told:
			w.told = now
			select {
			case w.changed <- struct{}{}:
			default: // it has yet to look at the change before
			}
		}
		l.seen[name] = w
	}
	return nil
}

// names lists the plugins that are there, and those that have been.
func (l *lookout) names(first bool) ([]string, error) {
	entries, err := os.ReadDir(l.plugins)
	if err != nil && (!first || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if _, err := os.Stat(filepath.Join(l.plugins, entry.Name(), ManifestFile)); err == nil {
			names[entry.Name()] = true
		}
	}
	for name := range l.seen {
		names[name] = true
	}
	if first {
		for _, name := range l.cache.names() {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// supervise begins to keep a plugin running.
func (h *Host) supervise(ctx context.Context, name string) (changed chan<- struct{}) {
	signal := make(chan struct{}, 1)
	h.board.add(h.recalled(name))
	s := &supervisor{Host: h, name: name, log: h.config.Log.With("plugin", name), changed: signal}
	s.recall()
	h.supervisors.Go(func() { s.run(ctx) })
	return signal
}

// recalled is what is known of a plugin before its process has said anything.
func (h *Host) recalled(name string) *entry {
	e := &entry{status: Status{Name: name, State: Verifying, Since: time.Now()}}
	d := h.cache.load(name)
	if d == nil {
		return e
	}
	c, err := h.contribution(Manifest{Name: name, Version: d.GetVersion()}, d)
	if err != nil {
		return e // from before an upgrade of xrm
	}
	c.Recalled = true
	e.contribution, e.configSchema, e.status.Version = c, d.GetConfigSchema(), c.Version
	return e
}
