package execution

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// narrow makes a view of a schema.
func narrow(whole *ast.Schema, name string, shows func(Element) bool) *view {
	n := &narrowing{whole: whole, types: make(map[string]*ast.Definition, len(whole.Types)), shows: shows}
	for name, t := range whole.Types {
		n.types[name] = n.shown(t)
	}
	for n.dropDead() { // what leads to it may be dead then, too
	}
	reached := n.reach()
	v := &view{name: name, hidden: map[string]map[string]bool{}, defined: &ast.Schema{
		Types: reached, Directives: whole.Directives, SchemaDirectives: whole.SchemaDirectives, Description: whole.Description,
		Query: root(reached, whole.Query), Mutation: root(reached, whole.Mutation), Subscription: root(reached, whole.Subscription),
		PossibleTypes: within(reached, whole.PossibleTypes), Implements: within(reached, whole.Implements),
	}}
	for name, t := range reached {
		if of := whole.Types[name]; of != t {
			v.hidden[name] = difference(of, t)
		}
	}
	return v
}

// narrowing is what narrow works with: the types with what is left of them, nil
// for what has nothing left.
type narrowing struct {
	whole *ast.Schema
	types map[string]*ast.Definition
	shows func(Element) bool
}

// shown is a type with the members that are shown; the type itself when all are.
func (n *narrowing) shown(t *ast.Definition) *ast.Definition {
	if t.BuiltIn {
		return t
	}
	return keep(t,
		func(f *ast.FieldDefinition) *ast.FieldDefinition {
			if isMeta(f.Name) {
				return f
			}
			if !n.shows(Element{Type: t.Name, Member: f.Name}) {
				return nil
			}
			return keepArguments(f, func(a *ast.ArgumentDefinition) bool { return n.shows(Element{t.Name, f.Name, a.Name}) })
		},
		func(value string) bool { return n.shows(Element{Type: t.Name, Member: value}) })
}

// dropDead takes out what leads to a type without members, and says whether
// there was any.
func (n *narrowing) dropDead() (changed bool) {
	for name, t := range n.types {
		if t == nil || t.BuiltIn {
			continue
		}
		left := keep(t, func(f *ast.FieldDefinition) *ast.FieldDefinition {
			if n.types[f.Type.Name()] == nil {
				return nil
			}
			for _, a := range f.Arguments {
				if n.types[a.Type.Name()] == nil && a.Type.NonNull {
					return nil
				}
			}
			return keepArguments(f, func(a *ast.ArgumentDefinition) bool { return n.types[a.Type.Name()] != nil })
		}, func(string) bool { return true })
		if left != t {
			n.types[name], changed = left, true
		}
	}
	return changed
}

// reach returns the types that something leads to, and those of every schema.
func (n *narrowing) reach() map[string]*ast.Definition {
	reached := map[string]*ast.Definition{}
	var waiting []string
	for name, t := range n.whole.Types {
		if t.BuiltIn || t == n.whole.Query || t == n.whole.Mutation || t == n.whole.Subscription {
			waiting = append(waiting, name)
		}
	}
	for _, d := range n.whole.Directives {
		waiting = append(waiting, argumentTypes(d.Arguments)...)
	}
	for len(waiting) > 0 {
		name := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if t := n.types[name]; t != nil && reached[name] == nil {
			reached[name] = t
			waiting = append(waiting, n.next(t)...)
		}
	}
	return reached
}

// next lists the types to which a type leads.
func (n *narrowing) next(t *ast.Definition) []string {
	names := slices.Concat(t.Interfaces, t.Types)
	for _, f := range t.Fields {
		names = append(append(names, f.Type.Name()), argumentTypes(f.Arguments)...)
	}
	for _, possible := range n.whole.PossibleTypes[t.Name] {
		names = append(names, possible.Name)
	}
	return names
}

func argumentTypes(args ast.ArgumentDefinitionList) []string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = a.Type.Name()
	}
	return names
}

// keep is a type with what is left of its fields and values: itself when that is
// all, and nil when it is none.
func keep(t *ast.Definition, field func(*ast.FieldDefinition) *ast.FieldDefinition, value func(string) bool) *ast.Definition {
	if len(t.Fields)+len(t.EnumValues) == 0 {
		return t
	}
	left := *t
	left.Fields, left.EnumValues = make(ast.FieldList, 0, len(t.Fields)), nil
	same, some := true, false
	for _, f := range t.Fields {
		kept := field(f)
		same = same && kept == f
		if kept != nil {
			left.Fields = append(left.Fields, kept)
			some = some || !isMeta(kept.Name)
		}
	}
	for _, v := range t.EnumValues {
		if value(v.Name) {
			left.EnumValues = append(left.EnumValues, v)
		}
	}
	switch {
	case same && len(left.EnumValues) == len(t.EnumValues):
		return t
	case !some && len(left.EnumValues) == 0:
		return nil
	}
	return &left
}

func keepArguments(f *ast.FieldDefinition, shown func(*ast.ArgumentDefinition) bool) *ast.FieldDefinition {
	if !slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return !shown(a) }) {
		return f
	}
	left := *f
	left.Arguments = slices.DeleteFunc(slices.Clone(f.Arguments), func(a *ast.ArgumentDefinition) bool { return !shown(a) })
	return &left
}

// isMeta says whether a field belongs to introspection.
func isMeta(field string) bool { return len(field) > 1 && field[:2] == "__" }

func root(types map[string]*ast.Definition, of *ast.Definition) *ast.Definition {
	if of == nil {
		return nil
	}
	return types[of.Name]
}

// within leaves of types by a name those that are reached.
func within(reached map[string]*ast.Definition, all map[string][]*ast.Definition) map[string][]*ast.Definition {
	left := map[string][]*ast.Definition{}
	for name, types := range all {
		if reached[name] == nil {
			continue
		}
		for _, t := range types {
			if reached[t.Name] != nil {
				left[name] = append(left[name], reached[t.Name])
			}
		}
	}
	return left
}

// difference names the members that a type has lost.
func difference(whole, left *ast.Definition) map[string]bool {
	lost := map[string]bool{}
	for _, f := range whole.Fields {
		lost[f.Name] = true
	}
	for _, v := range whole.EnumValues {
		lost[v.Name] = true
	}
	for _, f := range left.Fields {
		delete(lost, f.Name)
	}
	for _, v := range left.EnumValues {
		delete(lost, v.Name)
	}
	return lost
}
