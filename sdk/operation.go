package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Operation is a query, mutation or subscription that the plugin adds to the
// API. It is made by Query, Mutation or Stream.
type Operation struct {
	name   string
	doc    string
	kind   pluginpb.Operation_Kind
	entity string
	needs  []string
	open   bool
	in     reflect.Type
	out    reflect.Type
	run    func(ctx context.Context, host Host, arguments []byte, send func(any) error) error // sends once, unless it is a stream
}

// Mutation adds a mutation to the API. The fields of the struct In are its
// arguments, Out is its result; ID says how Go types appear in the API. A
// result *Record needs Returns.
func Mutation[In, Out any](name string, run func(ctx context.Context, host Host, in In) (Out, error)) Operation {
	return operation(name, pluginpb.Operation_MUTATION, once(run))
}

// Query adds a query to the API. It is made like a Mutation, but its Host
// refuses to write.
func Query[In, Out any](name string, run func(ctx context.Context, host Host, in In) (Out, error)) Operation {
	return operation(name, pluginpb.Operation_QUERY, once(run))
}

// Stream adds a subscription to the API. It is made like a Query, but sends
// results as they come until ctx ends: when the user goes, when the plugin is
// about to stop, or when the user may not follow any more. A return ends the
// subscription, with an error or for good. run is called for each user who
// subscribes, with a Host that is valid until it returns; send is not safe for
// concurrent use.
func Stream[In, Out any](name string, run func(ctx context.Context, host Host, in In, send func(Out) error) error) Operation {
	return operation(name, pluginpb.Operation_SUBSCRIPTION, run)
}

// Returns says of which entity the records in the result are.
func (o Operation) Returns(entity string) Operation {
	o.entity = entity
	return o
}

// Needs says what a user must be allowed to do to start the operation, all of
// it: "complaint.update", an entity or role and one of read, create, update,
// delete, grant and withdraw. Users whose roles name the operation may start it as
// well, and so may administrators. Without Needs nobody else may. It decides who
// starts the operation; what its Host does is held against their rights as ever.
func (o Operation) Needs(rights ...string) Operation {
	o.needs = slices.Concat(o.needs, rights)
	return o
}

// ForEverybody lets everybody start the operation who has a key, whatever the
// roles of the key.
func (o Operation) ForEverybody() Operation {
	o.open = true
	return o
}

// Doc describes the operation in the API.
func (o Operation) Doc(text string) Operation {
	o.doc = text
	return o
}

func operation[In, Out any](name string, kind pluginpb.Operation_Kind, run func(context.Context, Host, In, func(Out) error) error) Operation {
	o := Operation{name: name, kind: kind, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	if run == nil {
		return o
	}
	o.run = func(ctx context.Context, host Host, arguments []byte, send func(any) error) error {
		var in In
		if err := json.Unmarshal(arguments, &in); err != nil {
			return fmt.Errorf("read the arguments of %s: %w", name, err)
		}
		return run(ctx, host, in, func(out Out) error { return send(out) })
	}
	return o
}

// once is an operation with a single result.
func once[In, Out any](run func(context.Context, Host, In) (Out, error)) func(context.Context, Host, In, func(Out) error) error {
	if run == nil {
		return nil
	}
	return func(ctx context.Context, host Host, in In, send func(Out) error) error {
		out, err := run(ctx, host, in)
		if err != nil {
			return err
		}
		return send(out)
	}
}
