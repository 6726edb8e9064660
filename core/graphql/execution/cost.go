package execution

import (
	"encoding/json"
	"math"

	"github.com/vektah/gqlparser/v2/ast"
)

// costs adds up an operation: one for every value that the answer may have, as
// far as page sizes and the lengths of arguments tell. Fragments count wherever
// they are spread, and a field that is written twice counts twice, which keeps
// the sum linear in the document.
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
				cost = c.field(selection)
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

func (c *costs) field(f *ast.Field) int {
	size, below := c.size(f), c.of(f.SelectionSet)
	if isIntrospection(f) {
		return add(1, below/c.engine.perValue)
	}
	if len(f.SelectionSet) == 0 && isList(f) {
		below = 1 // each item is a value
	}
	return add(1, multiply(size, below))
}

// size is how many items a field yields at most, as far as can be known before.
func (c *costs) size(f *ast.Field) int {
	size, items := 0, 0
	for _, arg := range f.Arguments {
		if arg.Name == "first" || arg.Name == "last" {
			if n, ok := c.integer(arg.Value); ok {
				size = max(size, n, 1)
			}
		} else if list, ok := plainValue(arg.Value, c.vars).([]any); ok {
			items = max(items, len(list))
		}
	}
	if size > 0 {
		return size
	}
	if f.ObjectDefinition != nil {
		size = c.engine.pageSizes[FieldName{f.ObjectDefinition.Name, f.Name}]
	}
	if !isList(f) {
		return max(1, size)
	}
	if size == 0 {
		size = c.engine.listSize
	}
	return max(1, size, items) // a bulk mutation answers each item that it gets
}

func isList(f *ast.Field) bool { return f.Definition != nil && f.Definition.Type.Elem != nil }

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
