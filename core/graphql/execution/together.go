package execution

import (
	"context"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Together resolves all root fields of a mutation at once that is marked with a directive
// of the schema. It answers as a [BatchResolve] does, one value or error for each field.
type Together struct {
	Directive string // its name; "" for none
	Resolve   func(ctx context.Context, p TogetherParams) (values []any, errs []error)
}

// TogetherParams is what [Together] gets. It must change none of it.
type TogetherParams struct {
	Args   map[string]any // of the directive
	Fields []RootField    // in the order of the document
}

// RootField is one field of a mutation.
type RootField struct {
	Name string
	BatchParams
}

// errOther is of a field whose own arguments are in order.
func errOther() error {
	return invalid(nil, "Nothing was done, because another field of the mutation was refused.")
}

// mutateTogether carries out the root fields at once. Where the arguments of one are
// refused, nothing is.
func (x *run) mutateTogether(g *group, fields []*collected, mark *ast.Directive) {
	p := TogetherParams{Args: mark.ArgumentMap(x.vars)}
	values, errs := make([]any, len(fields)), make([]error, len(fields))
	var at []int // of which field p.Fields[n] is
	refused := false
	for i, f := range fields {
		if f.def == typeName {
			continue
		}
		var args map[string]any
		args, errs[i] = x.guardedArguments(f)
		refused = refused || errs[i] != nil
		at = append(at, i)
		p.Fields = append(p.Fields, RootField{f.def.name.Field, BatchParams{
			Parents: g.sources, Args: args, Selection: Selection{x, f.nodes}, Path: []string{f.key},
		}})
	}
	if !refused && len(at) > 0 && !x.stop() {
		found, failed := x.guardedTogether(p)
		for n, i := range at {
			if values[i], errs[i] = found[n], failed[n]; errs[i] != nil {
				values[i] = nil
			}
		}
	}
	for i, f := range fields {
		if x.data == nil && errs[i] == nil && !refused {
			continue // the whole answer is null; what was refused is told all the same
		}
		switch c := (&completion{run: x, field: f, path: []string{f.key}}); {
		case f.def == typeName:
			x.resolve(g, f, i)
		case refused && errs[i] == nil:
			c.settle(g.holders[0], i, nil, errOther())
		case x.ended && errs[i] == nil && values[i] == nil:
			x.null(g.holders[0], i, isNonNull(f.def.typ))
		default:
			c.settle(g.holders[0], i, values[i], errs[i])
			x.queue = append(x.queue, c.groups...)
		}
		x.drain()
	}
}

func (x *run) guardedTogether(p TogetherParams) (values []any, errs []error) {
	var err error
	n := len(p.Fields)
	defer func() {
		if err == nil && (len(values) != n || len(errs) != n) {
			err = fmt.Errorf("the fields of a mutation have %d values and %d errors; want %d of each", len(values), len(errs), n)
		}
		if err != nil {
			values, errs = make([]any, n), make([]error, n)
			for i := range errs {
				errs[i] = err
			}
		}
	}()
	defer recoverTo(&err)
	return x.engine.together.Resolve(x.ctx, p)
}
