package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
)

// cache is the folder of what is kept of plugins in files.
type cache string

// state returns the folder that is a plugin's own, for it to write to.
func (c cache) state(name string) (string, error) {
	dir := filepath.Join(string(c), "state", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the state folder of plugin %s: %w", name, err)
	}
	return dir, nil
}

// descriptionSuffix is that of the files in which an older xrm kept what plugins
// contributed last.
const descriptionSuffix = ".description"

// carryOver takes what an older xrm has kept in files into the registry. To that
// xrm a plugin without a folder was removed.
func (h *Host) carryOver(ctx context.Context) error {
	files, _ := filepath.Glob(filepath.Join(string(h.cache), "*"+descriptionSuffix)) // the pattern is valid
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), descriptionSuffix)
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read what is kept of plugin %s: %w", name, err)
		}
		kept := core.Registration{Force: core.Edition{Description: data, Since: time.Now().UTC()}}
		d := description(kept.Force)
		kept.Force.Version = d.GetVersion()
		if fingerprint(filepath.Join(h.plugins, name)) == "" {
			kept.Ended, kept.EndedAt = core.EndedRemoved, kept.Force.Since
		}
		err = h.register.change(ctx, name, func(r *core.Registration) bool {
			if r.Generation > 0 || d == nil {
				return false
			}
			r.Force, r.Ended, r.EndedAt = kept.Force, kept.Ended, kept.EndedAt
			return true
		})
		if err != nil {
			return err
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what was kept of plugin %s: %w", name, err)
		}
	}
	return nil
}
