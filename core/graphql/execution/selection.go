package execution

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Selection is what a query asks for below one field, over all types that the
// field may yield: fragments expanded, @skip and @include obeyed. The zero
// Selection selects nothing.
type Selection struct {
	run   *run
	nodes []*ast.Field
}

// Names are the fields that are selected, by their names in the schema, each
// once, in the order of the document.
func (s Selection) Names() []string {
	var names []string
	s.each(func(node *ast.Field) {
		if !slices.Contains(names, node.Name) {
			names = append(names, node.Name)
		}
	})
	return names
}

// Has says whether a field is selected: Has("pageInfo", "endCursor") looks for
// endCursor below pageInfo.
func (s Selection) Has(path ...string) bool {
	for _, name := range path {
		if s = s.Below(name); len(s.nodes) == 0 {
			return false
		}
	}
	return len(s.nodes) > 0
}

// Below is what is selected below the named field, under whatever aliases.
func (s Selection) Below(name string) Selection {
	below := Selection{run: s.run}
	s.each(func(node *ast.Field) {
		if node.Name == name {
			below.nodes = append(below.nodes, node)
		}
	})
	return below
}

func (s Selection) each(visit func(*ast.Field)) {
	var visited []*ast.FragmentDefinition
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				if included(selection.Directives, s.run.vars) {
					visit(selection)
				}
			case *ast.InlineFragment:
				if included(selection.Directives, s.run.vars) {
					walk(selection.SelectionSet)
				}
			case *ast.FragmentSpread:
				if included(selection.Directives, s.run.vars) && !slices.Contains(visited, selection.Definition) {
					visited = append(visited, selection.Definition)
					walk(selection.Definition.SelectionSet)
				}
			}
		}
	}
	for _, node := range s.nodes {
		walk(node.SelectionSet)
	}
}
