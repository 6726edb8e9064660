package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit statuses, as every command's help tells them.
const (
	exitDone     = 0
	exitFailed   = 1 // the command could not do what it was asked
	exitRejected = 2 // an import is through, but some rows did not get in
	exitFound    = 2 // a check is through, and something is wrong
)

// errRejected ends an import that did its work and rejected some rows; what
// there is to say about it has been said.
var errRejected = errors.New("some rows were rejected")

// program is what all commands share: where they read and print, and what the
// environment says.
type program struct {
	in       io.Reader // nil for nobody who could be asked
	out, err io.Writer
	environ  []string
}

// run carries out one command line and returns the exit status.
func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	var found errFound
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return exitDone
	case errors.Is(err, errRejected):
		return exitRejected
	case errors.As(err, &found):
		fmt.Fprintln(p.err, err)
		return exitFound
	default:
		fmt.Fprintln(p.err, err)
		return exitFailed
	}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "xrm",
		Short: "Relationship management with plugins: customers, prospects, suppliers, partners and the rest",
		Long: `xrm keeps business partners and what happens with them, and answers in GraphQL.

Settings come from flags, from the environment (XRM_LISTEN, XRM_STORE, ...) and
from xrm.yaml; a flag wins over the environment, the environment over the file.

Exit status: 0 done, 1 could not be done, 2 an import rejected some rows,
or a check found something wrong.`,
		Example: `  xrm serve
  xrm import customers.csv --entity customer --key number`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(explainFlag)
	root.AddCommand(p.serveCommand(), p.importCommand(), p.keyCommand(), p.checkCommand(), p.backupCommand(), p.restoreCommand(), p.schemaCommand(), p.pluginCommand(), p.versionCommand(), pluginExecCommand())
	return root
}
