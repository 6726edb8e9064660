package execution

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/graphql-go/graphql"
)

// BatchResolve gives the value of one field for many objects at once.
//
// It answers one value per parent, in their order. The errors are nil when
// there are none, else one per parent, nil where there is none, or a single one
// that holds for all. A value beside an error is ignored. An item of a list may
// be an error as well, which then is reported at the place of the item.
type BatchResolve func(ctx context.Context, p BatchParams) (values []any, errs []error)

// BatchParams is what a [BatchResolve] gets. It must change none of it.
type BatchParams struct {
	Parents   []any // never empty; for a root field the root alone
	Args      map[string]any
	Selection Selection // what the query asks for below the field
	Path      []string  // response keys from the root to the field, list indexes left out
}

// resolve gives one field to all objects of a group.
func (x *run) resolve(g *group, f *collected, i int) {
	if f.def == typeName {
		for _, h := range g.holders {
			h.values[i] = g.typ.name
		}
		return
	}
	if x.nulled {
		g.keepAlive()
		if len(g.holders) == 0 {
			return
		}
	}
	c := &completion{run: x, field: f, path: append(g.path[:len(g.path):len(g.path)], f.key)}
	args, err := x.guardedArguments(f)
	switch {
	case err != nil:
		for _, h := range g.holders {
			c.settle(h, i, nil, err)
		}
	case f.def.batch != nil:
		x.resolveBatch(g, c, i, args)
	default:
		x.resolveEach(g, c, i, args)
	}
	x.queue = append(x.queue, c.groups...)
}

func (x *run) resolveBatch(g *group, c *completion, i int, args map[string]any) {
	values, errs := guardedBatch(x.ctx, c.field.def.batch, BatchParams{
		Parents:   g.sources,
		Args:      args,
		Selection: Selection{x, c.field.nodes},
		Path:      c.path,
	})
	n := len(g.holders)
	forAll := error(nil)
	switch {
	case len(errs) == 1 && len(values) != n:
		forAll = errs[0]
	case len(errs) != 0 && len(errs) != n, len(values) != n && len(errs) != n:
		forAll = fmt.Errorf("the batch resolver answered %d values and %d errors for %d parents", len(values), len(errs), n)
	}
	for k, h := range g.holders {
		if k%64 == 63 && x.stop() {
			x.abandon(g)
			return
		}
		switch {
		case x.nulled && !h.alive():
		case forAll != nil:
			c.settle(h, i, nil, forAll)
		case len(errs) > 0 && errs[k] != nil:
			c.settle(h, i, nil, errs[k])
		case len(values) <= k:
			c.settle(h, i, nil, nil)
		default:
			c.settle(h, i, values[k], nil)
		}
	}
}

func (x *run) resolveEach(g *group, c *completion, i int, args map[string]any) {
	def := c.field.def
	p := graphql.ResolveParams{Context: x.ctx, Args: args, Info: x.info(def)}
	for k, h := range g.holders {
		if x.nulled && !h.alive() {
			continue
		}
		if k%64 == 63 && x.stop() {
			x.abandon(g)
			return
		}
		p.Source = g.sources[k]
		if def.resolve == nil {
			if m, ok := p.Source.(map[string]any); ok {
				c.settle(h, i, m[def.name.Field], nil)
				continue
			}
		}
		value, err := guardedResolve(def, p)
		c.settle(h, i, value, err)
	}
}

// info is what graphql-go's resolvers expect to be told. The parts that need
// graphql-go's own syntax tree are left out.
func (x *run) info(def *field) graphql.ResolveInfo {
	return graphql.ResolveInfo{
		FieldName:      def.name.Field,
		ReturnType:     def.typ,
		ParentType:     x.engine.types.objects[def.name.Type].graph,
		Schema:         x.engine.types.schema,
		RootValue:      x.root,
		VariableValues: x.vars,
	}
}

func (x *run) guardedArguments(f *collected) (args map[string]any, err error) {
	defer recoverTo(&err)
	return x.arguments(f.def, f.nodes[0])
}

func guardedBatch(ctx context.Context, resolve BatchResolve, p BatchParams) (values []any, errs []error) {
	var err error
	defer func() {
		if err != nil {
			values, errs = nil, []error{err}
		}
	}()
	defer recoverTo(&err)
	return resolve(ctx, p)
}

func guardedResolve(def *field, p graphql.ResolveParams) (value any, err error) {
	defer recoverTo(&err)
	switch {
	case def.resolve != nil:
		return def.resolve(p)
	case p.Source == nil: // which the next would not survive
		return nil, nil
	}
	return graphql.DefaultResolveFn(p)
}

func recoverTo(err *error) {
	if cause := recover(); cause != nil {
		*err = &panicked{cause, debug.Stack()}
	}
}

// settle writes the outcome of a resolver into the answer.
func (c *completion) settle(h *holder, i int, value any, err error) {
	if err != nil {
		c.fail(h, i, isNonNull(c.field.def.typ), err)
		return
	}
	c.complete(h, i, c.field.def.typ, value)
}

func isNonNull(t graphql.Output) bool {
	_, ok := t.(*graphql.NonNull)
	return ok
}

// fail reports an error at a place of the answer, which becomes null.
func (c *completion) fail(h *holder, i int, nonNull bool, err error) {
	x := c.run
	shown := presentable(err)
	switch {
	case shown != nil:
		c.report(h, i, shown)
	case x.ctx.Err() != nil && errors.Is(err, x.ctx.Err()):
		x.ended = true
	default:
		failure := Failure{Field: c.field.def.name.Type + "." + c.field.def.name.Field, Path: h.path(i), Err: err}
		// One failure that hits many objects must not fill the log.
		if c.logged != nil && errors.Is(err, c.logged) {
			c.report(h, i, &Error{Message: x.engine.hidden(x.ctx), Extensions: map[string]any{"code": codeInternal}})
		} else {
			c.logged = err
			c.report(h, i, x.engine.internal(x.ctx, failure))
		}
	}
	x.null(h, i, nonNull)
}

func (c *completion) report(h *holder, i int, err *Error) {
	err.Path = h.path(i)
	for _, node := range c.field.nodes {
		err.Locations = append(err.Locations, locations(node.Position)...)
	}
	c.run.errs = append(c.run.errs, err)
}
