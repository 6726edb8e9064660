package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/spf13/cobra"
)

func (p *program) schemaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "schema",
		Short:   "Work with entity definitions",
		Example: "  xrm schema lint ./entities",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.lintCommand())
	return cmd
}

func (p *program) lintCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint DIR",
		Short: "Check the entity definitions in a folder, together with the shipped ones",
		Long: `Reads every *.yaml below DIR on top of the shipped entities and prints every
mistake at once, each with its file, its line and the nearest right word.

Exit status: 0 when there is none, else 1.`,
		Example: `  xrm schema lint ./entities
  xrm schema lint ./entities --json`,
		Args: one("one folder"),
		RunE: func(_ *cobra.Command, args []string) error { return p.lint(args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: the number of entities and the problems")
	return cmd
}

// lintResult is what `schema lint --json` prints.
type lintResult struct {
	Entities int           `json:"entities"` // shipped ones included; 0 when there are problems
	Problems []lintProblem `json:"problems"`
}

type lintProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

func (p *program) lint(dir string, asJSON bool) error {
	model, err := lintEntities(dir)
	var problems strictyaml.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	if asJSON {
		return p.lintJSON(model, problems)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w\n%s", problems, count(len(problems), "problem", "problems"))
	}
	_, err = fmt.Fprintf(p.out, "%s, no problems\n", count(len(model.Entities()), "entity", "entities"))
	return err
}

func (p *program) lintJSON(model *schema.Model, problems strictyaml.Problems) error {
	result := lintResult{Problems: []lintProblem{}}
	if model != nil {
		result.Entities = len(model.Entities())
	}
	for _, problem := range problems {
		result.Problems = append(result.Problems, lintProblem{File: problem.File, Line: problem.Line, Message: problem.Message})
	}
	if err := json.NewEncoder(p.out).Encode(result); err != nil {
		return err
	}
	if len(problems) > 0 {
		return errors.New(count(len(problems), "problem", "problems"))
	}
	return nil
}

// count says "1 problem" or "2 problems".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
