package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/conformance"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// conformanceFlags are what `conformance` and `test` have in common.
type conformanceFlags struct {
	config   string
	entities string
	asJSON   bool
}

func (f *conformanceFlags) declare(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.config, "config", "", "file with the configuration that the plugin gets (YAML or JSON)")
	cmd.Flags().StringVar(&f.entities, "entities", "", "folder with the entities of other plugins that this one needs")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON: every check and how it ended")
}

func (p *program) conformanceCommand() *cobra.Command {
	var flags conformanceFlags
	cmd := &cobra.Command{
		Use:   "conformance DIR",
		Short: "Check that a plugin speaks the protocol, whatever language it is written in",
		Long: `Starts the plugin in DIR as the server would, asks it everything that a server
may ask, and says what is wrong and how it is mended. DIR is the folder with
plugin.yaml, or the program itself. Records are made up and kept in memory.

Exit status: 0 when every check that applies is passed, else 1.`,
		Example: `  xrm plugin conformance bin/plugins/complaints
  xrm plugin conformance bin/plugins/complaints --json`,
		Args: one("the folder of a plugin, or its program"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.conform(cmd.Context(), args[0], flags)
		},
	}
	flags.declare(cmd)
	return cmd
}

// conformanceReport is what `conformance --json` prints.
type conformanceReport struct {
	Plugin       string               `json:"plugin"`
	Passed       int                  `json:"passed"`
	Failed       int                  `json:"failed"`
	Inapplicable int                  `json:"notApplicable"`
	Seconds      float64              `json:"seconds"`
	Checks       []conformance.Result `json:"checks"`
}

func (p *program) conform(ctx context.Context, path string, flags conformanceFlags) error {
	target, err := conformance.ReadProgram(path)
	if err != nil {
		return err
	}
	settings, err := flags.settings()
	if err != nil {
		return err
	}
	r := conformanceReport{Plugin: target.Name}
	if r.Plugin == "" {
		r.Plugin = target.File
	}
	lines := conformanceLines{out: p.out, colored: likesColors(p.out)}
	began := time.Now()
	err = conformance.Run(ctx, target, settings, func(result conformance.Result) {
		r.add(result)
		if !flags.asJSON {
			lines.print(result)
		}
	})
	if err != nil {
		return err
	}
	r.Seconds = time.Since(began).Round(time.Millisecond).Seconds()
	if flags.asJSON {
		err = json.NewEncoder(p.out).Encode(r)
	} else {
		_, err = fmt.Fprintf(p.out, "%s: %d passed, %d failed, %d not applicable, in %.1f s\n", r.Plugin, r.Passed, r.Failed, r.Inapplicable, r.Seconds)
	}
	if err == nil && r.Failed > 0 {
		err = fmt.Errorf("%s does not conform: %s", r.Plugin, count(r.Failed, "check failed", "checks failed"))
	}
	return err
}

func (r *conformanceReport) add(result conformance.Result) {
	r.Checks = append(r.Checks, result)
	switch result.Mark {
	case conformance.Passed:
		r.Passed++
	case conformance.Failed:
		r.Failed++
	case conformance.NotApplicable:
		r.Inapplicable++
	}
}

func (f conformanceFlags) settings() (s conformance.Settings, err error) {
	if f.config != "" {
		data, err := os.ReadFile(f.config)
		if err != nil {
			return s, fmt.Errorf("read the configuration of the plugin: %w", err)
		}
		var values map[string]any
		if err := yaml.Unmarshal(data, &values); err != nil {
			return s, fmt.Errorf("%s: %w", f.config, err)
		}
		if s.Config, err = pluginpb.Encode(values); err != nil {
			return s, fmt.Errorf("%s: %w", f.config, err)
		}
	}
	if f.entities != "" {
		if err := isFolder(f.entities); err != nil {
			return s, err
		}
		s.Entities, err = schema.ReadSources(mention.Another, filepath.ToSlash(f.entities), os.DirFS(f.entities))
	}
	return s, err
}

func isFolder(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s", dir)
	}
	return nil
}

// likesColors says whether a person looks on, and likes colors.
func likesColors(out io.Writer) bool { return isTerminal(out) && os.Getenv("NO_COLOR") == "" }

// conformanceLines prints the checks for people, one on each line.
type conformanceLines struct {
	out     io.Writer
	colored bool
}

func (l conformanceLines) print(r conformance.Result) {
	mark, color, more := "ok", "32", ""
	switch r.Mark {
	case conformance.Failed:
		mark, color = "FAIL", "31"
		more = "\n        expected  " + indented(r.Expected) + "\n        seen      " + indented(r.Seen) + "\n        remedy    " + indented(r.Remedy)
	case conformance.NotApplicable:
		mark, color, more = "-", "2", ": "+r.Seen
	}
	mark = fmt.Sprintf("%-5s", mark)
	if l.colored {
		mark = "\x1b[" + color + "m" + mark + "\x1b[0m"
	}
	fmt.Fprintf(l.out, "%s %s%s\n", mark, r.Check, more)
}

// indented keeps further lines below the first.
func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n                  ") }
