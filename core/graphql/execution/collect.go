package execution

import (
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// collected is one field of the answer: everything the document says about one
// response key of objects of one type.
type collected struct {
	key   string
	def   *field
	nodes []*ast.Field // never empty; their selections are merged
}

// collect finds the fields of t that the nodes select below themselves, in the
// order of the document: fragments expanded, @skip and @include obeyed.
func (x *run) collect(t *objectType, nodes []*ast.Field) []*collected {
	c := &collector{run: x, typ: t}
	for _, node := range nodes {
		c.add(node.SelectionSet)
	}
	return c.fields
}

type collector struct {
	run     *run
	typ     *objectType
	fields  []*collected
	visited []*ast.FragmentDefinition
}

func (c *collector) add(set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if included(selection.Directives, c.run.vars) {
				c.field(selection)
			}
		case *ast.InlineFragment:
			if included(selection.Directives, c.run.vars) && c.applies(selection.TypeCondition) {
				c.add(selection.SelectionSet)
			}
		case *ast.FragmentSpread:
			def := selection.Definition
			if !included(selection.Directives, c.run.vars) || slices.Contains(c.visited, def) {
				continue
			}
			c.visited = append(c.visited, def)
			if c.applies(def.TypeCondition) {
				c.add(def.SelectionSet)
			}
		}
	}
}

func (c *collector) applies(condition string) bool { return condition == "" || c.typ.is[condition] }

func (c *collector) field(node *ast.Field) {
	for _, known := range c.fields {
		if known.key == node.Alias {
			known.nodes = append(known.nodes, node)
			return
		}
	}
	def := c.typ.fields[node.Name]
	if node.Name == "__typename" {
		def = typeName
	}
	if def != nil {
		c.fields = append(c.fields, &collected{key: node.Alias, def: def, nodes: []*ast.Field{node}})
	}
}

// typeName is a field of every type; the executor knows its value itself.
var typeName = &field{name: FieldName{Field: "__typename"}, typ: graphql.TypeNameMetaFieldDef.Type}

// included obeys @skip and @include.
func included(directives ast.DirectiveList, vars map[string]any) bool {
	for _, directive := range directives {
		if directive.Name != "skip" && directive.Name != "include" {
			continue
		}
		arg := directive.Arguments.ForName("if")
		if arg == nil {
			continue
		}
		condition := plainValue(arg.Value, vars) == true
		if condition == (directive.Name == "skip") {
			return false
		}
	}
	return true
}
