package graphql

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// contribute adds what plugins offer.
func (b *builder) contribute() error {
	var errs []error
	for _, c := range b.Contributions {
		for _, op := range c.Operations {
			if err := b.operation(c.By, op); err != nil {
				errs = append(errs, fmt.Errorf("plugin %s: %w", op.Plugin, err))
			}
		}
	}
	for _, c := range b.Contributions {
		for _, f := range c.Fields {
			if err := b.computed(c.By, f); err != nil {
				errs = append(errs, fmt.Errorf("plugin %s: %w", f.Plugin, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (b *builder) operation(by snapshot.Contributor, op snapshot.Operation) error {
	add, kind := b.addQuery, "query"
	switch {
	case op.Subscription:
		add, kind = b.addSubscription, "subscription"
	case op.Mutation:
		add, kind = b.addMutation, "mutation"
	}
	if err := b.known(op.Result); err != nil {
		return fmt.Errorf("%s: %w", op.Name, err)
	}
	args := graphql.FieldConfigArgument{}
	for _, a := range op.Arguments {
		t := b.inputType(argumentsOf(op, kind).field(a), a)
		if a.Required {
			t = graphql.NewNonNull(t)
		}
		args[a.Name] = &graphql.ArgumentConfig{Type: t, Description: a.Description.In("en")}
	}
	rootName := typeName(kind)
	add(ofPlugin(op.Plugin), op.Name, func(s *sight) bool { return s.starts(op) }, &graphql.Field{Type: b.output(resultOf(op, kind), op.Result), Description: op.Doc, Args: args})
	b.resolve(rootName, op.Name, b.withRecords(op.Result, func(ctx context.Context, p execution.BatchParams) ([]any, error) {
		if op.Subscription {
			return p.Parents, nil // the event is the result
		}
		if err := b.start(ctx, op); err != nil {
			return nil, err
		}
		key, err := keyIn(op.Name, p.Args)
		if err != nil {
			return nil, err
		}
		result, err := by.Call(ctx, b.Basis, user(ctx), op, withoutKey(p.Args), key)
		return []any{result}, err
	}))
	if op.Subscription {
		b.sources[execution.FieldName{Type: rootName, Field: op.Name}] = func(ctx context.Context, args map[string]any) iter.Seq2[any, error] {
			if err := b.start(ctx, op); err != nil {
				return func(yield func(any, error) bool) { yield(nil, err) }
			}
			return by.Subscribe(ctx, b.Basis, user(ctx), op, args)
		}
	}
	return nil
}

// user is for whom a plugin is called. It adds its own name where it calls back.
func user(ctx context.Context) core.Actor {
	a := ActorFrom(ctx)
	a.Via = ""
	return a
}

// start refuses an operation that the actor may not start. The actor's view has it
// not; this holds whatever became of the view.
func (b *builder) start(ctx context.Context, op snapshot.Operation) error {
	if b.sight(ActorFrom(ctx)).starts(op) {
		return nil
	}
	return op.NotAllowed()
}

// computed adds a field to its entity and, for a base, to the views of it.
func (b *builder) computed(by snapshot.Contributor, f snapshot.ComputedField) error {
	target := b.Model.Entity(f.Entity)
	if target == nil {
		return fmt.Errorf("there is no entity %q for the field %s", f.Entity, f.Field.Name)
	}
	if err := b.known(f.Field); err != nil {
		return fmt.Errorf("%s.%s: %w", f.Entity, f.Field.Name, err)
	}
	at := ofEntity(target).field(f.Field)
	at.layer, at.file, at.line = "plugin "+f.Plugin, "", 0
	for _, e := range append([]*schema.Entity{target}, b.Model.Roles(target)...) {
		o := b.entity(e)
		if o.Fields()[f.Field.Name] != nil {
			return fmt.Errorf("%s has a field %s already; choose another name", e.Name, f.Field.Name)
		}
		o.AddFieldConfig(f.Field.Name, &graphql.Field{Type: b.output(at, f.Field), Description: describe(f.Field)})
		b.views.onlyFor(o.Name(), f.Field.Name, func(s *sight) bool { return (s.actor.Via == "" || s.actor.Via == f.Plugin) && s.leads(f.Field) })
		b.resolve(o.Name(), f.Field.Name, b.withRecords(f.Field, func(ctx context.Context, p execution.BatchParams) ([]any, error) {
			parents := make([]*core.Record, len(p.Parents))
			for i, parent := range p.Parents {
				if parents[i] = parent.(*core.Record); parents[i].Partial {
					return nil, fmt.Errorf("resolve %s.%s: the record %s was read in part", f.Entity, f.Field.Name, parents[i].ID)
				}
			}
			return by.Resolve(ctx, b.Basis, user(ctx), f, parents)
		}))
	}
	return nil
}

// known refuses a type that leads to an entity that does not exist.
func (b *builder) known(f *schema.Field) error {
	if f.Of != nil {
		return b.known(f.Of)
	}
	if f.Type == "reference" && b.Model.Entity(f.To) == nil {
		return fmt.Errorf("there is no entity %q to return", f.To)
	}
	for _, sub := range f.Fields {
		if err := b.known(sub); err != nil {
			return err
		}
	}
	return nil
}

// withRecords puts records in the place of the ids that a plugin returned for
// the field itself, with one query for all parents; those inside objects are
// resolved like every other reference.
func (b *builder) withRecords(f *schema.Field, resolve func(context.Context, execution.BatchParams) ([]any, error)) execution.BatchResolve {
	return func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		found, err := resolve(ctx, p)
		if err != nil {
			return nil, []error{err}
		}
		var load execution.BatchResolve
		switch {
		case f.Type == "reference":
			load = b.toOne(b.Model.Entity(f.To), f, "value")
		case isReferences(f):
			load = b.toMany(b.Model.Entity(f.Of.To), "value")
		default:
			return found, nil
		}
		p.Parents = make([]any, len(found))
		for i, value := range found {
			p.Parents[i] = map[string]any{"value": value}
		}
		return load(ctx, p)
	}
}
