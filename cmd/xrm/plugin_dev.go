package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

func (p *program) devCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev [DIR]",
		Short: "Run a server with the plugin that you are writing, built again whenever you save",
		Long: `Builds the plugin in DIR (here) and runs a server with it and nothing else, until
it is told to stop (Ctrl-C). When you save a file, the plugin is built again and takes
the place of the one that runs; when it cannot be built, you read why, and the old
one goes on.

The plugin's settings are in NAME.yaml beside its folder, as on a server, and take
effect when you save them. The data are gone when the server ends, unless you name
a folder with --data.`,
		Example: `  xrm plugin dev
  xrm plugin dev plugins/visit --data ./dev-data --listen 127.0.0.1:9000`,
		Args: atMostOne("one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return p.dev(ctx, here(args), config)
		},
	}
	configFlags(cmd.Flags(), "listen", "data", "store", "entities", "roles")
	cmd.Flag("data").DefValue = "a temporary one"
	return cmd
}

func (p *program) dev(ctx context.Context, dir string, c Config) (err error) {
	source, err := readPluginSource(dir)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "xrm-dev-")
	if err != nil {
		return fmt.Errorf("make a folder for the plugin: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	c.Plugins, c.Trust = filepath.Join(temporary, "plugins"), string(pluginhost.TrustAny)
	if c.Data == defaultConfig().Data {
		c.Data = filepath.Join(temporary, "data")
	}
	w, err := newWorkbench(p, source, filepath.Join(c.Plugins, source.program.Name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.watcher.Close()) }()
	if err := w.rebuild(ctx); err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.watch(watching)
	}()
	err = p.serve(ctx, c)
	stop()
	<-ended
	return err
}

// workbench keeps the installed plugin in step with its source.
type workbench struct {
	*program
	source   pluginSource
	to       string // folder that the server looks into
	settings string // the file with the plugin's settings, which need not be there
	watcher  *fsnotify.Watcher
	built    [sha256.Size]byte // what the source was after the last build
}

func newWorkbench(p *program, source pluginSource, to string) (*workbench, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", source.dir, err)
	}
	w := &workbench{program: p, source: source, to: to, watcher: watcher}
	err = filepath.WalkDir(source.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if path != source.dir && unwatched(entry.Name()) {
			return fs.SkipDir
		}
		return watcher.Add(path)
	})
	if err == nil {
		w.settings, err = settingsBeside(source)
	}
	if err == nil {
		err = watcher.Add(filepath.Dir(w.settings))
	}
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", source.dir, errors.Join(err, watcher.Close()))
	}
	return w, nil
}

// settingsBeside is where the settings of a plugin are that is being written.
func settingsBeside(source pluginSource) (string, error) {
	dir, err := filepath.Abs(source.dir)
	return filepath.Join(filepath.Dir(dir), source.program.Name+".yaml"), err
}

// unwatched are folders that nobody edits.
func unwatched(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__pycache__" || name == "node_modules"
}

// quiet is how long nothing must happen before the plugin is built: editors
// save in several steps.
const quiet = 150 * time.Millisecond

// watch builds again after every change, until ctx ends.
func (w *workbench) watch(ctx context.Context) {
	settled := time.NewTimer(0)
	settled.Stop()
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.watcher.Events:
			if info, err := os.Stat(event.Name); err == nil && info.IsDir() && !unwatched(info.Name()) {
				_ = w.watcher.Add(event.Name) // a new folder; one that goes again at once need not be watched
			}
			settled.Reset(quiet)
		case err := <-w.watcher.Errors:
			fmt.Fprintf(w.err, "watch %s: %v\n", w.source.dir, err)
		case <-settled.C:
			if now, err := w.fingerprint(); err == nil && now == w.built {
				continue // the build itself has written
			}
			if err := w.rebuild(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintf(w.err, "%v\nThe plugin is as it was before; save again when that is mended.\n", err)
			}
		}
	}
}

// rebuild builds and installs. Whatever fails leaves the installed plugin as
// it is.
func (w *workbench) rebuild(ctx context.Context) error {
	source, err := readPluginSource(w.source.dir) // plugin.yaml may have changed as well
	if err == nil {
		w.source = source
		err = source.build(ctx, w.err)
	}
	w.built, _ = w.fingerprint() // what cannot be read now is looked at after the next change
	if err != nil {
		return err
	}
	if err := errors.Join(w.source.install(w.to), w.installSettings()); err != nil {
		return fmt.Errorf("install the plugin: %w", err)
	}
	fmt.Fprintf(w.err, "%s is built and installed\n", w.source.program.Name)
	return nil
}

func (w *workbench) installSettings() error {
	to := w.to + ".yaml"
	err := installOne(w.settings, to, 0o600) // a setting may be a secret
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Remove(to); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

// fingerprint changes with what the plugin is built from and its settings, and
// not with what is built.
func (w *workbench) fingerprint() (sum [sha256.Size]byte, err error) {
	hash := sha256.New()
	settings, _ := os.ReadFile(w.settings) // there may be none
	fmt.Fprintf(hash, "%d\n%s", len(settings), settings)
	err = filepath.WalkDir(w.source.dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != w.source.dir && unwatched(entry.Name()):
			return fs.SkipDir
		case !entry.Type().IsRegular(), w.source.language == "go" && path == filepath.Join(w.source.dir, w.source.program.File):
			return nil
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(data), data)
		return err
	})
	return [sha256.Size]byte(hash.Sum(nil)), err
}
