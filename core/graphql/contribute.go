package graphql

import (
	"context"
	"errors"
	"fmt"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// contribute adds what a plugin offers. A name that is taken is an error that
// names the plugin; nothing of the API is silently replaced.
func (b *builder) contribute(c core.Contribution) error {
	p := &contributed{builder: b, plugin: c.Plugin}
	for _, t := range c.Objects {
		p.declare(t)
	}
	for _, op := range c.Operations {
		p.operation(op)
	}
	for _, f := range c.Fields {
		p.field(f)
	}
	return errors.Join(p.errs...)
}

type contributed struct {
	*builder
	plugin string
	errs   []error
}

func (p *contributed) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("plugin %s: "+format, append([]any{p.plugin}, args...)...))
}

func (p *contributed) declare(t core.ObjectType) {
	if p.objects[t.Name] != nil || p.inputs[t.Name] != nil || p.enums[t.Name] != nil {
		p.fail("the type %s exists already; choose another name", t.Name)
		return
	}
	if t.Input {
		p.builder.input(t.Name, t.Doc, func() graphql.InputObjectConfigFieldMap {
			fields := graphql.InputObjectConfigFieldMap{}
			for _, m := range t.Members {
				fields[m.Name] = &graphql.InputObjectFieldConfig{Type: p.typeOf(m.Type).(graphql.Input), Description: m.Doc}
			}
			return fields
		})
		return
	}
	o, _ := p.object(t.Name, t.Doc)
	for _, m := range t.Members {
		o.AddFieldConfig(m.Name, &graphql.Field{Type: p.typeOf(m.Type).(graphql.Output), Description: m.Doc})
		if m.Type.EntityName() != "" {
			p.resolve(t.Name, m.Name, p.records(m.Type, func(_ context.Context, parents []any) ([]any, error) {
				out := make([]any, len(parents))
				for i, parent := range parents {
					out[i] = schema.Lookup(parent, m.Name)
				}
				return out, nil
			}))
		}
	}
}

func (p *contributed) operation(op core.Operation) {
	root, typeName := p.query, "Query"
	if op.Mutation {
		root, typeName = p.mutation, "Mutation"
	}
	if root[op.Name] != nil {
		p.fail("the %s %s exists already; choose another name", typeName, op.Name)
		return
	}
	args := graphql.FieldConfigArgument{}
	for _, m := range op.Arguments {
		args[m.Name] = &graphql.ArgumentConfig{Type: p.typeOf(m.Type).(graphql.Input), Description: m.Doc}
	}
	root[op.Name] = &graphql.Field{Type: nullable(p.typeOf(op.Returns)).(graphql.Output), Description: op.Doc, Args: args}
	p.builder.resolve(typeName, op.Name, func(ctx context.Context, params execution.BatchParams) ([]any, []error) {
		result, err := op.Call(ctx, ActorFrom(ctx), p.Model, params.Args)
		if err != nil {
			return nil, []error{err}
		}
		return p.load(ctx, op.Returns, []any{result})
	})
}

// field adds a computed field, and for a base entity the same to its roles.
func (p *contributed) field(f core.ComputedField) {
	target := p.Model.Entity(f.Entity)
	if target == nil {
		p.fail("the field %s is for an entity %q that does not exist", f.Name, f.Entity)
		return
	}
	for _, e := range append([]*schema.Entity{target}, p.Model.Roles(target)...) {
		o := p.entity(e)
		if o.Fields()[f.Name] != nil {
			p.fail("%s has a field %s already; choose another name", e.Name, f.Name)
			continue
		}
		o.AddFieldConfig(f.Name, &graphql.Field{Type: nullable(p.typeOf(f.Returns)).(graphql.Output), Description: f.Doc})
		p.resolve(o.Name(), f.Name, p.records(f.Returns, func(ctx context.Context, parents []any) ([]any, error) {
			records := make([]*core.Record, len(parents))
			for i, parent := range parents {
				records[i] = parent.(*core.Record)
			}
			return f.Resolve(ctx, ActorFrom(ctx), p.Model, records)
		}))
	}
}

// records resolves values and then the records that they name, in one query.
func (p *contributed) records(t core.TypeRef, resolve func(context.Context, []any) ([]any, error)) execution.BatchResolve {
	return func(ctx context.Context, params execution.BatchParams) ([]any, []error) {
		values, err := resolve(ctx, params.Parents)
		if err != nil {
			return nil, []error{err}
		}
		return p.load(ctx, t, values)
	}
}

// load puts records in the place of the ids that a plugin returned. They are
// read with the rights of the actor: a plugin shows nobody what is hidden.
func (p *contributed) load(ctx context.Context, t core.TypeRef, values []any) ([]any, []error) {
	target := p.Model.Entity(t.EntityName())
	if target == nil {
		return values, nil
	}
	var ids []string
	each(values, func(id string) { ids = append(ids, id) })
	found, err := p.session(ctx).Load(ctx, target, distinct(ids))
	if err != nil {
		return nil, []error{err}
	}
	out := make([]any, len(values))
	for i, value := range values {
		out[i] = replace(value, func(id string) any {
			if r := found[id]; r != nil {
				return r
			}
			return nil
		})
	}
	return out, nil
}

func each(value any, f func(id string)) {
	switch v := value.(type) {
	case string:
		f(v)
	case []any:
		for _, item := range v {
			each(item, f)
		}
	}
}

func replace(value any, f func(id string) any) any {
	switch v := value.(type) {
	case string:
		return f(v)
	case []any:
		out := []any{}
		for _, item := range v {
			if r := replace(item, f); r != nil {
				out = append(out, r)
			}
		}
		return out
	}
	return value
}

// typeOf is the type of the API that a plugin names.
func (p *contributed) typeOf(t core.TypeRef) graphql.Type {
	var found graphql.Type
	switch {
	case t.List != nil:
		found = graphql.NewList(p.typeOf(*t.List))
	case t.Entity != "":
		if e := p.Model.Entity(t.Entity); e != nil {
			found = p.entity(e)
		}
	case t.Object != "":
		if o := p.objects[t.Object]; o != nil {
			found = o
		} else if i := p.inputs[t.Object]; i != nil {
			found = i
		}
	default:
		for _, s := range []*graphql.Scalar{graphql.String, graphql.ID, graphql.Int, graphql.Float, graphql.Boolean, long, decimal, date, dateTime, anyJSON} {
			if s.Name() == t.Scalar {
				found = s
			}
		}
	}
	if found == nil {
		p.fail("there is no type %s%s%s", t.Scalar, t.Entity, t.Object)
		return graphql.String
	}
	if t.Required {
		return graphql.NewNonNull(found)
	}
	return found
}

// nullable takes the promise back that there is always a value: a plugin may
// be down.
func nullable(t graphql.Type) graphql.Type {
	if n, ok := t.(*graphql.NonNull); ok {
		return n.OfType
	}
	return t
}

// plugins adds the state of the plugins to the API.
func (b *builder) plugins() {
	if b.Plugins == nil {
		return
	}
	text := func(f func(core.Plugin) any) *graphql.Field {
		return &graphql.Field{Type: graphql.String, Resolve: func(p graphql.ResolveParams) (any, error) { return f(p.Source.(core.Plugin)), nil }}
	}
	info := graphql.NewObject(graphql.ObjectConfig{Name: "PluginInfo", Description: "A plugin and how it is doing.", Fields: graphql.Fields{
		"name":      text(func(p core.Plugin) any { return p.Name }),
		"version":   text(func(p core.Plugin) any { return optional(p.Version) }),
		"state":     text(func(p core.Plugin) any { return p.State }),
		"since":     {Type: dateTime, Resolve: func(p graphql.ResolveParams) (any, error) { return schema.Instant(p.Source.(core.Plugin).Since), nil }},
		"restarts":  {Type: graphql.Int, Resolve: func(p graphql.ResolveParams) (any, error) { return p.Source.(core.Plugin).Restarts, nil }},
		"lastError": text(func(p core.Plugin) any { return optional(p.LastError) }),
	}})
	b.query["plugins"] = &graphql.Field{
		Type: nonNullList(info), Description: "The plugins and how they are doing.",
		Resolve: func(graphql.ResolveParams) (any, error) { return b.Plugins(), nil },
	}
}
