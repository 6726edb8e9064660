package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/spf13/cobra"
)

func (p *program) checkCommand() *cobra.Command {
	var asJSON bool
	var d proposed
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for what does not fit or leads nowhere in the database",
		Long: `Has the running server look at every record, deleted ones included, and prints

  - references that lead to no record, to a party that was merged into another, or
    to a deleted record, unless their definition says onDelete: keep
  - values that their fields do not read, or that no xrm has written
  - values of unique fields that several living records have
  - duplicates whose id and unique values lead nowhere since they were merged
  - API keys whose party does not exist, or was merged, deleted or erased
  - merges, erasures, deletions and restorations that do not come to their end

with what to do about each: of each entity 20 of a kind, and how many there are.
--json prints all of them, each as a JSON object on a line of its own as it is
found; the last line says how many records were checked and what was found.

--model FOLDER looks whether what is stored fits definitions before they serve: it
lists every record that keeps a field from becoming unique, or from being of another
type. Those of the folder take the place of the site's, or of the --plugin's. It reads
the database itself, as the server's user, and needs no server and no key.

It does not look at rules that hold for what is written (required, max and the
like), rules of plugins, fields that no definition has, the history, and what
plugins keep for themselves.

It changes nothing, works beside a server that is used, reads a thousand records at
a time, and can be stopped at any time. Without --model it needs an administrator's key.

A merge turns what others write at the same time a minute later; so what it prints
within a minute after one may be in order soon.

Exit status: 0 when nothing is wrong, also when something is under way; 2 when
something is wrong; 1 when it could not look at everything.`,
		Example: `  xrm check
  xrm check --json | jq 'select(.kind == "MISFIT")'
  xrm check --model ./entities --json > in-the-way.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			ctx, stop := p.untilInterrupted(cmd.Context())
			defer stop()
			if d.plugin != "" && d.folder == "" {
				return errors.New("--plugin says whose definitions --model has; name their folder with --model")
			}
			if d.folder != "" {
				return p.check(ctx, d.parts(config), asJSON)
			}
			return p.check(ctx, func(ctx context.Context, found func(checkedPart) error) error {
				return p.checkParts(ctx, config, found)
			}, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each finding as a JSON object on a line, and a last one with the sums")
	cmd.Flags().StringVar(&d.folder, "model", "", "hold what is stored against the definitions in this folder")
	cmd.Flags().StringVar(&d.plugin, "plugin", "", "the plugin whose definitions --model has, where they are not the site's")
	configFlags(cmd.Flags(), "server", "keyFile", "data", "store")
	return cmd
}

// finding is one thing that should not be, as the server tells it.
type finding struct {
	Kind    string `json:"kind"`
	Entity  string `json:"entity"`
	ID      string `json:"id"`
	Path    string `json:"path,omitempty"`
	Value   string `json:"value,omitempty"`
	Message string `json:"message"`
}

// checkedPart is what was found among some records.
type checkedPart struct {
	Checked   int
	Findings  []finding
	EndCursor *string
}

// findings tells people or programs what a check finds, as it comes.
type findings interface {
	found(finding) error
	flush() error          // what was found so far and is kept
	end(checked int) error // all was looked at
}

// errFound ends a check that has looked at everything and has found something wrong;
// its text says so.
type errFound string

func (e errFound) Error() string { return string(e) }

func (p *program) check(ctx context.Context, parts func(context.Context, func(checkedPart) error) error, asJSON bool) error {
	progress := newCheckProgress(p.err)
	var out findings = newFindingsForPeople(p.out, progress.clear)
	if asJSON {
		out = &findingsAsLines{out: p.out, all: tally{}}
	}
	checked := 0
	err := parts(ctx, func(part checkedPart) error {
		checked += part.Checked
		for _, f := range part.Findings {
			if err := out.found(f); err != nil {
				return err
			}
		}
		progress.add(part.Checked)
		return nil
	})
	progress.clear()
	if problem := out.flush(); problem != nil {
		return problem
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after %s; the rest was not looked at", count(checked, "record", "records"))
	case err != nil && checked > 0:
		return fmt.Errorf("the check ended after %s, and the rest was not looked at: %w", count(checked, "record", "records"), err)
	case err != nil:
		return err
	}
	return out.end(checked)
}

const (
	mostChecked  = 1000        // records at a time
	checkRetried = time.Minute // for so long the server may be away in between
)

// checkParts asks for all parts. Where records are so large that the server refuses so
// many at a time, it asks for fewer.
func (p *program) checkParts(ctx context.Context, c Config, found func(checkedPart) error) error {
	const query = `query ($after: String, $records: Int) { checkDatabase(after: $after, records: $records) {
		checked findings { kind entity id path value message } endCursor } }`
	key, err := readKey(c, p.environ)
	if err != nil {
		return err
	}
	server := client.Client{Server: c.ServerURL(), Key: key, HTTP: &http.Client{Timeout: time.Minute}, First: time.Second, Retry: checkRetried}
	ask := server.Send // a server that does not run is told at once
	records := mostChecked
	for after := any(nil); ; {
		var answer struct{ CheckDatabase checkedPart }
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := ask(ctx, client.Request{Query: query, Variables: map[string]any{"after": after, "records": records}}, &answer)
		var refused client.Errors
		if errors.As(err, &refused) && refused.Code() == "INVALID" && records > 1 {
			records /= 2
			continue
		}
		if err != nil {
			return explainKey(err, c)
		}
		if err := found(answer.CheckDatabase); err != nil {
			return err
		}
		if answer.CheckDatabase.EndCursor == nil {
			return nil
		}
		after, ask, records = *answer.CheckDatabase.EndCursor, server.Do, min(2*records, mostChecked)
	}
}
