package graphql

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

var idempotencyKey = &graphql.ArgumentConfig{
	Type:        graphql.String,
	Description: "Of all requests of yours with this key one is carried out, for a day: the others get its answer. A UUID for each request is a good one.",
}

// withKey adds the key to the arguments of a mutation.
func withKey(args graphql.FieldConfigArgument) graphql.FieldConfigArgument {
	all := graphql.FieldConfigArgument{schema.KeyArgument: idempotencyKey}
	maps.Copy(all, args)
	return all
}

// keyIn is the key of a mutation with these arguments. What is carried out is the field
// and all other arguments; what is selected of its answer does not matter. A dry run has
// no key, since it does nothing.
func keyIn(field string, args map[string]any) (record.Key, error) {
	name, given := args[schema.KeyArgument].(string)
	if !given || args["dryRun"] == true {
		return record.Key{}, nil
	}
	return record.NewKey(name, field, asking(args))
}

// withoutKey are the other arguments.
func withoutKey(args map[string]any) map[string]any {
	if _, given := args[schema.KeyArgument]; !given {
		return args
	}
	others := maps.Clone(args)
	delete(others, schema.KeyArgument)
	return others
}

// answerOnce carries out a mutation that is no single write, or gives the answer that it
// had with the same key. What is kept of an answer is its JSON. request is the same at each
// attempt of one request; "" without a key.
func answerOnce[T any](ctx context.Context, b *builder, field string, args map[string]any, do func(ctx context.Context, request string) (T, error)) (answer T, err error) {
	key, err := keyIn(field, args)
	if err != nil || key.Name == "" {
		if err == nil {
			answer, err = do(ctx, "")
		}
		return answer, err
	}
	kept, err := b.Once.Do(ctx, ActorFrom(ctx), key, func(ctx context.Context, request string) ([]byte, error) {
		answer, err := do(ctx, request)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	})
	if err == nil {
		err = json.Unmarshal(kept, &answer)
	}
	return answer, err
}

// seen is null for a record that was changed before, with the same key, and is not seen any
// more.
func seen(r *core.Record) any {
	if r == nil {
		return nil
	}
	return r
}

// asking are the arguments that say what is asked for, in a form that can be compared.
func asking(args map[string]any) map[string]any {
	all := map[string]any{}
	for name, value := range args {
		if by, isField := value.(*schema.Field); isField {
			value = by.Name
		}
		if name != schema.KeyArgument && name != "dryRun" {
			all[name] = value
		}
	}
	return all
}

// itemKey is the key of one item of a mutation of many: each gets in or is refused by
// itself, so each has a key.
func itemKey(field string, args map[string]any, whole record.Key, i int, item any) (record.Key, error) {
	if whole.Name == "" {
		return whole, nil
	}
	one := maps.Clone(args)
	one["data"] = item
	asked, err := record.Asked(field, asking(one))
	return record.Key{Name: fmt.Sprintf("%s [%d]", whole.Name, i), Asked: asked}, err
}
