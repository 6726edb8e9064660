package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/spf13/cobra"
)

type letterFlags struct {
	replay, discard   []string
	replayAll, asJSON bool
}

func (p *program) deadLettersCommand() *cobra.Command {
	var flags letterFlags
	cmd := &cobra.Command{
		Use:   "dead-letters NAME",
		Short: "See the events that a plugin could not handle, and have them delivered again",
		Long: `Lists the events that were given up, the longest dead first, each with the last
reason. They wait until you replay or discard them; other events do not wait for
them. Mend the cause before you replay: an event that fails a dozen times again is
a dead letter again.`,
		Example: `  xrm plugin dead-letters fax
  xrm plugin dead-letters fax --replay order/0199f6a2-5d1e-7c3a-9a4b-2f0c6f1e8d77/3
  xrm plugin dead-letters fax --replay-all`,
		Args: one("the name of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.deadLetters(cmd.Context(), config, args[0], flags)
		},
	}
	cmd.Flags().StringSliceVar(&flags.replay, "replay", nil, "ids of events to deliver again")
	cmd.Flags().BoolVar(&flags.replayAll, "replay-all", false, "deliver all of them again")
	cmd.Flags().StringSliceVar(&flags.discard, "discard", nil, "ids of events to forget for good")
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "print JSON, with what plugins have published")
	cmd.MarkFlagsMutuallyExclusive("replay", "replay-all", "discard", "json")
	configFlags(cmd.Flags(), "server", "keyFile", "data")
	return cmd
}

// deadLetter is what `plugin dead-letters --json` prints.
type deadLetter struct {
	ID       string          `json:"id"`
	Topic    string          `json:"topic"`
	Key      string          `json:"key,omitempty"`
	At       time.Time       `json:"at"`
	Attempts int             `json:"attempts"`
	Reason   string          `json:"reason"`
	DeadAt   time.Time       `json:"deadAt"`
	Payload  json.RawMessage `json:"payload,omitempty"`
}

func (p *program) deadLetters(ctx context.Context, c Config, plugin string, flags letterFlags) error {
	switch {
	case len(flags.replay) > 0:
		return p.settleLetters(ctx, c, plugin, flags.replay, "replayDeadLetters", "delivered again")
	case len(flags.discard) > 0:
		return p.settleLetters(ctx, c, plugin, flags.discard, "discardDeadLetters", "discarded")
	}
	letters, err := p.readLetters(ctx, c, plugin)
	if err != nil {
		return err
	}
	switch {
	case flags.asJSON:
		return json.NewEncoder(p.out).Encode(letters)
	case len(letters) == 0:
		_, err := fmt.Fprintf(p.out, "%s has no dead letters.\n", plugin)
		return err
	case flags.replayAll:
		ids := make([]string, len(letters))
		for i, l := range letters {
			ids[i] = l.ID
		}
		return p.settleLetters(ctx, c, plugin, ids, "replayDeadLetters", "delivered again")
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTOPIC\tDEAD SINCE\tATTEMPTS\tREASON")
	for _, l := range letters {
		reason, _, _ := strings.Cut(l.Reason, "\n")
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", l.ID, l.Topic, l.DeadAt.Format(time.DateTime), l.Attempts, printable(reason))
	}
	return table.Flush()
}

// readLetters reads all pages.
func (p *program) readLetters(ctx context.Context, c Config, plugin string) ([]deadLetter, error) {
	const query = `query ($plugin: String!, $after: String) { plugins { name }
		deadLetters(plugin: $plugin, after: $after) { id topic key at attempts reason deadAt payload cursor } }`
	letters, after := []deadLetter{}, any(nil)
	for {
		var page struct {
			Plugins     []struct{ Name string }
			DeadLetters []struct {
				deadLetter
				Cursor string
			}
		}
		if err := p.ask(ctx, c, client.Request{Query: query, Variables: map[string]any{"plugin": plugin, "after": after}}, &page); err != nil {
			return nil, err
		}
		for _, l := range page.DeadLetters {
			letters, after = append(letters, l.deadLetter), l.Cursor
		}
		if len(page.DeadLetters) > 0 {
			continue
		}
		var known []string
		for _, one := range page.Plugins {
			known = append(known, one.Name)
		}
		if len(letters) == 0 && !slices.Contains(known, plugin) {
			return nil, noPlugin(plugin, "in the server", known)
		}
		return letters, nil
	}
}

// settleLetters has the server do something about events, not too many at once.
func (p *program) settleLetters(ctx context.Context, c Config, plugin string, ids []string, mutation, done string) error {
	const most = 200
	total := 0
	for some := range slices.Chunk(ids, most) {
		var answer struct{ Settled int }
		request := client.Request{
			Query:     `mutation ($plugin: String!, $ids: [ID!]!) { settled: ` + mutation + `(plugin: $plugin, ids: $ids) }`,
			Variables: map[string]any{"plugin": plugin, "ids": some},
		}
		if err := p.ask(ctx, c, request, &answer); err != nil {
			return err
		}
		total += answer.Settled
	}
	if total > 0 {
		fmt.Fprintf(p.out, "%s of %s: %s.\n", count(total, "dead letter", "dead letters"), plugin, done)
	}
	if missing := len(ids) - total; missing > 0 {
		return errors.New(count(missing, "id is", "ids are") + " not that of a dead letter of " + plugin + "; xrm plugin dead-letters " + plugin + " lists those that there are")
	}
	return nil
}
