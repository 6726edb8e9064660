package execution

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"
)

// Request is what a client sends, by whatever transport.
type Request struct {
	Query         string
	OperationName string         // may be empty when the document holds one operation
	Variables     map[string]any // decoded with UseNumber, so that no digit is lost
	Extensions    map[string]any
}

// Plan is an operation that may be carried out, any number of times.
type Plan struct {
	engine     *Engine
	op         *ast.OperationDefinition
	vars       map[string]any
	cost       int
	extensions map[string]any // of every answer
}

// Plan checks everything about a request that can be checked before it is
// carried out; the result says why it is refused, or is nil.
func (e *Engine) Plan(ctx context.Context, r Request) (p *Plan, refused *Result) {
	defer e.refuseOnPanic(ctx, &refused)
	doc, errs := e.document(ctx, r.Query)
	if len(errs) > 0 {
		return nil, Refuse(errs...)
	}
	op, wrong := doc.operation(r.OperationName)
	if wrong != nil {
		return nil, Refuse(wrong)
	}
	vars, errs := doc.coerceVariables(op, r.Variables)
	if len(errs) > 0 {
		return nil, Refuse(errs...)
	}
	cost, wrong := e.checkCost(op, vars)
	extensions := map[string]any{"cost": map[string]any{"requested": cost, "limit": e.limits.Cost}}
	if wrong != nil {
		return nil, &Result{Errors: Errors{wrong}, Extensions: extensions}
	}
	return &Plan{e, op, vars, cost, extensions}, nil
}

// Kind is "query", "mutation" or "subscription".
func (p *Plan) Kind() string { return string(p.op.Operation) }

// Cost is what an answer costs: about as much as it has values.
func (p *Plan) Cost() int { return p.cost }

// Knows says whether a document needs not be prepared for those who see what ctx
// sees: that may take longer than to carry it out.
func (e *Engine) Knows(ctx context.Context, query string) bool {
	return e.cache.Contains(cacheKey{e.view(ctx).name, query})
}
