package execution

import (
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
		return invalid(s.exceeded, "The document has more than %d fields and fragment spreads, which is the limit; send it in smaller pieces.", s.limits.Fields)
	}
	if s.aliases > s.limits.Aliases {
		return invalid(s.exceeded, "The document has more than %d aliases, which is the limit; send it in smaller pieces.", s.limits.Aliases)
	}
	return invalid(s.exceeded, "The document asks for the schema more than %d times, which is the limit; send it in smaller pieces.", maxIntrospections)
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
			return invalid(found.field, "The document is %d fields deep; at most %d are allowed. Ask for less inside one another.", found.depth, e.limits.Depth)
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
