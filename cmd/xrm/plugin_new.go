package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/scaffold"
	"github.com/spf13/cobra"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// xrmModule is the module that plugins in Go import.
const xrmModule = "github.com/openxrm/xrm"

type newFlags struct {
	language string
	dir      string
	module   string
	xrm      string
}

func (p *program) newCommand() *cobra.Command {
	var flags newFlags
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin that is complete and passes its own test",
		Long: `Writes a folder with a plugin: an entity, a rule and a computed field, their
tests, the manifest. It never overwrites anything. NAME is that of the plugin and
of its entity; use the singular.

A plugin in Go requires the version of xrm that this program is. Where that is none
that was released, it needs the source of xrm: --xrm says where it lies, unless you
are in it.`,
		Example: `  xrm plugin new visit
  xrm plugin new service-call --lang python --dir plugins/service-call
  xrm plugin new visit --xrm ../xrm --module example.com/visit`,
		Args: one("the name of the plugin"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.newPlugin(cmd.Context(), args[0], flags) },
	}
	cmd.Flags().StringVar(&flags.language, "lang", "go", strings.Join(scaffold.Languages(), ", "))
	cmd.Flags().StringVar(&flags.dir, "dir", "", "folder to write (default NAME)")
	cmd.Flags().StringVar(&flags.module, "module", "", "Go: path of the module (default example.com/NAME)")
	cmd.Flags().StringVar(&flags.xrm, "xrm", "", "Go: folder with the source of xrm (default: the one that you are in)")
	return cmd
}

func (p *program) newPlugin(ctx context.Context, name string, flags newFlags) error {
	plugin := scaffold.Plugin{Name: name, Language: flags.language}
	dir := flags.dir
	if dir == "" {
		dir = name
	}
	if flags.language == "go" {
		var err error
		if plugin, err = goPlugin(plugin, dir, flags, readBuild().Version); err != nil {
			return err
		}
	}
	files, err := scaffold.Write(dir, plugin)
	if err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintln(p.out, filepath.Join(dir, file))
	}
	if plugin.Module != "" {
		if err := tidy(ctx, dir); err != nil {
			return fmt.Errorf("%s is written, but the modules that it needs are not there: %w\n"+
				"Where xrm cannot be downloaded, say where its source lies, in %s: go mod edit -replace %s=FOLDER && go mod tidy", name, err, dir, xrmModule)
		}
	}
	before := ""
	if flags.language == "node" {
		before = "\n  npm --prefix " + dir + " install"
	}
	fmt.Fprintf(p.out, "\n%s is written. Next:%s\n  xrm plugin test %s\n  xrm plugin dev %s\n", name, before, dir, dir)
	return nil
}

// goPlugin says how a plugin in Go finds xrm, of which this program has a
// version. One within the source of xrm belongs to its module.
func goPlugin(plugin scaffold.Plugin, dir string, flags newFlags, version string) (scaffold.Plugin, error) {
	if flags.xrm == "" {
		if around, err := moduleAround(filepath.Dir(dir)); err != nil || around != "" {
			return plugin, err
		}
	}
	plugin.Module = flags.module
	if plugin.Module == "" {
		plugin.Module = "example.com/" + plugin.Name
	}
	from, named := ".", flags.xrm != ""
	if named {
		from = flags.xrm
	}
	var err error
	switch plugin.XRMFolder, err = moduleAround(from); {
	case err != nil:
		return plugin, err
	case plugin.XRMFolder == "" && named:
		return plugin, fmt.Errorf("%s is not the source of xrm: it has no go.mod of %s", flags.xrm, xrmModule)
	case plugin.XRMFolder == "" && isReleased(version):
		plugin.XRMVersion = version
	case plugin.XRMFolder == "":
		return plugin, fmt.Errorf("a plugin in Go needs the source of xrm, and you are not in it; say where it lies: xrm plugin new %s --xrm FOLDER", plugin.Name)
	}
	return plugin, nil
}

// moduleAround returns the folder of xrm's source that a path lies in, or "".
func moduleAround(path string) (string, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the source of xrm: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && strings.HasPrefix(string(data), "module "+xrmModule+"\n"):
			return dir, nil
		case err == nil, dir == filepath.Dir(dir):
			return "", nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", fmt.Errorf("find the source of xrm: %w", err)
		}
	}
}

// isReleased says whether go can download a version: whether it was tagged.
func isReleased(version string) bool {
	return semver.IsValid(version) && semver.Build(version) == "" && !module.IsPseudoVersion(version)
}

// tidy completes go.mod and makes go.sum.
func tidy(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "tidy")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy in %s: %w\n%s", dir, err, out)
	}
	return nil
}
