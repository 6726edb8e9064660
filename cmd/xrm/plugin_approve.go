package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

type approveFlags struct{ all, yes, try bool }

func (p *program) approveCommand() *cobra.Command {
	var flags approveFlags
	cmd := &cobra.Command{
		Use:   "approve NAME...",
		Short: "See what plugins ask for, and let them run",
		Long: `Shows what a plugin in the server's plugin folder is and what it asks for, and
lets it run when you say so: with exactly these files, and with no other rights.
What it was not granted before is marked with +, what it no longer asks for
with -, and what deserves a second look with !. None of its code is run for that.

The approval is written to PLUGINS/approved.yaml. A line that you take out of it is
a right that you deny. A running server follows within two seconds.

With --try a new version only shows what would become of the plugin's records: the
one before goes on, nothing is changed, and xrm plugin list says what came of it.`,
		Example: `  xrm plugin approve complaints
  xrm plugin approve --all --yes
  xrm plugin approve --try complaints && xrm plugin list`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if flags.all != (len(names) == 0) {
				return errors.New("xrm plugin approve needs the names of plugins, or else --all: xrm plugin approve complaints")
			}
			if names, err = somePlugins(config, names); err != nil {
				return err
			}
			return p.approve(config, names, flags)
		},
	}
	cmd.Flags().BoolVar(&flags.all, "all", false, "all plugins that are there")
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "do not ask; for scripts")
	cmd.Flags().BoolVar(&flags.try, "try", false, "only try what would become of its records, and change nothing")
	configFlags(cmd.Flags(), "plugins")
	return cmd
}

// approve goes on after a plugin that cannot be approved.
func (p *program) approve(c Config, names []string, flags approveFlags) error {
	approvals := pluginhost.Approvals{Plugins: c.Plugins}
	approve, done := approvals.Approve, "is approved"
	if flags.try {
		approve, done = approvals.Try, "is tried, and the version before goes on; xrm plugin list says what would become of its records"
	}
	answers, unasked := bufio.NewReader(p.in), false
	var errs []error
	for _, name := range names {
		review, err := approvals.Review(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s cannot be approved: %w", name, err))
			continue
		}
		printReview(p.out, review)
		switch {
		case isApproved(review) && !flags.try && !review.Before.Try: // which brings back one that was removed since
			fmt.Fprintf(p.out, "It is approved already.%s\n\n", stillDisabled(approvals, name))
			errs = append(errs, approvals.Approve(review, time.Now()))
			continue
		case !flags.yes && !p.isAnswered():
			unasked = true
			continue
		case !flags.yes && !p.confirm(answers, "Approve?"):
			errs = append(errs, fmt.Errorf("%s is not approved", name))
			continue
		}
		if err := approve(review, time.Now()); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(p.out, "%s %s.%s\n\n", name, done, stillDisabled(approvals, name))
	}
	if unasked {
		errs = append(errs, errors.New("there is no terminal to ask for your consent; read what stands above, and give it with --yes"))
	}
	return errors.Join(errs...)
}

// stillDisabled is the sentence about a plugin that does not run by being approved.
func stillDisabled(a pluginhost.Approvals, name string) string {
	if now, err := a.Find(name); err != nil || !now.Disabled {
		return "" // an error is told by whatever writes the file
	}
	return " It is disabled, and does not run; let it run again with: xrm plugin enable " + name
}

// isApproved says that there is nothing left to say yes to.
func isApproved(r pluginhost.Review) bool {
	return r.Before != nil && r.Before.Folder == r.Folder && len(r.Added)+len(r.Removed) == 0
}

// isAnswered says whether there is a person to ask.
func (p *program) isAnswered() bool { return isTerminal(p.in) }

// confirm takes everything but a yes for a no.
func (p *program) confirm(answers *bufio.Reader, question string) bool {
	fmt.Fprintf(p.out, "%s [y/N] ", question)
	answer, _ := answers.ReadString('\n') // what cannot be read is no yes
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer)))
}

func printReview(out io.Writer, r pluginhost.Review) {
	m := r.Manifest
	fmt.Fprintf(out, "%s %s\n", m.Name, printable(m.Version))
	by := ""
	if r.Interpreter != "" {
		by = ", run by " + printable(r.Interpreter)
	}
	fmt.Fprintf(out, "  executable  %s, SHA-256 %.12s…%s\n", printable(cmp.Or(m.Executable, m.Executables[runtime.GOOS+"/"+runtime.GOARCH])), r.Program, by)
	fmt.Fprintf(out, "  approved    %s\n", printable(approvedBefore(r)))
	lines := m.Needs.Lines()
	if len(lines)+len(r.Removed) == 0 {
		fmt.Fprintln(out, "  It asks for nothing.")
		return
	}
	fmt.Fprintln(out, "  It asks to")
	for _, line := range lines {
		mark := " "
		if slices.Contains(r.Added, line) {
			mark = "+"
		}
		fmt.Fprintf(out, "  %s %s\n", mark, printable(needInWords(m.Name, line)))
	}
	for _, line := range r.Removed {
		fmt.Fprintf(out, "  - %s\n", printable(needInWords(m.Name, line)))
	}
	for _, warning := range warnings(m.Needs) {
		fmt.Fprintf(out, "  ! %s\n", warning)
	}
}

func approvedBefore(r pluginhost.Review) string {
	switch {
	case r.Before == nil:
		return "never before"
	case r.Before.Folder == r.Folder:
		return "this very version"
	case r.Before.Version == r.Manifest.Version:
		return "this version, but with other files: find out who has changed them"
	}
	return r.Before.Version
}
