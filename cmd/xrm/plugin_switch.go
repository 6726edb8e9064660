package main

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

// switchCommands write into the file of approvals what a server is to do with a
// plugin.
func (p *program) switchCommands() []*cobra.Command {
	return []*cobra.Command{
		p.switchCommand("disable", "Stop a plugin and keep it from running",
			`Stops a plugin until it is enabled. Its records stay; its operations, fields and
rules do not: what it has refused is saved meanwhile.`,
			"%s is disabled. A running server stops it within two seconds.\n", pluginhost.Approvals.Disable),
		p.switchCommand("enable", "Let a plugin run again that was disabled",
			`Takes back xrm plugin disable. What has never been approved does not run by that.`,
			"%s is enabled. A running server starts it within two seconds.\n", pluginhost.Approvals.Enable),
		p.switchCommand("reload", "Start a plugin anew, also one that the server has given up",
			`Has a running server start a new process of the plugin, which takes over from the
old one once it serves.`,
			"A running server starts %s anew within two seconds.\n", func(a pluginhost.Approvals, name string) error { return a.Restart(name, time.Now()) }),
	}
}

func (p *program) switchCommand(verb, short, long, done string, do func(pluginhost.Approvals, string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " NAME",
		Short:   short,
		Long:    long + "\n\nIt is written to PLUGINS/approved.yaml. How the plugin is doing then, xrm plugin list\ntells.",
		Example: "  xrm plugin " + verb + " complaints",
		Args:    one("the name of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if _, err := somePlugins(config, args); err != nil {
				return err
			}
			if err := do(pluginhost.Approvals{Plugins: config.Plugins}, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, done, args[0])
			return err
		},
	}
	configFlags(cmd.Flags(), "plugins")
	return cmd
}
