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

// atomic marks a mutation whose fields are saved together.
var atomic = graphql.NewDirective(graphql.DirectiveConfig{
	Name: "atomic",
	Description: "All fields of the mutation are saved, or none: what is wrong with each is told at its place. " +
		"It takes create, update, upsert and transition of one record, grant and withdraw of a role; of a record one, and at most 100.",
	Locations: []string{graphql.DirectiveLocationMutation},
	Args:      graphql.FieldConfigArgument{schema.KeyArgument: idempotencyKey},
})

// single is a mutation of one record.
type single struct {
	entity *schema.Entity
	draft  func(args map[string]any) record.Draft
}

// together saves the fields of a mutation that is atomic, by one batch.
func (b *builder) together(ctx context.Context, p execution.TogetherParams) (values []any, errs []error) {
	wishes, errs := b.wishes(p.Fields)
	values = make([]any, len(p.Fields))
	if refused(errs) {
		return values, errs
	}
	dryRun := p.Fields[0].Args["dryRun"] == true
	key, err := wholeKey(p, dryRun)
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return values, errs
	}
	results, _ := b.session(ctx).Batch(ctx, key, wishes, dryRun) // each result has its error
	for i, r := range results {
		if r.Err != nil {
			errs[i] = b.told(ctx, wishes[i].Entity, r.Err)
			continue
		}
		if r.Record.Version == 0 { // done before, and not seen any more
			r.Record = nil
		}
		values[i] = r
	}
	return values, errs
}

// wishes are what the fields ask for. What is none of a batch is told at each of its
// fields, and the others get the reason why they are not saved either.
func (b *builder) wishes(fields []execution.RootField) ([]record.Wish, []error) {
	wishes, errs := make([]record.Wish, len(fields)), make([]error, len(fields))
	for i, f := range fields {
		one, isSingle := b.singles[f.Name]
		if isSingle {
			wishes[i] = record.Wish{Entity: one.entity, Draft: one.draft(f.Args)}
		}
		_, hasKey := f.Args[schema.KeyArgument].(string)
		action := wishes[i].Action
		switch {
		case action != core.Created && action != core.Updated:
			errs[i] = &core.Error{Code: core.Invalid, Message: fmt.Sprintf(
				"Nothing was saved: %s cannot be part of a mutation @atomic, which takes create, update, upsert and transition of one record, grant and withdraw of a role. Send it by itself.", f.Name)}
		case hasKey:
			errs[i] = invalidArgument(schema.KeyArgument, "atomic", "belongs to the whole mutation: mutation @atomic("+schema.KeyArgument+": ...)")
		case (f.Args["dryRun"] == true) != (fields[0].Args["dryRun"] == true):
			errs[i] = invalidArgument("dryRun", "atomic", "must be the same in all fields of a mutation @atomic")
		}
	}
	if refused(errs) {
		for i := range errs {
			if errs[i] == nil {
				errs[i] = &core.Error{Code: core.Invalid, Message: "Nothing was saved, because another field of the mutation was refused."}
			}
		}
	}
	return wishes, errs
}

func refused(errs []error) bool {
	for _, err := range errs {
		if err != nil {
			return true
		}
	}
	return false
}

// wholeKey is the key of a mutation that is atomic: it is for all that its fields ask for.
func wholeKey(p execution.TogetherParams, dryRun bool) (record.Key, error) {
	args := map[string]any{schema.KeyArgument: p.Args[schema.KeyArgument], "dryRun": dryRun}
	var all []string
	for _, f := range p.Fields {
		one, err := record.Asked(f.Name, asking(f.Args))
		if err != nil {
			return record.Key{}, err
		}
		all = append(all, one)
	}
	args["fields"] = all
	return keyIn("@atomic", args)
}
