package execution

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// checkSize bounds what validation has to compare, before it does.
func (e *Engine) checkSize(query *ast.QueryDocument) *Error {
	s := &sizes{limits: e.limits}
	for _, op := range query.Operations {
		s.count(op.SelectionSet)
	}
	for _, fragment := range query.Fragments {
		s.count(fragment.SelectionSet)
	}
	if s.exceeded == nil {
		return nil
	}
	if s.fields > s.limits.Fields {
		return invalid(s.exceeded, "The document has more than %d fields and fragment spreads, which is the limit.", s.limits.Fields)
	}
	if s.aliases > s.limits.Aliases {
		return invalid(s.exceeded, "The document has more than %d aliases, which is the limit.", s.limits.Aliases)
	}
	return invalid(s.exceeded, "The document asks for the schema more than %d times, which is the limit.", maxIntrospections)
}

type sizes struct {
	limits                          Limits
	fields, aliases, introspections int
	exceeded                        *ast.Position
}

func (s *sizes) count(set ast.SelectionSet) {
	for _, selection := range set {
		if s.exceeded != nil {
			return
		}
		switch selection := selection.(type) {
		case *ast.Field:
			s.fields++
			if selection.Alias != selection.Name {
				s.aliases++
			}
			if isIntrospection(selection) {
				s.introspections++
			}
			if s.fields > s.limits.Fields || s.aliases > s.limits.Aliases || s.introspections > maxIntrospections {
				s.exceeded = selection.Position
				return
			}
			s.count(selection.SelectionSet)
		case *ast.InlineFragment:
			s.count(selection.SelectionSet)
		case *ast.FragmentSpread:
			if s.fields++; s.fields > s.limits.Fields {
				s.exceeded = selection.Position
			}
		}
	}
}

func isIntrospection(f *ast.Field) bool { return f.Name == "__schema" || f.Name == "__type" }

// checkDepth runs after validation, which has made sure that no fragment
// contains itself. Introspection is bounded by a rule of validation instead.
func (e *Engine) checkDepth(query *ast.QueryDocument) *Error {
	d := &depths{known: map[*ast.FragmentDefinition]deepest{}}
	for _, op := range query.Operations {
		if found := d.below(op.SelectionSet); found.depth > e.limits.Depth {
			return invalid(found.field, "The document is %d fields deep; at most %d are allowed.", found.depth, e.limits.Depth)
		}
	}
	return nil
}

type deepest struct {
	depth int
	field *ast.Position
}

type depths struct {
	known map[*ast.FragmentDefinition]deepest
}

func (d *depths) below(set ast.SelectionSet) (max deepest) {
	for _, selection := range set {
		var found deepest
		switch selection := selection.(type) {
		case *ast.Field:
			if isIntrospection(selection) {
				continue
			}
			found = d.below(selection.SelectionSet)
			found.depth++
			if found.field == nil {
				found.field = selection.Position
			}
		case *ast.InlineFragment:
			found = d.below(selection.SelectionSet)
		case *ast.FragmentSpread:
			var ok bool
			if found, ok = d.known[selection.Definition]; !ok {
				found = d.below(selection.Definition.SelectionSet)
				d.known[selection.Definition] = found
			}
		}
		if found.depth > max.depth {
			max = found
		}
	}
	return max
}

// costs adds up an operation: one for every field, times the page sizes of the
// fields around it. Fragments count wherever they are spread, and a field that
// is written twice counts twice, which keeps the sum linear in the document.
type costs struct {
	engine *Engine
	vars   map[string]any
	known  map[*ast.FragmentDefinition]int
}

// checkCost gives the cost of the operation, and an error when it is too high.
func (e *Engine) checkCost(op *ast.OperationDefinition, vars map[string]any) (int, *Error) {
	c := &costs{engine: e, vars: vars, known: map[*ast.FragmentDefinition]int{}}
	total := 0
	var at *ast.Position
	for i := range op.SelectionSet {
		total = add(total, c.of(op.SelectionSet[i:i+1]))
		if total > e.limits.Cost && at == nil {
			at = op.SelectionSet[i].GetPosition()
		}
	}
	if at == nil {
		return total, nil
	}
	err := invalid(at, "The request costs %d; at most %d are allowed. Ask for smaller pages (first, last) or fewer fields.", total, e.limits.Cost)
	return total, err
}

func (c *costs) of(set ast.SelectionSet) int {
	total := 0
	for _, selection := range set {
		cost := 0
		switch selection := selection.(type) {
		case *ast.Field:
			if included(selection.Directives, c.vars) {
				cost = add(1, multiply(c.pageSize(selection), c.of(selection.SelectionSet)))
			}
		case *ast.InlineFragment:
			if included(selection.Directives, c.vars) {
				cost = c.of(selection.SelectionSet)
			}
		case *ast.FragmentSpread:
			if included(selection.Directives, c.vars) {
				cost = c.fragment(selection.Definition)
			}
		}
		total = add(total, cost)
	}
	return total
}

func (c *costs) fragment(def *ast.FragmentDefinition) int {
	cost, ok := c.known[def]
	if !ok {
		cost = c.of(def.SelectionSet)
		c.known[def] = cost
	}
	return cost
}

func (c *costs) pageSize(f *ast.Field) int {
	size := 0
	for _, arg := range f.Arguments {
		if arg.Name == "first" || arg.Name == "last" {
			if n, ok := c.integer(arg.Value); ok {
				size = max(size, n, 1)
			}
		}
	}
	if size > 0 {
		return size
	}
	if strings.HasPrefix(f.Name, "__") || f.ObjectDefinition == nil {
		return 1
	}
	return max(1, c.engine.pageSizes[FieldName{f.ObjectDefinition.Name, f.Name}])
}

func (c *costs) integer(value *ast.Value) (int, bool) {
	plain := plainValue(value, c.vars)
	switch n := plain.(type) {
	case int:
		return n, true
	case int64:
		return int(min(n, math.MaxInt32)), true
	case json.Number:
		return math.MaxInt32, true
	}
	return 0, false
}

// add and multiply stop at a number that is beyond every limit instead of
// overflowing.
func add(a, b int) int { return min(a+b, math.MaxInt32) }

func multiply(a, b int) int {
	if b != 0 && a > math.MaxInt32/b {
		return math.MaxInt32
	}
	return a * b
}
