package main

import (
	"github.com/spf13/cobra"
)

func (p *program) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Write, check, approve and watch plugins",
		Long: `For those who write plugins, in any language (sdk/README.md), and for those who run
them (core/pluginhost/README.md). All commands are told in cmd/xrm/README.md.`,
		Example: `  xrm plugin new visits
  xrm plugin dev visits
  xrm plugin approve visits
  xrm plugin list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.newCommand(), p.genCommand(), p.testCommand(), p.devCommand(), p.buildCommand(), p.packCommand(), p.conformanceCommand(), p.rehearseCommand())
	cmd.AddCommand(p.approveCommand(), p.pluginListCommand(), p.deadLettersCommand())
	cmd.AddCommand(p.switchCommands()...)
	cmd.AddCommand(p.removeCommand(), p.forgetCommand())
	cmd.AddCommand(p.jobCommands()...)
	return cmd
}
