package main

import (
	"github.com/openxrm/xrm/cmd/xrm/rehearsal"
	"github.com/spf13/cobra"
)

// rehearseCommand is for the SDKs of other languages, and not for people.
func (p *program) rehearseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "rehearse",
		Hidden: true,
		Short:  "Be the host of a plugin under test, by lines of JSON",
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return rehearsal.Run(cmd.Context(), p.in, p.out)
		},
	}
}
