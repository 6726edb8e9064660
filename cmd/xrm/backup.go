package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func (p *program) backupCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the database into one file, while the server runs",
		Long: `Writes the whole database into one new file: records with their history, events
that are still to be delivered, timers, and what plugins keep. Servers go on writing
meanwhile. The file is the database at one moment, has a checksum, and can be
restored into SQLite and into MongoDB, whichever it comes from.

It reads the database itself, as the server's user, and needs no server and no key.
The file has no API keys. Settings, definitions, plugins and their secrets are files
of their own, and not in it; it has a note of the definitions that were served last,
against which a start holds its own.

The file is there when it is whole, and only its owner can read it. A file of that
name is never overwritten. With SQLite a copy of the database is made in the data
folder first, which is gone at the end: there must be room for it.`,
		Example: `  xrm backup /var/backups/xrm/$(date +%F).xrm
  XRM_STORE=mongodb://127.0.0.1:27017/xrm xrm backup monday.xrm --json
  xrm restore monday.xrm --dry-run`,
		Args: one("one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			ctx, stop := p.untilInterrupted(cmd.Context())
			defer stop()
			return p.backup(ctx, config, args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: what is in the file, its size and how long it took")
	configFlags(cmd.Flags(), "data", "store")
	return cmd
}

// backedUp is what `backup --json` and `restore --json` print.
type backedUp struct {
	File     string                  `json:"file"`
	Position int64                   `json:"position"`
	Counts   map[core.ItemKind]int64 `json:"counts"`
	Bytes    int64                   `json:"bytes"`
	Seconds  float64                 `json:"seconds"`

	Version string    `json:"version,omitempty"` // of restore: of the program that made it
	MadeAt  time.Time `json:"madeAt,omitzero"`
	Store   string    `json:"store,omitempty"`
	DryRun  bool      `json:"dryRun,omitempty"`

	Hindrance string `json:"hindrance,omitempty"` // why the database cannot take the file, of a dry run
	KeyFile   string `json:"keyFile,omitempty"`   // where the administrator's key is
}

func (p *program) backup(ctx context.Context, c Config, file string, asJSON bool) (err error) {
	began := time.Now()
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("there is a file %s already; a backup is never written over another: name a new one", file)
	}
	s, err := openExisting(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	holdings, err := s.Holdings(ctx)
	if err != nil {
		return err
	}
	if len(holdings) == 0 {
		if err := s.Items(ctx, core.PluginItem, func(core.Item) error { return nil }); err != nil { // it is half restored
			return err
		}
		return fmt.Errorf("there is nothing to back up: the database (%s) has nothing in it; see that --store (XRM_STORE) and --data (XRM_DATA) are those of the server", storeName(c))
	}
	progress := p.items("written")
	var contents backup.Contents
	size, err := newFile(file, func(out io.Writer) (err error) {
		contents, err = writeBackup(ctx, s, out, progress)
		return err
	})
	progress(0)
	if err != nil {
		return stopped(ctx, err, "the backup was stopped, and there is no file "+file)
	}
	done := backedUp{File: file, Position: contents.Position, Counts: contents.Counts, Bytes: size, Seconds: time.Since(began).Seconds()}
	if asJSON {
		return json.NewEncoder(p.out).Encode(done)
	}
	_, err = fmt.Fprintf(p.out, "%s: %s, at position %d of the journal; %s in %.1f s\n", file, records(contents.Counts), contents.Position, megabytes(size), done.Seconds)
	return err
}

// writeBackup writes what the store has at one moment.
func writeBackup(ctx context.Context, s store, out io.Writer, progress func(int64)) (_ backup.Contents, err error) {
	o := backup.Options{Version: readBuild().Version, Store: "mongodb", Now: time.Now, Progress: progress}
	local, ok := s.(*sqlite.Store)
	if !ok {
		o.Drain = (&journal.Relay{Store: s}).Drain
		return backup.Write(ctx, out, s, o)
	}
	o.Store = "sqlite"
	still, err := local.Freeze(ctx)
	if err != nil {
		return backup.Contents{}, err
	}
	defer func() { err = errors.Join(err, still.Close()) }()
	return backup.Write(ctx, out, still, o)
}

// openExisting opens the database of a server beside it, and makes none.
func openExisting(c Config) (store, error) {
	if c.Store == "memory" {
		return nil, errInMemory
	}
	if lacksFile(c) {
		return nil, fmt.Errorf("there is no database in %s; name the server's data folder with --data (XRM_DATA), or its MongoDB with --store (XRM_STORE)", c.Data)
	}
	return openStore(c)
}

var errInMemory = errors.New("a server that keeps everything in memory (--store, XRM_STORE) has nothing that could be backed up or restored")

// lacksFile says whether the file of a database with SQLite is not there yet.
func lacksFile(c Config) bool {
	if c.shared() || c.Store == "memory" {
		return false
	}
	_, err := os.Stat(filepath.Join(c.Data, "xrm.db"))
	return errors.Is(err, fs.ErrNotExist)
}

// newFile makes a file that is there when it is whole, on the disk, and for its owner
// alone; otherwise nothing of it is.
func newFile(path string, write func(io.Writer) error) (size int64, err error) {
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // 0600
	if err != nil {
		return 0, fmt.Errorf("the file cannot be made: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, part.Close(), os.Remove(part.Name()))
		}
	}()
	if err = write(part); err != nil {
		return 0, err
	}
	if err = part.Sync(); err != nil {
		return 0, err
	}
	if size, err = part.Seek(0, io.SeekCurrent); err != nil {
		return 0, err
	}
	if err = os.Rename(part.Name(), path); err != nil {
		return 0, err
	}
	if err := errors.Join(part.Close(), syncFolder(filepath.Dir(path))); err != nil {
		return 0, fmt.Errorf("it is not sure that the disk has %s: %w", path, err)
	}
	return size, nil
}

// syncFolder sees to it that the disk knows the names in a folder.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// stopped says in words that it was the user who has ended something.
func stopped(ctx context.Context, err error, what string) error {
	if ctx.Err() != nil {
		return errors.New(what)
	}
	return err
}

// items shows on a terminal how many things were done, until it is told that none
// were.
func (p *program) items(done string) func(int64) {
	if !isTerminal(p.err) {
		return func(int64) {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription("records, entries and events "+done),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	return func(n int64) {
		if n == 0 {
			_ = bar.Finish() // a bar that cannot be drawn must not end anything
			return
		}
		_ = bar.Set64(n)
	}
}

func records(counts map[core.ItemKind]int64) string {
	n, entries := counts[core.RecordItem], counts[core.EntryItem]
	return fmt.Sprintf("%d %s, %d %s", n, backup.Plural(core.RecordItem, n), entries, backup.Plural(core.EntryItem, entries))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
