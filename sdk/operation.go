package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Operation is a query or mutation that the plugin adds to the API. It is
// made by Query or Mutation.
type Operation struct {
	name   string
	doc    string
	kind   pluginpb.Operation_Kind
	entity string
	in     reflect.Type
	out    reflect.Type
	call   func(ctx context.Context, host Host, arguments []byte) (any, error)
}

// Mutation adds a mutation to the API. The fields of the struct In are its
// arguments, Out is its result; ID says how Go types appear in the API. A
// result *Record needs Returns.
func Mutation[In, Out any](name string, run func(ctx context.Context, host Host, in In) (Out, error)) Operation {
	return operation(name, pluginpb.Operation_MUTATION, run)
}

// Query adds a query to the API. It is made like a Mutation, but its Host
// refuses to write.
func Query[In, Out any](name string, run func(ctx context.Context, host Host, in In) (Out, error)) Operation {
	return operation(name, pluginpb.Operation_QUERY, run)
}

// Returns says of which entity the records in the result are.
func (o Operation) Returns(entity string) Operation {
	o.entity = entity
	return o
}

// Doc describes the operation in the API.
func (o Operation) Doc(text string) Operation {
	o.doc = text
	return o
}

func operation[In, Out any](name string, kind pluginpb.Operation_Kind, run func(context.Context, Host, In) (Out, error)) Operation {
	o := Operation{name: name, kind: kind, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	if run == nil {
		return o
	}
	o.call = func(ctx context.Context, host Host, arguments []byte) (any, error) {
		var in In
		if err := json.Unmarshal(arguments, &in); err != nil {
			return nil, fmt.Errorf("read the arguments of %s: %w", name, err)
		}
		return run(ctx, host, in)
	}
	return o
}
