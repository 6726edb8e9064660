package execution

import (
	"fmt"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// coerceVariables gives the values of the variables that an operation declares,
// or everything that is wrong with them. A variable that was neither given nor
// has a default is missing in the result.
func (d *Document) coerceVariables(op *ast.OperationDefinition, given map[string]any) (map[string]any, Errors) {
	vars := make(map[string]any, len(op.VariableDefinitions))
	var errs Errors
	for _, def := range op.VariableDefinitions {
		name, t := def.Variable, d.variables[def]
		c := &coercion{seen: d.view, report: func(path, format string, args ...any) {
			errs = append(errs, invalid(def.Position, "Variable %q got invalid value %s%s; %s",
				"$"+name, shown(given[name]), at(path, name), fmt.Sprintf(format, args...)))
		}}
		value, ok := given[name]
		_, required := t.(*graphql.NonNull)
		switch {
		case ok && value == nil && required:
			errs = append(errs, invalid(def.Position, "Variable %q of non-null type %q must not be null.", "$"+name, t))
		case ok:
			vars[name] = c.value(t, value, name)
		case def.DefaultValue != nil:
			vars[name] = c.literal(t, def.DefaultValue, name)
		case required:
			errs = append(errs, invalid(def.Position, "Variable %q of required type %q was not provided.", "$"+name, t))
		}
	}
	for name, position := range d.conditions {
		if value, ok := vars[name]; ok && value == nil {
			errs = append(errs, invalid(position, `Variable "$%s" decides about @skip or @include and must not be null.`, name))
		}
	}
	return vars, errs
}

func at(path, name string) string {
	if path == name {
		return ""
	}
	return fmt.Sprintf(" at %q", path)
}

// arguments gives the arguments of a field as its resolver gets them.
func (x *run) arguments(f *field, node *ast.Field) (map[string]any, error) {
	var wrong *Error
	refuse := func(format string, args ...any) {
		if wrong == nil {
			wrong = invalid(nil, format, args...)
		}
	}
	args := make(map[string]any, len(f.args))
	for _, def := range f.args {
		c := &coercion{vars: x.vars, report: func(path, format string, args ...any) {
			refuse("Argument %q has an invalid value%s; %s", def.Name(), at(path, def.Name()), fmt.Sprintf(format, args...))
		}}
		given := node.Arguments.ForName(def.Name())
		switch {
		case given != nil && !c.isAbsent(given.Value):
			args[def.Name()] = c.literal(def.Type, given.Value, def.Name())
		case def.DefaultValue != nil:
			args[def.Name()] = copied(def.DefaultValue)
		default:
			if _, required := def.Type.(*graphql.NonNull); required {
				refuse("Argument %q of required type %q was not provided.", def.Name(), def.Type)
			}
		}
	}
	if wrong != nil {
		return nil, wrong
	}
	return args, nil
}
