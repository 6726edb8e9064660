package execution

import (
	"context"
	"iter"
	"runtime/debug"

	"github.com/vektah/gqlparser/v2/ast"
)

// Source gives the events of a subscription as they come, until ctx ends. Each
// is the parent of the subscription's field, as the root is that of a query's;
// an error is the last, and ends the subscription.
type Source func(ctx context.Context, args map[string]any) iter.Seq2[any, error]

// Subscribe answers a subscription: one result for each event, the document
// executed with that event. A result that was not executed says why there is no
// more to come: the request was refused, or its source has failed. The engine,
// and so the schema, stays the same for as long as the subscription lasts.
func (e *Engine) Subscribe(ctx context.Context, r Request) iter.Seq[*Result] {
	return func(yield func(*Result) bool) {
		p, refused := e.Plan(ctx, r)
		if refused != nil {
			yield(refused)
			return
		}
		for answer := range p.Subscribe(ctx) {
			if !yield(answer(ctx)) {
				return
			}
		}
	}
}

// Subscribe is that of the engine, for what is planned: it gives the answers as
// functions that are to be called once each, when there is time for that.
func (p *Plan) Subscribe(ctx context.Context) iter.Seq[func(context.Context) *Result] {
	return func(yield func(func(context.Context) *Result) bool) {
		refuse := func(refused *Result) { yield(func(context.Context) *Result { return refused }) }
		s, refused := p.subscription(ctx)
		if refused != nil {
			refuse(refused)
			return
		}
		for event, err := range s.events(ctx) {
			if ctx.Err() != nil {
				return // nobody waits for it
			}
			if err != nil {
				refuse(Refuse(s.failed(ctx, err)))
				return
			}
			if !yield(func(ctx context.Context) *Result { return s.answer(ctx, event) }) {
				return
			}
		}
	}
}

// subscription is one that may begin.
type subscription struct {
	*Plan
	field *collected
	args  map[string]any
}

func (p *Plan) subscription(ctx context.Context) (s *subscription, refused *Result) {
	defer p.engine.refuseOnPanic(ctx, &refused)
	if p.op.Operation != ast.Subscription {
		return nil, Refuse(invalid(p.op.Position, "Only a subscription has events; this is a %s.", p.op.Operation))
	}
	x := p.run(ctx, nil)
	fields := x.collect(p.engine.types.roots[ast.Subscription], x.rootNodes())
	// Validation counts names; aliases, @skip and @include are left to us.
	if len(fields) != 1 {
		return nil, Refuse(invalid(p.op.Position, "A subscription must select exactly one field, not %d.", len(fields)))
	}
	s = &subscription{Plan: p, field: fields[0]}
	var err error
	if s.args, err = x.guardedArguments(s.field); err != nil {
		return nil, Refuse(s.failed(ctx, err))
	}
	return s, nil
}

// events turns a panic of the source into its last event; one of whoever gets
// the events is none of its business.
func (s *subscription) events(ctx context.Context) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		yielding := false
		defer func() {
			if yielding {
				return
			}
			if cause := recover(); cause != nil {
				yield(nil, &panicked{cause, debug.Stack()})
			}
		}()
		for event, err := range s.field.def.source(ctx, s.args) {
			yielding = true
			more := yield(event, err)
			if yielding = false; !more {
				return
			}
		}
	}
}

func (s *subscription) answer(ctx context.Context, event any) *Result {
	bounded, cancel := context.WithTimeout(ctx, s.engine.limits.EventTime)
	defer cancel()
	return s.execute(bounded, event)
}

// failed is what a client gets to know of an error before or between events.
func (s *subscription) failed(ctx context.Context, err error) *Error {
	path := []any{s.field.key}
	shown := presentable(err)
	if shown == nil {
		name := s.field.def.name
		return s.engine.internal(ctx, Failure{Field: name.Type + "." + name.Field, Path: path, Err: err})
	}
	shown.Path, shown.Locations = path, locations(s.field.nodes[0].Position)
	return shown
}
