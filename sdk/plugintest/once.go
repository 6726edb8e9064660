package plugintest

import (
	"fmt"

	"reflect"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// request is a mutation with a key.
type request struct {
	id        string // that the plugin gets
	operation string
	arguments map[string]any
	done      bool
	answer    any
}

// CallOnce is Call with an idempotency key: who has called with it before, and was not
// refused, gets that answer, and the plugin is not asked again. Each user of As has keys
// of his own.
func (h *Host) CallOnce(key, operation string, arguments map[string]any) (any, error) {
	h.t.Helper()
	if o, _ := h.operation(operation, arguments); o.GetKind() != pluginpb.Operation_MUTATION {
		h.t.Fatalf("plugintest: %s is no mutation, and has no idempotency key; ask with Call", operation)
	}
	if err := schema.CheckKey(key); err != nil {
		return nil, shown(err)
	}
	whose := h.tester().user.GetId() + " " + key
	one := h.requests[whose]
	same := one.operation == operation && reflect.DeepEqual(one.arguments, arguments)
	switch {
	case one.done && !same:
		return nil, shown(schema.OtherRequest(key))
	case one.done:
		return one.answer, nil
	case !same:
		h.keys++
		one = request{id: fmt.Sprintf("request-%d", h.keys), operation: operation, arguments: arguments}
	}
	var err error
	one.answer, err = h.call(operation, arguments, one.id)
	one.done = err == nil
	h.requests[whose] = one
	return one.answer, err
}
