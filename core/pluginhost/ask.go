package pluginhost

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

var _ snapshot.Contributor = (*Host)(nil)

// Call carries out a query or mutation for an actor and returns its result, in the
// canonical form and of the type that the operation has; nil for none. A nil
// argument is an explicit null. Of all calls with one key one is carried out that does
// not fail, and gives its answer to the others: the plugin is asked by one at a time.
func (h *Host) Call(ctx context.Context, on record.Basis, actor core.Actor, op snapshot.Operation, arguments map[string]any, key record.Key) (any, error) {
	if key.Name == "" {
		_, result, err := h.carryOut(ctx, on, actor, op, arguments, "")
		return result, err
	}
	answer, err := h.config.Once.Do(ctx, actor, key, func(ctx context.Context, id string) ([]byte, error) {
		answer, _, err := h.carryOut(ctx, on, actor, op, arguments, id)
		return answer, err
	})
	if err != nil {
		return nil, err
	}
	return checked(op.Result, answer)
}

// carryOut asks the plugin, and returns its answer as it came as well. id is the
// idempotency key that the plugin gets; "" for none.
func (h *Host) carryOut(ctx context.Context, on record.Basis, actor core.Actor, op snapshot.Operation, arguments map[string]any, id string) (answer []byte, result any, err error) {
	timeouts := h.Terms(op.Plugin).Timeouts
	timeout := timeouts.Query
	if op.Mutation {
		timeout = timeouts.Mutation
	}
	one := &call{plugin: op.Plugin, method: op.Name, actor: actor, on: on, mayWrite: op.Mutation, key: id}
	encoded, err := pluginpb.Encode(arguments)
	if err != nil {
		return nil, nil, fmt.Errorf("call %s: %w", op.Name, err)
	}
	err = h.ask(ctx, one, timeout, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		response, err := client.Call(ctx, &pluginpb.CallRequest{Context: id, Operation: op.Name, Arguments: encoded})
		if err != nil {
			return err
		}
		if response.GetError() != nil {
			return h.refusal(one, response.GetError(), contract.NotCarriedOut(op.Name))
		}
		answer = response.GetResult()
		if result, err = checked(op.Result, answer); err != nil {
			return h.nonsense(one, "answered %s with a result that does not fit: %w", op.Name, err)
		}
		return nil
	})
	return answer, result, err
}

// maxParents is how many parents go into one message.
const maxParents = 1000

// Resolve computes a field for many records, in one call unless they are very
// many. It returns one value for each parent, in order: in the canonical form
// and of the field's type, nil for none. The parents may be the same record
// more than once.
func (h *Host) Resolve(ctx context.Context, on record.Basis, actor core.Actor, field snapshot.ComputedField, parents []*core.Record) ([]any, error) {
	entity, err := on.Model.Find(field.Entity)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", field.Field.Name, err)
	}
	position := map[string]int{} // of the first record with this id
	var distinct []*core.Record
	for _, p := range parents {
		if _, seen := position[p.ID]; !seen {
			position[p.ID] = len(distinct)
			distinct = append(distinct, p)
		}
	}
	found := make([]any, 0, len(distinct))
	for len(found) < len(distinct) {
		some := distinct[len(found):min(len(distinct), len(found)+maxParents)]
		values, err := h.resolve(ctx, on, actor, field, entity, some)
		if err != nil {
			return nil, err
		}
		found = append(found, values...)
	}
	values := make([]any, len(parents))
	for i, p := range parents {
		values[i] = found[position[p.ID]]
	}
	return values, nil
}

func (h *Host) resolve(ctx context.Context, on record.Basis, actor core.Actor, field snapshot.ComputedField, entity *schema.Entity, parents []*core.Record) ([]any, error) {
	name := field.Entity + "." + field.Field.Name
	one := &call{plugin: field.Plugin, method: name, actor: actor, on: on}
	values := make([]any, len(parents))
	session := h.config.Open(core.PluginActor(field.Plugin), on)
	encoded := make([]*pluginpb.Record, len(parents))
	for i, p := range parents {
		var err error
		if encoded[i], err = encodeSeen(session, entity, p); err != nil {
			return nil, fmt.Errorf("resolve %s: %w", name, err)
		}
	}
	err := h.ask(ctx, one, h.Terms(field.Plugin).Timeouts.Query, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		answer, err := client.Resolve(ctx, &pluginpb.ResolveRequest{Context: id, Entity: field.Entity, Field: field.Field.Name, Parents: encoded})
		if err != nil {
			return err
		}
		if answer.GetError() != nil {
			return h.refusal(one, answer.GetError(), contract.NotComputed(name))
		}
		if n := len(answer.GetValues()); n != len(parents) {
			return h.nonsense(one, "gave %d values of %s for %d parents", n, name, len(parents))
		}
		for i, value := range answer.GetValues() {
			if values[i], err = checked(field.Field, value); err != nil {
				return h.nonsense(one, "gave a value of %s that does not fit: %w", name, err)
			}
		}
		return nil
	})
	return values, err
}

// checked reads a value of a declared type, by the rules that records obey. An
// empty list is no value to a record, but it is to the API.
func checked(f *schema.Field, encoded []byte) (any, error) {
	raw, err := pluginpb.DecodeAny(encoded)
	if err != nil {
		return nil, err
	}
	only := &schema.Entity{Name: f.Name, Fields: schema.Fields{f}}
	values, err := only.Check(map[string]any{f.Name: raw}, false, "")
	if err == nil {
		err = only.CheckLength(nil, values).Err()
	}
	if err != nil {
		return nil, err
	}
	if value := values[f.Name]; value != nil || f.Type != "list" {
		return value, nil
	}
	return []any{}, nil
}
