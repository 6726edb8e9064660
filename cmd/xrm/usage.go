package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// one demands one argument, of which what says what it is.
func one(what string) cobra.PositionalArgs { return exactly(1, what) }

// exactly demands so many arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
		switch len(args) {
		case n:
			return nil
		case 0:
			return fmt.Errorf("%s needs %s: %s", cmd.CommandPath(), what, example)
		}
		return fmt.Errorf("%s needs %s, not %d: %s", cmd.CommandPath(), what, len(args), example)
	}
}

// atMostOne allows one argument, of which what says what it is.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return one(what)(cmd, args)
	}
}

// explainFlag names the flag that was probably meant.
func explainFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	name := unknown.GetSpecifiedName()
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := strictyaml.Nearest(name, known, len(name)/2); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; `%s --help` lists those that there are", err, cmd.CommandPath())
}
