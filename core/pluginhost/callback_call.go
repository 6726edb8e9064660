package pluginhost

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Call carries out an operation of another plugin, if this one was granted it and
// whoever acts may start it. It takes no turn from those who read records: the other
// plugin may be slow.
func (c *callbacks) Call(ctx context.Context, r *pluginpb.CallRequest) (*pluginpb.CallResponse, error) {
	answer := &pluginpb.CallResponse{}
	answer.Error = c.during(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		leave, err := c.traffic.turn(ctx, &c.traffic.calling[one.depth-1])
		if err != nil {
			return err
		}
		defer leave()
		op, err := c.callable(one, r)
		if err != nil {
			return err
		}
		actor, err := c.actor(one, r.GetContext().GetAsPlugin())
		if err != nil {
			return err
		}
		if !actor.IsPlugin() && !op.ForEverybody && !one.on.Policy.Starts(one.on.Model, actor, op.Name, op.Needs) {
			return op.NotAllowed()
		}
		arguments, err := contract.ReadArguments(op.Name, argumentsOf(op), r.GetArguments())
		if err != nil {
			return err
		}
		key, err := keyOf(op, arguments)
		if err != nil {
			return err
		}
		result, err := c.host.Call(ctx, one.on, actor, op, arguments, key)
		if err == nil {
			answer.Result, err = pluginpb.EncodeAny(result)
		}
		return cmp.Or(err, room(ctx, answer))
	})
	return answer, nil
}

// keyOf takes the idempotency key out of the arguments, which a mutation has beside its
// own.
func keyOf(op snapshot.Operation, arguments map[string]any) (record.Key, error) {
	name, given := arguments[schema.KeyArgument].(string)
	delete(arguments, schema.KeyArgument)
	if !given {
		return record.Key{}, nil
	}
	return record.NewKey(name, op.Name, arguments)
}

// callable is the operation that a plugin calls, if it may.
func (c *callbacks) callable(one *call, r *pluginpb.CallRequest) (snapshot.Operation, error) {
	name := r.GetOperation()
	if !slices.Contains(c.host.needs(c.plugin).Operations, name) {
		return snapshot.Operation{}, contract.Uncalled(c.plugin, name)
	}
	op, found := c.host.operation(name)
	switch {
	case !found:
		return op, &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("The operation %s is not there: no plugin offers it at the moment.", name)}
	case op.Subscription:
		return op, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("%s is a subscription, which no plugin can call.", name)}
	case op.Mutation:
		return op, c.mayWrite(one, "call "+name)
	}
	return op, nil
}

// argumentsOf are those of an operation with the one that every mutation has.
func argumentsOf(op snapshot.Operation) schema.Fields {
	if !op.Mutation {
		return op.Arguments
	}
	return append(slices.Clip(op.Arguments), &schema.Field{Name: schema.KeyArgument, Type: "text"})
}

// operation finds what any plugin offers under a name.
func (h *Host) operation(name string) (snapshot.Operation, bool) {
	entries, _ := h.board.look()
	for _, e := range entries {
		if e.contribution == nil {
			continue
		}
		for _, op := range e.contribution.Operations {
			if op.Name == name {
				return op, true
			}
		}
	}
	return snapshot.Operation{}, false
}
