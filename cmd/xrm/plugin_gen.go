package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/gorecords"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/spf13/cobra"
)

type genFlags struct {
	others []string
	check  bool
}

func (p *program) genCommand() *cobra.Command {
	var flags genFlags
	cmd := &cobra.Command{
		Use:   "gen [DIR]",
		Short: "Write the Go types of the records of a plugin",
		Long: `Writes records_gen.go into the folder of a plugin in Go: for each entity in its
folder entities/ a type with a method to read and one to set each field. A field that is
gone, or is of another type, is then a mistake that the compiler finds. The file has a
line for go generate.`,
		Example: `  xrm plugin gen
  xrm plugin gen plugins/visits --check`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.writeRecords(append(args, ".")[0], flags)
		},
	}
	cmd.Flags().StringArrayVar(&flags.others, "entities", nil, "folder with the entities of another plugin that this one mentions; can be repeated")
	cmd.Flags().BoolVar(&flags.check, "check", false, "write nothing, and fail if the file is not current")
	return cmd
}

// recordsFile is what xrm plugin gen writes.
const recordsFile = "records_gen.go"

func (p *program) writeRecords(dir string, flags genFlags) error {
	source, err := recordsOf(dir, flags.others)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, recordsFile)
	was, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && !bytes.HasPrefix(was, []byte(gorecords.Header)) {
		return fmt.Errorf("%s was written by somebody else; give it another name", file)
	}
	switch {
	case bytes.Equal(was, source):
		fmt.Fprintln(p.out, file, "is current")
		return nil
	case flags.check:
		return fmt.Errorf("%s is not what its entities say; run: xrm plugin gen %s", file, dir)
	}
	if err := os.WriteFile(file, source, 0o644); err != nil { //nolint:gosec // source, as the files beside it
		return err
	}
	fmt.Fprintln(p.out, file)
	return nil
}

// recordsOf is the source for the entities of a plugin.
func recordsOf(dir string, others []string) ([]byte, error) {
	const layer = "plugin"
	sources := entities.All()
	for _, other := range others {
		found, err := entitiesOf("another plugin", other)
		if err != nil {
			return nil, err
		}
		sources = append(sources, found...)
	}
	own, err := entitiesOf(layer, filepath.Join(dir, "entities"))
	if err != nil {
		return nil, err
	}
	m, err := schema.Load(append(sources, own...)...)
	var problems strictyaml.Problems
	if errors.As(err, &problems) && slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return p.Missing != "" }) {
		err = fmt.Errorf("%w\nWhere it is another plugin's: --entities DIR names the folder with its entities.", err) //nolint:staticcheck // several lines
	}
	if err != nil {
		return nil, err
	}
	return gorecords.Write(m, layer, packageIn(dir))
}

func entitiesOf(layer, dir string) ([]schema.Source, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; the entities of a plugin are expected there", dir)
	}
	return schema.ReadSources(layer, filepath.ToSlash(dir), os.DirFS(dir))
}

// packageIn is the name of the package that lies in a folder; main where there is none.
func packageIn(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is well-formed
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || filepath.Base(file) == recordsFile {
			continue
		}
		if parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly); err == nil {
			return parsed.Name.Name
		}
	}
	return "main"
}
