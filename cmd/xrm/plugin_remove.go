package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

func (p *program) removeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "End a plugin for all servers on the database",
		Long: `Ends a plugin, whether or not a server runs and whether or not its folder is
there. Its records stay, and so do the names of its entities, which xrm plugin
forget frees; its operations, computed fields and rules go. The fields that it
added to the records of others stay, and bind nobody. A folder that is merely
missing ends nothing: then what the plugin guards is not saved.

It is written into the database, for all servers on it. xrm plugin approve brings
the plugin back.`,
		Example: "  xrm plugin remove complaints",
		Args:    one("the name of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if config.Store == "memory" {
				return errors.New("the store of a server that keeps everything in memory (--store, XRM_STORE) is its own, and ends with it; stop the plugin with: xrm plugin disable " + args[0])
			}
			return p.endPlugin(cmd.Context(), config, args[0], core.EndedRemoved, nil)
		},
	}
	configFlags(cmd.Flags(), "data", "store")
	return cmd
}

// endPlugin writes into the database that a plugin has ended. unknown is the error
// for one that the database does not know, nil for its own.
func (p *program) endPlugin(ctx context.Context, c Config, name string, how core.Ending, unknown error) (err error) {
	s, err := openSharedStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	before, known, err := pluginhost.End(ctx, s, name, how, time.Now().UTC())
	if err != nil {
		return err
	}
	back := map[core.Ending]string{core.EndedDisabled: "enable", core.EndedRemoved: "approve"}[how]
	switch {
	case before.Generation == 0 && unknown != nil:
		return unknown
	case before.Generation == 0:
		return noPlugin(name, "in the database of "+storeName(c), known)
	case before.Ended == how:
		_, err = fmt.Fprintf(p.out, "%s is %s already; bring it back with: xrm plugin %s %s\n", name, how, back, name)
		return err
	}
	stays := "Its records stay"
	if names := pluginhost.Entities(before.Force); len(names) > 0 {
		stays += ", and so do the names of its entities: " + strings.Join(names, ", ")
	}
	_, err = fmt.Fprintf(p.out, "%s %s is %s. A running server stops it within two seconds. %s. Bring it back with: xrm plugin %s %s\n",
		name, before.Force.Version, how, stays, back, name)
	return err
}
