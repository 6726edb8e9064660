package execution

import (
	"fmt"
	"sort"
	"strconv"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// validate applies the rules of the specification, which are gqlparser's, and
// what gqlparser leaves to the scalars. On the way it finds the variables that
// decide about @skip and @include.
func (e *Engine) validate(seen *view, query *ast.QueryDocument) (conditions map[string]*ast.Position, errs Errors) {
	conditions = map[string]*ast.Position{}
	events := &core.Events{}
	events.OnDirective(func(_ *core.Walker, directive *ast.Directive) {
		if arg := directive.Arguments.ForName("if"); arg != nil && arg.Value.Kind == ast.Variable {
			conditions[arg.Value.Raw] = arg.Value.Position
		}
	})
	for _, rule := range e.rules() {
		rule.RuleFunc(events, func(options ...core.ErrorOption) {
			if len(errs) >= maxValidationErrors {
				return
			}
			failure := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(failure)
			}
			failure.Message = seen.explain(failure.Message)
			errs = append(errs, fromParser(failure))
		})
	}
	core.Walk(seen.defined, query, events)
	return conditions, errs
}

func (e *Engine) rules() []core.Rule {
	all := []core.Rule{{Name: "ScalarLiterals", RuleFunc: e.scalarLiterals}}
	for name, rule := range rules.NewDefaultRules().GetInner() {
		all = append(all, core.Rule{Name: name, RuleFunc: rule})
	}
	sort.Sort(core.NameSorter(all))
	return all
}

// scalarLiterals refuses literals that only the scalar itself can judge, so
// that they are a fault of the document, with a position, and not of a field.
func (e *Engine) scalarLiterals(events *core.Events, report core.AddErrFunc) {
	events.OnValue(func(_ *core.Walker, value *ast.Value) {
		if value.Definition == nil || value.ExpectedType == nil || value.ExpectedType.Elem != nil {
			return
		}
		if value.Kind == ast.Variable || value.Kind == ast.NullValue {
			return
		}
		if err := e.checkScalarLiteral(value); err != nil {
			report(core.Message("%s", err.Error()), core.At(value.Position))
		}
	})
}

func (e *Engine) checkScalarLiteral(value *ast.Value) error {
	switch value.Definition.Kind {
	case ast.Scalar:
		scalar, ok := e.types.schema.Type(value.Definition.Name).(*graphql.Scalar)
		if ok && builtIn(scalar) == notBuiltIn {
			if holdsVariable(value) {
				return nil
			}
			_, err := parseCustom(scalar, plainValue(value, nil))
			return err
		}
		if value.Definition.Name == "Int" && value.Kind == ast.IntValue {
			if _, err := strconv.ParseInt(value.Raw, 10, 32); err != nil {
				return fmt.Errorf("%s cannot represent non 32-bit signed integer value: %s", graphql.Int, value.Raw)
			}
		}
		if value.Kind == ast.ObjectValue {
			return invalid(nil, "Expected value of type %q, found %s.", value.ExpectedType, value)
		}
	case ast.Enum:
		if value.Kind == ast.ObjectValue {
			return invalid(nil, "Expected value of type %q, found %s.", value.ExpectedType, value)
		}
	}
	return nil
}

func holdsVariable(value *ast.Value) bool {
	if value.Kind == ast.Variable {
		return true
	}
	for _, child := range value.Children {
		if holdsVariable(child.Value) {
			return true
		}
	}
	return false
}
