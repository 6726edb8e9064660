package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

func (p *program) testCommand() *cobra.Command {
	var flags conformanceFlags
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Check a plugin while you write it: manifest, entities, build, its tests, conformance",
		Long: `Reads plugin.yaml and the entities of the plugin in DIR (here), builds it, runs
its own tests, and then everything that conformance checks. It stops at the first
step that fails.

A build.sh in the folder builds the plugin; without one it is go build or npm
install.`,
		Example: `  xrm plugin test
  xrm plugin test plugins/visit`,
		Args: atMostOne("one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.testPlugin(cmd.Context(), here(args), flags)
		},
	}
	flags.declare(cmd)
	return cmd
}

// here is the folder that a command is about.
func here(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

func (p *program) testPlugin(ctx context.Context, dir string, flags conformanceFlags) error {
	source, err := readPluginSource(dir)
	if err != nil {
		return err
	}
	progress := p.out
	if flags.asJSON {
		progress = p.err
	}
	if err := p.lintPlugin(source, progress); err != nil {
		return err
	}
	if err := source.build(ctx, progress); err != nil {
		return err
	}
	if err := source.test(ctx, progress); err != nil {
		return err
	}
	return p.conform(ctx, source.dir, flags)
}

// lintPlugin checks what can be read without running anything.
func (p *program) lintPlugin(source pluginSource, progress io.Writer) error {
	if _, err := pluginhost.ReadManifest(source.dir, source.program.Name); err != nil {
		return err
	}
	fmt.Fprintf(progress, "%s %s\n", source.program.Name, source.program.Version)
	if !source.has("entities") {
		return nil
	}
	model, err := lintEntities(filepath.Join(source.dir, "entities"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(progress, "%s, no problems\n", count(len(model.Entities()), "entity", "entities"))
	return err
}
