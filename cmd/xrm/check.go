package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func (p *program) checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for references that lead nowhere",
		Long: `Has the running server look at every record, deleted ones included, and prints the
references that lead to no record, to a party that was merged into another, or to a
deleted record, unless their definition says onDelete: keep. It
changes nothing, and can be stopped at any time. It needs an administrator's key.

A merge turns what others write at the same time a minute later; so what it prints
within a minute after one may be in order soon.

Exit status: 0 when there are none, else 1.`,
		Example: `  xrm check
  xrm check --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.check(cmd.Context(), config, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: how many records were checked, and what was found")
	configFlags(cmd.Flags(), "server", "keyFile", "data")
	return cmd
}

// checked is what `check --json` prints.
type checked struct {
	Checked  int        `json:"checked"`
	Dangling []dangling `json:"dangling"`
}

type dangling struct {
	Entity     string `json:"entity"`
	ID         string `json:"id"`
	Path       string `json:"path"`
	To         string `json:"to"`
	Target     string `json:"target"`
	Deleted    bool   `json:"deleted,omitempty"` // it is there, and deleted
	MergedInto string `json:"mergedInto,omitempty"`
}

func (d dangling) String() string {
	if d.MergedInto != "" {
		return fmt.Sprintf("%s %s: %s is the %s %s, which was merged into %s", d.Entity, d.ID, d.Path, d.To, d.Target, d.MergedInto)
	}
	if d.Deleted {
		return fmt.Sprintf("%s %s: %s is the %s %s, which is deleted; restore that, or let it refer to another record", d.Entity, d.ID, d.Path, d.To, d.Target)
	}
	return fmt.Sprintf("%s %s: %s is the %s %s, which does not exist", d.Entity, d.ID, d.Path, d.To, d.Target)
}

func (p *program) check(ctx context.Context, c Config, asJSON bool) error {
	result := checked{Dangling: []dangling{}}
	progress := counting(p.err)
	err := p.checkParts(ctx, c, func(part checked) {
		result.Checked += part.Checked
		result.Dangling = append(result.Dangling, part.Dangling...)
		progress(part.Checked)
		for _, d := range part.Dangling {
			if !asJSON {
				fmt.Fprintln(p.out, d)
			}
		}
	})
	progress(0)
	switch {
	case err != nil:
		return err
	case asJSON:
		err = json.NewEncoder(p.out).Encode(result)
	case len(result.Dangling) == 0:
		_, err = fmt.Fprintf(p.out, "%s checked: every reference leads somewhere\n", count(result.Checked, "record", "records"))
	}
	if n := len(result.Dangling); err == nil && n > 0 {
		err = errors.New(count(n, "reference leads nowhere", "references lead nowhere") + ": mend them, or merge the parties in question again")
	}
	return err
}

// checkParts asks for all parts.
func (p *program) checkParts(ctx context.Context, c Config, found func(checked)) error {
	const query = `query ($after: String) { checkReferences(after: $after, records: 1000) {
		checked dangling { entity id path to target deleted mergedInto } endCursor } }`
	for after := any(nil); ; {
		var answer struct {
			CheckReferences struct {
				checked
				EndCursor *string
			}
		}
		if err := p.ask(ctx, c, client.Request{Query: query, Variables: map[string]any{"after": after}}, &answer); err != nil {
			return err
		}
		found(answer.CheckReferences.checked)
		if answer.CheckReferences.EndCursor == nil {
			return nil
		}
		after = *answer.CheckReferences.EndCursor
	}
}

// counting shows on a terminal how many records were looked at, until it is told
// that none were.
func counting(out io.Writer) func(records int) {
	if !isTerminal(out) {
		return func(int) {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("records checked"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	return func(records int) {
		if records == 0 {
			_ = bar.Finish() // a bar that cannot be drawn must not end the check
			return
		}
		_ = bar.Add(records)
	}
}
