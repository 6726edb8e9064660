package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/conformance"
)

// install makes a folder have what belongs on a server, and nothing of an earlier
// version. Where the folder has what is never installed it is left as it is.
func (s pluginSource) install(to string) error {
	files, err := s.installed()
	if err != nil {
		return err
	}
	stale, err := s.stale(to, files)
	if err != nil {
		return err
	}
	for _, manifest := range []bool{false, true} { // last: what runs never sees half a version
		for _, file := range files {
			if (file.name == "plugin.yaml") != manifest {
				continue
			}
			mode := fs.FileMode(0o644)
			if file.executable {
				mode = 0o755
			}
			if err := installOne(file.path, filepath.Join(to, filepath.FromSlash(file.name)), mode); err != nil {
				return err
			}
		}
	}
	for _, file := range stale {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// stale lists what an earlier version had. It refuses a folder that somebody
// keeps something else in, such as a source.
func (s pluginSource) stale(to string, files []installedFile) (stale []string, err error) {
	wanted := map[string]bool{}
	for _, file := range files {
		wanted[file.name] = true
	}
	before, _ := conformance.ReadProgram(to) // there may be none
	err = filepath.WalkDir(to, func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && file == to {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(to, file)
		switch name = filepath.ToSlash(name); {
		case err != nil || file == to || wanted[name]:
			return err
		case entry.Name() == "__pycache__": // it has been run there
			return fs.SkipDir
		case entry.IsDir() && holdsInstalled(entry.Name()):
			return nil
		case !entry.IsDir() && (s.isInstalled(name) || name == filepath.ToSlash(before.File)):
			stale = append(stale, file)
			return nil
		}
		return fmt.Errorf("%s is in the way: it is no part of the plugin %s; remove it, or name another folder", file, s.program.Name)
	})
	return stale, err
}

// installOne puts a file into its place at once.
func installOne(from, to string, mode fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if info, err := os.Stat(to); err == nil && info.Mode().Perm() == mode {
		if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, data) {
			return nil // the server need not look at it again
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to+".new", data, mode); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// placeIn is where the plugin belongs in a folder of plugins. That must not be
// where its source is.
func (s pluginSource) placeIn(plugins string) (string, error) {
	plugins, err := resolved(plugins)
	if err != nil {
		return "", fmt.Errorf("find the folder of the plugins: %w", err)
	}
	to, err := resolved(filepath.Join(plugins, s.program.Name))
	if err != nil {
		return "", fmt.Errorf("find the folder of the plugin: %w", err)
	}
	source, err := resolved(s.dir)
	if err != nil {
		return "", fmt.Errorf("find the source of the plugin: %w", err)
	}
	if contains(source, to) || contains(to, source) {
		return "", fmt.Errorf("%s is where the source of the plugin is; name another folder for what is built with --to", to)
	}
	return to, nil
}

// resolved is the absolute path of a folder, without links as far as it exists.
func resolved(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(folder)
	if !errors.Is(err, fs.ErrNotExist) || folder == filepath.Dir(folder) {
		return real, err
	}
	parent, err := resolved(filepath.Dir(folder))
	return filepath.Join(parent, filepath.Base(folder)), err
}

// contains says whether a folder is another or has it below it.
func contains(folder, other string) bool {
	rest, err := filepath.Rel(folder, other)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}
