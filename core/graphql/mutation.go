package graphql

import (
	"context"
	"fmt"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

var outcome = graphql.NewEnum(graphql.EnumConfig{
	Name: "Outcome", Description: "What a change came to.",
	Values: graphql.EnumValueConfigMap{
		"created":   {Value: core.Created},
		"updated":   {Value: core.Updated},
		"unchanged": {Value: record.Unchanged, Description: "The record was like this already; nothing was written."},
		"deleted":   {Value: core.Deleted},
		"restored":  {Value: core.Restored},
		"merged":    {Value: core.Merged, Description: "It was deleted, because another record stands for it."},
		"erased":    {Value: core.Erased, Description: "It says nothing about a person any more."},
	},
})

var (
	id        = &graphql.ArgumentConfig{Type: graphql.NewNonNull(graphql.ID)}
	ifVersion = &graphql.ArgumentConfig{Type: graphql.Int, Description: "Fails with CONFLICT when the record has another version by now."}
	dryRun    = &graphql.ArgumentConfig{Type: graphql.Boolean, DefaultValue: false, Description: "Checks everything and writes nothing."}
)

// mutations adds the ways to change an entity. Every one of them ends in
// record.Session.Save.
func (b *builder) mutations(e *schema.Entity) {
	one, many := typeName(e.Name), typeName(e.Plural)
	data := &graphql.ArgumentConfig{Type: graphql.NewNonNull(b.inputOf(e))}
	list := &graphql.ArgumentConfig{
		Type:        graphql.NewNonNull(graphql.NewList(graphql.NewNonNull(b.inputOf(e)))),
		Description: fmt.Sprintf("At most %d. Each gets in or is refused by itself: what is refused is null, with an error at its place.", b.MaxBatch),
	}
	may := func(action core.Action) condition { return func(s *sight) bool { return s.does(e, action, "") } }
	created := func(set map[string]any) record.Draft { return record.Draft{Action: core.Created, Set: set} }

	b.change(e, "create"+one, may(core.Created), "Creates a "+e.Name+".", graphql.FieldConfigArgument{"data": data, "dryRun": dryRun},
		func(args map[string]any) record.Draft { return created(byStoragePath(e, args["data"])) })
	b.changes(e, "create"+many, may(core.Created), "Creates many "+e.Plural+" at once.", graphql.FieldConfigArgument{"data": list, "dryRun": dryRun},
		func(args map[string]any, item any) record.Draft { return created(byStoragePath(e, item)) })
	b.change(e, "update"+one, may(core.Updated), "Changes a "+e.Name+".", graphql.FieldConfigArgument{"id": id, "ifVersion": ifVersion, "data": data, "dryRun": dryRun},
		func(args map[string]any) record.Draft {
			return draft(core.Updated, args, byStoragePath(e, args["data"]))
		})
	b.change(e, "delete"+one, may(core.Deleted), "Deletes a "+e.Name+"; restore"+one+" brings it back.", graphql.FieldConfigArgument{"id": id, "ifVersion": ifVersion, "dryRun": dryRun},
		func(args map[string]any) record.Draft { return draft(core.Deleted, args, nil) })
	b.change(e, "restore"+one, may(core.Restored), "Brings a deleted "+e.Name+" back.", graphql.FieldConfigArgument{"id": id, "dryRun": dryRun},
		func(args map[string]any) record.Draft { return draft(core.Restored, args, nil) })

	if state := e.StateField(); state != nil {
		b.transition(e, state)
	}
	if len(e.UniqueFields()) > 0 {
		by := &graphql.ArgumentConfig{Type: graphql.NewNonNull(b.uniqueField(e)), Description: "The field that says which record is meant."}
		either := func(s *sight) bool {
			return s.does(e, core.Created, "") || s.does(e, core.Updated, "") || s.grants(e, "")
		}
		upsert := func(args map[string]any, item any) record.Draft {
			d := created(byStoragePath(e, item))
			d.By, _ = args["by"].(*schema.Field)
			return d
		}
		b.change(e, "upsert"+one, either, "Updates the "+e.Name+" that has the value of a unique field, or creates it.", graphql.FieldConfigArgument{"by": by, "data": data, "dryRun": dryRun},
			func(args map[string]any) record.Draft { return upsert(args, args["data"]) })
		b.changes(e, "upsert"+many, either, "Updates or creates many "+e.Plural+" at once.", graphql.FieldConfigArgument{"by": by, "data": list, "dryRun": dryRun}, upsert)
	}
	if e.IsRole() {
		b.roleMutations(e)
	}
}

// transition moves a record from one state to another.
func (b *builder) transition(e *schema.Entity, state *schema.Field) {
	states := b.enum(fieldOf(e, state), state)
	may := func(s *sight) bool { return s.does(e, core.Updated, state.StoragePath()) }
	b.change(e, "transition"+typeName(e.Name), may, "Moves a "+e.Name+" to another "+state.Name+".", graphql.FieldConfigArgument{
		"id": id, "ifVersion": ifVersion, "dryRun": dryRun,
		"to": {Type: graphql.NewNonNull(states)},
		"from": {
			Type:        graphql.NewList(graphql.NewNonNull(states)),
			Description: "Fails with CONFLICT when it is in none of these; without, it moves from wherever there is a way.",
		},
	}, func(args map[string]any) record.Draft {
		d := draft(core.Updated, args, map[string]any{state.StoragePath(): args["to"]})
		from, _ := args["from"].([]any)
		for _, one := range from {
			d.From = append(d.From, one.(string))
		}
		return d
	})
}

// roleMutations grants and withdraws a role of a record that exists.
func (b *builder) roleMutations(role *schema.Entity) {
	optional := &graphql.ArgumentConfig{Type: b.inputOf(role)}
	b.change(role, "grant"+typeName(role.Name), func(s *sight) bool { return s.grants(role, "") },
		"Makes a "+role.Base.Name+" also a "+role.Name+". One that was it before gets its number and data back.",
		graphql.FieldConfigArgument{"id": id, "ifVersion": ifVersion, "data": optional, "dryRun": dryRun},
		func(args map[string]any) record.Draft {
			d := draft(core.Updated, args, byStoragePath(role, args["data"]))
			d.Grant = role
			return d
		})
	b.change(role, "withdraw"+typeName(role.Name), func(s *sight) bool { return s.does(role, record.Withdrawn, "") },
		"Ends the role. The record, its other roles and the history stay.",
		graphql.FieldConfigArgument{"id": id, "ifVersion": ifVersion, "dryRun": dryRun},
		func(args map[string]any) record.Draft {
			d := draft(core.Updated, args, nil)
			d.Withdraw = role
			return d
		})
}

func draft(action core.Action, args map[string]any, set map[string]any) record.Draft {
	d := record.Draft{Action: action, Set: set}
	d.ID, _ = args["id"].(string)
	if version, ok := args["ifVersion"].(int); ok {
		// 0 would mean any version to the draft; no record has it, so it is out of date.
		if d.IfVersion = int64(version); version < 1 {
			d.IfVersion = -1
		}
	}
	return d
}

// uniqueField is the enum of the fields by which an upsert finds a record.
func (b *builder) uniqueField(e *schema.Entity) *graphql.Enum {
	fields, _ := declare(b, ofEntity(e), "UniqueField", func(name string) *graphql.Enum {
		values := graphql.EnumValueConfigMap{}
		for _, f := range e.UniqueFields() {
			values[f.Name] = &graphql.EnumValueConfig{Value: f, Description: f.Description.In("en")}
		}
		b.views.of(e, name, func(s *sight, _ *schema.Field, path string) bool { return s.asks(e, path) })
		return graphql.NewEnum(graphql.EnumConfig{Name: name, Description: "A field of which no two " + e.Plural + " have the same value.", Values: values})
	})
	return fields
}

// payload is the answer of a mutation: the record and what was done.
func (b *builder) payload(e *schema.Entity) *graphql.Object {
	o, isNew := b.object(ofEntity(e), "Payload", "What became of a "+e.Name+".")
	if isNew {
		o.AddFieldConfig(e.Name, &graphql.Field{Type: b.entity(e), Resolve: func(p graphql.ResolveParams) (any, error) {
			return seen(p.Source.(record.Result).Record), nil
		}})
		o.AddFieldConfig("outcome", &graphql.Field{Type: graphql.NewNonNull(outcome), Resolve: func(p graphql.ResolveParams) (any, error) { return p.Source.(record.Result).Done, nil }})
	}
	return o
}

// change adds a mutation of one record, for those who may do that to any.
func (b *builder) change(e *schema.Entity, name string, who condition, description string, args graphql.FieldConfigArgument, draft func(args map[string]any) record.Draft) {
	b.addMutation(ofEntity(e), name, who, &graphql.Field{Type: b.payload(e), Description: description, Args: withKey(args)})
	b.singles[name] = single{e, draft}
	b.resolve("Mutation", name, func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		d := draft(p.Args)
		var err error
		if d.Key, err = keyIn(name, p.Args); err != nil {
			return nil, []error{err}
		}
		result := b.session(ctx).Save(ctx, e, []record.Draft{d}, p.Args["dryRun"] == true)[0]
		if result.Err != nil {
			return nil, []error{b.told(ctx, e, result.Err)}
		}
		return []any{result}, nil
	})
}

// changes adds a mutation of many records, which answers for each of them.
func (b *builder) changes(e *schema.Entity, name string, who condition, description string, args graphql.FieldConfigArgument, draft func(args map[string]any, item any) record.Draft) {
	b.addMutation(ofEntity(e), name, who, &graphql.Field{Type: graphql.NewNonNull(graphql.NewList(b.payload(e))), Description: description, Args: withKey(args)})
	b.pageSizes[execution.FieldName{Type: "Mutation", Field: name}] = 1 // or as many as there are in data
	b.resolve("Mutation", name, func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		data, _ := p.Args["data"].([]any)
		if len(data) > b.MaxBatch {
			return nil, []error{invalidArgument("data", "page", fmt.Sprintf("must have at most %d items, not %d", b.MaxBatch, len(data)))}
		}
		key, err := keyIn(name, p.Args)
		drafts := make([]record.Draft, len(data))
		for i, item := range data {
			drafts[i] = draft(p.Args, item)
			if err == nil {
				drafts[i].Key, err = itemKey(name, p.Args, key, i, item)
			}
		}
		if err != nil {
			return nil, []error{err}
		}
		answers := make([]any, len(data))
		for i, result := range b.session(ctx).Save(ctx, e, drafts, p.Args["dryRun"] == true) {
			if answers[i] = any(result); result.Err != nil {
				answers[i] = b.told(ctx, e, result.Err)
			}
		}
		return []any{answers}, nil
	})
}
