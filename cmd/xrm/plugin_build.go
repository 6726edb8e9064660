package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

func (p *program) buildCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "build [DIR...]",
		Short: "Build plugins and put them where a server looks for them",
		Long: `Builds the plugin in each DIR (here) and makes TO/NAME have what belongs on a
server, and nothing else. A server that looks there takes it up as soon as it is
approved.

A build.sh in the folder builds the plugin; without one it is go build or npm
install. GOOS and GOARCH are heeded as go build does.`,
		Example: `  xrm plugin build examples/hello-plugin
  xrm plugin build plugins/visit plugins/loyalty --to /var/lib/xrm/plugins`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if len(dirs) == 0 {
				dirs = []string{"."}
			}
			for _, dir := range dirs {
				if err := p.buildPlugin(cmd.Context(), dir, to); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", defaultConfig().Plugins, "folder of the plugins")
	return cmd
}

func (p *program) buildPlugin(ctx context.Context, dir, to string) (err error) {
	source, err := readPluginSource(dir)
	if err != nil {
		return err
	}
	if _, err := pluginhost.ReadManifest(source.dir, source.program.Name); err != nil {
		return err
	}
	place, err := source.placeIn(to)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "xrm-build-")
	if err != nil {
		return fmt.Errorf("make a folder for the program: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	if source, err = source.buildIn(ctx, p.err, temporary); err != nil {
		return err
	}
	if err := source.install(place); err != nil {
		return fmt.Errorf("install the plugin: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "%s %s is in %s\n", source.program.Name, source.program.Version, filepath.Join(to, source.program.Name))
	return err
}
