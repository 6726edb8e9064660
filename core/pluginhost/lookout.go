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
	last string // how it was at the last look
	told string // how it was when the supervisor was told last
}

func (l *lookout) run(ctx context.Context) {
	every := time.NewTicker(l.config.LookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			_ = l.look(false) // a directory that is away for a moment removes nothing
		}
	}
}

// look compares the directory with what it was. What has changed counts once
// it is the same at two looks in a row: whoever copies files is not done yet.
// first takes everything as it is.
func (l *lookout) look(first bool) error {
	names, err := l.names(first)
	if err != nil {
		return err
	}
	var found []string
	for _, name := range names {
		w := l.seen[name]
		now := stamp(filepath.Join(l.plugins, ApprovalsFile)) + stamp(filepath.Join(l.plugins, name+".yaml")) + fingerprint(filepath.Join(l.plugins, name))
		stable := now == w.last
		w.last = now
		switch known := l.signals.know(name); {
		case first, !known && stable:
			found, w.told = append(found, name), now
		case known && stable && now != w.told:
			w.told = now
			l.signals.give(name)
		}
		l.seen[name] = w
	}
	l.supervise(found...)
	return nil
}

// names lists the plugins that are there, and those that have been.
func (l *lookout) names(first bool) ([]string, error) {
	entries, err := os.ReadDir(l.plugins)
	if err != nil && (!first || !errors.Is(err, fs.ErrNotExist)) && l.plugins != "" {
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
	for _, name := range l.register.names() {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}
