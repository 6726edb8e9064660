package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
)

func (p *program) restoreCommand() *cobra.Command {
	var asJSON, dryRun bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Fill an empty database from a backup",
		Long: `Reads a file that xrm backup has made, checks that it is whole and unchanged, and
fills an empty database with it: SQLite or MongoDB, whichever it comes from. Nothing
is written before the check is through. Stop the servers of the database first, and
give it the settings and definitions (--entities) that the server has.

A database that has something in it is refused. The file has no API keys: a new
administrator's key is written to DATA/admin.key, as the first start of a server does,
unless the database has one already.

What was stopped or cut off leaves nothing in SQLite. A MongoDB may be half restored
then: no server uses it, and the same command begins anew.

With --dry-run nothing is written: it checks the file, and says whether the database
could take it as it is now. Only a file that is not whole is an error then.`,
		Example: `  xrm restore monday.xrm --dry-run
  xrm restore monday.xrm --data /var/lib/xrm --entities /etc/xrm/entities
  XRM_STORE=mongodb://127.0.0.1:27017/xrm xrm restore monday.xrm`,
		Args: one("one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			ctx, stop := p.untilInterrupted(cmd.Context())
			defer stop()
			return p.restore(ctx, config, args[0], dryRun, asJSON)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check everything and write nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: what is in the file, and where the administrator's key is")
	configFlags(cmd.Flags(), "data", "store", "entities")
	return cmd
}

func (p *program) restore(ctx context.Context, c Config, path string, dryRun, asJSON bool) error {
	began := time.Now()
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written to it
	progress := p.items("checked")
	found, err := backup.Verify(ctx, file, progress)
	progress(0)
	if err != nil {
		return stopped(ctx, fmt.Errorf("%s cannot be restored: %w. Nothing was written; take another backup", path, err), "the restore was stopped before anything was written")
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	done := backedUp{
		File: path, Position: found.Position, Counts: found.Counts, Bytes: size,
		Version: found.Version, MadeAt: found.MadeAt, Store: found.Store, DryRun: dryRun,
	}
	model, err := storedModel(c, found)
	if err != nil {
		return err
	}
	var key identity.KeyFile
	if dryRun {
		if why := p.mayRestore(ctx, c); why != nil {
			done.Hindrance = why.Error()
		}
	} else {
		key, err = p.restoreFrom(ctx, c, file, model)
	}
	if err != nil {
		return err
	}
	done.Seconds = time.Since(began).Seconds()
	if key == identity.KeyWritten || key == identity.KeyThere {
		done.KeyFile = adminKeyFile(c)
	}
	return p.tellRestored(done, keyAfterRestore(key, adminKeyFile(c)), asJSON)
}

func (p *program) tellRestored(done backedUp, key string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(p.out).Encode(done)
	}
	what := fmt.Sprintf("%s (xrm %s, %s, %s): %s, up to position %d of the journal", done.File, done.Version, done.Store, done.MadeAt.Format(time.RFC3339), records(done.Counts), done.Position)
	if done.DryRun {
		verdict := "The file is whole and the database can take it. Nothing was written."
		if done.Hindrance != "" {
			verdict = "The file is whole, but this database cannot take it now: " + done.Hindrance
		}
		_, err := fmt.Fprintf(p.out, "%s\n%s\n", what, verdict)
		return err
	}
	_, err := fmt.Fprintf(p.out, "%s\nrestored in %.1f s. %s. Start the server, then look for what is wrong with xrm check.\n", what, done.Seconds, key)
	return err
}

// mayRestore says why a database cannot be filled, where there is one.
func (p *program) mayRestore(ctx context.Context, c Config) error {
	if lacksFile(c) {
		return nil
	}
	s, err := openExisting(c)
	if err != nil {
		return err
	}
	return errors.Join(fillable(ctx, c, s), s.Close())
}

// fillable returns an error for a database that is in use, or not empty.
func fillable(ctx context.Context, c Config, s store) error {
	present, err := s.Present(ctx)
	if err != nil {
		return err
	}
	if len(present) > 0 {
		return fmt.Errorf("%s on this database (%s): stop all of them first. One that was killed counts as running for some seconds", count(len(present), "server runs", "servers run"), storeName(c))
	}
	holdings, err := s.Holdings(ctx)
	if err == nil && len(holdings) > 0 {
		err = refused(c, &backup.NotEmpty{Holdings: holdings})
	}
	return err
}

// refused says what to do about a database that is not empty.
func refused(c Config, err error) error {
	var full *backup.NotEmpty
	if !errors.As(err, &full) {
		return err
	}
	return fmt.Errorf("%w (%s). Nothing was written: restore into an empty one, which --data (XRM_DATA) or --store (XRM_STORE) names, or move this one away", full, storeName(c))
}

// restoreFrom fills the database, and sees to it that an administrator can get in.
func (p *program) restoreFrom(ctx context.Context, c Config, file *os.File, m *schema.Model) (key identity.KeyFile, err error) {
	if c.Store == "memory" {
		return key, errInMemory
	}
	s, err := openStore(c)
	if err != nil {
		return key, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := fillable(ctx, c, s); err != nil {
		return key, err
	}
	progress := p.items("restored")
	err = backup.Restore(ctx, file, s, m, progress)
	progress(0)
	if err != nil {
		return key, stopped(ctx, refused(c, err), "the restore was stopped; run it again, it begins anew")
	}
	state, err := identity.EnsureAdministrator(ctx, s, adminKeyFile(c))
	if err != nil {
		return identity.KeyUnknown, fmt.Errorf("everything is restored, but nobody can get in yet: %w", err)
	}
	return state, nil
}

// keyAfterRestore says where an administrator finds a key.
func keyAfterRestore(state identity.KeyFile, file string) string {
	switch state {
	case identity.KeyWritten:
		return "A new administrator's key is in " + file
	case identity.KeyThere:
		return "The administrator's key is the one that there was, in " + file
	}
	return "The database has an administrator's key from before, which is not in " + file
}

// storedModel is the model that says how what is restored was stored. It is that of the
// definitions that were served last. Where the backup has none, or this program does not
// read them any more, it is that of the files.
func storedModel(c Config, found backup.Summary) (*schema.Model, error) {
	files, err := modelWith(c, found.Plugins)
	if err != nil || len(found.Definitions.Sources) == 0 {
		return files, err
	}
	if m, err := schema.Load(found.Definitions.Sources...); err == nil {
		return m, nil
	}
	return files, nil
}

// modelWith is the model of the files and of the plugins that were in force: what is
// restored is stored as it says. What does not fit together any more is left out, as
// the server does when it starts.
func modelWith(c Config, plugins []core.Registration) (*schema.Model, error) {
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	definitions, err := catalog.New(shipped(c), site)
	if err != nil {
		return nil, err
	}
	all := map[string][]schema.Source{}
	for _, r := range plugins {
		var said pluginpb.DescribeResponse
		if proto.Unmarshal(r.Force.Description, &said) == nil && said.GetName() == r.Plugin {
			all[r.Plugin] = mention.Sources(&said)
		}
	}
	if together, err := definitions.With(all); err == nil {
		return together.Model(), nil
	}
	for again := true; again; { // one may need what another brings
		again = false
		for name, sources := range all {
			if next, err := definitions.With(map[string][]schema.Source{name: sources}); err == nil {
				definitions, again = next, true
				delete(all, name)
			}
		}
	}
	return definitions.Model(), nil
}
