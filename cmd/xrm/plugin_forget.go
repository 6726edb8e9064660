package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

func (p *program) forgetCommand() *cobra.Command {
	handOver := false
	cmd := &cobra.Command{
		Use:   "forget NAME",
		Short: "Free the names that a removed plugin has left",
		Long: `Frees the names of the entities, roles and fields that a plugin has left which was
removed, for another plugin or for your own files. The records that it has left are
out of the API then, and stay in the database.

Whatever takes such a name next reads what is stored under it. So nothing is freed
while something is, unless you say --hand-over.`,
		Example: "  xrm plugin forget complaints",
		Args:    one("the name of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.forget(cmd.Context(), config, args[0], handOver)
		},
	}
	cmd.Flags().BoolVar(&handOver, "hand-over", false, "also when records are left: what takes the names next reads them")
	configFlags(cmd.Flags(), "data", "store")
	return cmd
}

func (p *program) forget(ctx context.Context, c Config, name string, handOver bool) (err error) {
	if c.Store == "memory" {
		return errors.New("the store of a server that keeps everything in memory (--store, XRM_STORE) ends with it, and so do the names that a plugin has left")
	}
	s, err := openSharedStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	left, known, err := pluginhost.LegacyOf(ctx, s, name)
	switch {
	case err != nil:
		return err
	case !known:
		return noPlugin(name, "in the database of "+storeName(c), left.Known)
	case left.Ended != core.EndedRemoved:
		return fmt.Errorf("%s is not removed, so its names are its own; end it first with: xrm plugin remove %s", name, name)
	case left.Forgotten:
		_, err = fmt.Fprintf(p.out, "%s is forgotten already.\n", name)
		return err
	case left.String() != "" && !handOver:
		return fmt.Errorf("%s has left %s, and whatever takes these names next would read that; let it have other names, or agree with: xrm plugin forget %s --hand-over", name, left, name)
	}
	if err := pluginhost.Forget(ctx, s, name); err != nil {
		return err
	}
	stored := "Nothing is stored under them."
	if what := left.String(); what != "" {
		stored = "What takes them next reads " + what + "."
	}
	_, err = fmt.Fprintf(p.out, "%s is forgotten. Within two seconds these names are free: %s. %s A plugin that was refused one tries again after: xrm plugin reload NAME\n", name, strings.Join(left.Names, ", "), stored)
	return err
}
