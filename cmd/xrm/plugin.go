package main

import (
	"github.com/spf13/cobra"
)

func (p *program) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Write, check and pack plugins",
		Long: `For those who write plugins, in any language. How plugins work is told in
sdk/README.md; these commands are told in cmd/xrm/README.md.`,
		Example: `  xrm plugin new visits
  xrm plugin dev visits`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.newCommand(), p.testCommand(), p.devCommand(), p.packCommand(), p.conformanceCommand())
	return cmd
}
