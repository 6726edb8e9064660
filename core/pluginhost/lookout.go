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
	var found []*supervisor
	for _, name := range names {
		w := l.seen[name]
		now := stamp(filepath.Join(l.plugins, ApprovalsFile)) + stamp(filepath.Join(l.plugins, name+".yaml")) + fingerprint(filepath.Join(l.plugins, name))
		stable := now == w.last
		w.last = now
		switch {
		case first, w.changed == nil && stable:
			var s *supervisor
			s, w.changed = l.supervisor(name)
			found, w.told = append(found, s), now
		case stable && now != w.told:
			w.told = now
			select {
			case w.changed <- struct{}{}:
			default: // it has yet to look at the change before
			}
		}
		l.seen[name] = w
	}
	l.recall(found)
	for _, s := range found {
		l.supervisors.Go(func() { s.run(ctx) })
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

// supervisor makes what is to keep a plugin running. The channel tells it that
// something in the directory has changed.
func (h *Host) supervisor(name string) (s *supervisor, changed chan<- struct{}) {
	signal := make(chan struct{}, 1)
	h.board.add(h.recalled(name))
	return &supervisor{Host: h, name: name, log: h.config.Log.With("plugin", name), changed: signal}, signal
}
