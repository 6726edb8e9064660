package main

import (
	"fmt"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/spf13/cobra"
)

// jobCommands have a running server do something about a job of a plugin.
func (p *program) jobCommands() []*cobra.Command {
	return []*cobra.Command{
		p.jobCommand("run-job", "Make a job of a plugin due now",
			"Has the server run a job as soon as it can, without waiting for the end.\nxrm plugin list tells how far it is.",
			"runPluginJob", "%s of %s is due now.\n"),
		p.jobCommand("cancel-job", "Ask a job of a plugin that runs to stop",
			"Asks a job that runs, in whatever instance, to stop. It hears that within seconds.",
			"cancelPluginJob", "%s of %s is asked to stop.\n"),
	}
}

func (p *program) jobCommand(verb, short, long, mutation, done string) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " NAME JOB",
		Short:   short,
		Long:    long,
		Example: "  xrm plugin " + verb + " complaints escalate",
		Args:    exactly(2, "two names, that of a plugin and that of its job"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			request := client.Request{
				Query:     "mutation ($plugin: String!, $job: String!) { " + mutation + "(plugin: $plugin, job: $job) }",
				Variables: map[string]any{"plugin": args[0], "job": args[1]},
			}
			if err := p.ask(cmd.Context(), config, request, &struct{}{}); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, done, args[1], args[0])
			return err
		},
	}
	configFlags(cmd.Flags(), "server", "keyFile", "data")
	return cmd
}
