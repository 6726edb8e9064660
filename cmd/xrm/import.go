package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/cmd/xrm/importer"
	"github.com/spf13/cobra"
)

// importFlags are those of the import itself; the others are settings.
type importFlags struct {
	entity, mapFile, key string
	rejected             string
	dryRun, json         bool
	batch                int
	retry                time.Duration
}

func (p *program) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE.csv --entity NAME",
		Short: "Bring the rows of a CSV file into a running server",
		Long: `Matches the columns of a file to the fields of an entity by their headers, and
as a map file says. With a key, a record that exists is updated and a second
import changes nothing; without one, every row is a new record.

What must be known to read the file is said in a map (--map):

  entity: customer
  key: number                       # the field by which a record is found again
  decimal: ","                      # 1.234,50
  thousands: "."
  dates: [DD.MM.YYYY, D. MMMM YYYY] # how dates are written
  currency: EUR                     # of amounts that come without one
  csv: {headerLine: 4}              # if the first line does not name the columns
  fields:
    number: Kundennr                # a column; Kundennr#2 is the second with that name
    displayName: {firstOf: [{join: [Vorname, Nachname]}, Firma]}
    accountManager: {column: Betreuer, lookup: displayName}

Every key is explained in cmd/xrm/importer/README.md of the source.

A row that does not fit goes to FILE.rejected.csv with its line number and every
reason; the others get in. Correct the rows there and import that file. A file
of that name is never overwritten: if it has other rows, the new one becomes
FILE.rejected-2.csv, then -3, and so on. A dry run writes no file at all; it
shows the first ten rejected rows with their reasons.

Exit status: 0 all rows are in, 1 the import could not be done or did not come to
the end, 2 some rows were rejected.`,
		Example: `  xrm import customers.csv --entity customer --key number
  xrm import orders.csv --map orders.yaml --dry-run
  XRM_KEY=$(cat sales.key) xrm import leads.csv --entity prospect --server https://xrm.example.org --json`,
		Args: one("one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.importFile(cmd.Context(), config, args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.entity, "entity", "", "what the rows are: customer, product, ... (the map may say it)")
	cmd.Flags().StringVar(&f.mapFile, "map", "", "map file: how columns become fields")
	cmd.Flags().StringVar(&f.key, "key", "", "field by which a record is found again, best a unique one (instead of the map's)")
	cmd.Flags().StringVar(&f.rejected, "rejected", "", "file for the rejected rows, unless it is a dry run (default FILE.rejected.csv beside the file)")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "check everything and write nothing, not even the rejected rows")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the summary as JSON")
	cmd.Flags().IntVar(&f.batch, "batch", 200, "records in one request, at most what the server's limits.page allows")
	cmd.Flags().DurationVar(&f.retry, "retry", time.Minute, "for how long to wait for a server that goes away")
	configFlags(cmd.Flags(), "server", "keyFile", "data")
	return cmd
}

func (p *program) importFile(ctx context.Context, config Config, file string, f importFlags) error {
	if f.batch < 1 {
		return fmt.Errorf("--batch must be at least 1, not %d", f.batch)
	}
	key, err := readKey(config, p.environ)
	if err != nil {
		return err
	}
	mapping := &importer.Map{}
	if f.mapFile != "" {
		data, err := os.ReadFile(f.mapFile)
		if err != nil {
			return fmt.Errorf("read the map: %w", err)
		}
		if mapping, err = importer.ReadMap(f.mapFile, data); err != nil {
			return err
		}
	}
	ctx, stop := p.untilInterrupted(ctx)
	defer stop()
	view := newProgressView(p.err, f.dryRun)
	defer view.clear()
	summary, err := importer.Run(ctx, importer.Options{
		File: file, Map: mapping, Entity: f.entity, Key: f.key, DryRun: f.dryRun, Batch: f.batch, RejectedFile: f.rejected,
		Client: &client.Client{
			Server: config.ServerURL(), Key: key, HTTP: &http.Client{Timeout: time.Minute},
			Retry: f.retry, First: 200 * time.Millisecond,
			Waiting: view.waiting,
		},
		Note: func(text string) { view.printf("%s: %s", file, text) }, Progress: view.progress, Rejected: view.rejected,
	})
	view.clear()
	return p.finish(file, summary, f.json, explainKey(err, config))
}

// finish prints the summary and makes the exit status of the outcome.
func (p *program) finish(file string, s importer.Summary, asJSON bool, failed error) error {
	var stopped *importer.Stopped
	if failed == nil || errors.As(failed, &stopped) {
		var err error
		if asJSON {
			err = json.NewEncoder(p.out).Encode(s)
		} else {
			err = printSummary(p.out, file, s)
		}
		failed = errors.Join(failed, err)
	}
	if failed == nil && s.Rejected > 0 {
		return errRejected
	}
	return failed
}

// untilInterrupted returns a context that ends with the first interrupt; the
// second one ends the program.
func (p *program) untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// explainKey says where the key came from that the server does not accept.
func explainKey(err error, config Config) error {
	var answer client.Errors
	if errors.As(err, &answer) && answer.Code() == "UNAUTHENTICATED" {
		return fmt.Errorf("%w\nthe key comes from XRM_KEY or else from %s", err, keyFile(config))
	}
	return err
}
