package plugintest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// As says who causes what the test does from now on. Nobody causes events,
// jobs, timers and HTTP requests. Without it, it is an admin called tester.
func (h *Host) As(u sdk.User) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.user = &pluginpb.User{Id: u.ID, Name: u.Name, Roles: u.Roles, Party: u.Party}
}

// SetSecret gives the plugin a secret, as an admin would.
func (h *Host) SetSecret(name, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets[name] = value
}

// Call carries out a query or mutation of the plugin; one that it does not have
// ends the test. A record in the result is its id, a whole number an int64.
func (h *Host) Call(operation string, arguments map[string]any) (any, error) {
	h.t.Helper()
	return h.call(operation, arguments, "")
}

func (h *Host) call(operation string, arguments map[string]any, key string) (any, error) {
	h.t.Helper()
	o, encoded := h.operation(operation, arguments)
	id, end := h.begin(h.tester().user, o.GetKind() == pluginpb.Operation_MUTATION)
	defer end()
	id.IdempotencyKey = key
	answer, err := h.plugin.Call(h.t.Context(), &pluginpb.CallRequest{Context: id, Operation: operation, Arguments: encoded})
	if err == nil {
		err = h.refusal(answer.GetError(), contract.NotCarriedOut(operation))
	}
	if err != nil {
		return nil, err
	}
	return pluginpb.DecodeAny(answer.GetResult())
}

// Subscribe follows a subscription of the plugin until the loop over it ends;
// one that it does not have ends the test. Results are as in Call; an error is
// the last.
func (h *Host) Subscribe(operation string, arguments map[string]any) iter.Seq2[any, error] {
	h.t.Helper()
	_, encoded := h.operation(operation, arguments)
	return func(yield func(any, error) bool) {
		id, end := h.begin(h.tester().user, false)
		defer end()
		ctx, cancel := context.WithCancel(h.t.Context())
		defer cancel()
		stream, err := h.plugin.Subscribe(ctx, &pluginpb.SubscribeRequest{Context: id, Operation: operation, Arguments: encoded})
		for err == nil {
			var answer *pluginpb.SubscribeResponse
			if answer, err = stream.Recv(); err == nil {
				err = h.refusal(answer.GetError(), contract.NotGoneOn(operation))
			}
			var result any
			if err == nil {
				result, err = pluginpb.DecodeAny(answer.GetResult())
			}
			if err == nil && !yield(result, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
}

func (h *Host) operation(name string, arguments map[string]any) (o *pluginpb.Operation, encoded []byte) {
	h.t.Helper()
	h.needConfiguration()
	var known []string
	for _, o := range h.description.GetOperations() {
		known = append(known, o.GetName())
	}
	i := slices.Index(known, name)
	if i < 0 {
		h.t.Fatalf("the plugin has no operation %q%s", name, strictyaml.Suggest(name, known))
	}
	encoded, err := pluginpb.Encode(arguments)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.description.GetOperations()[i], encoded
}

// Resolve computes a field of the plugin for records that are stored, in one
// call; a field that it does not have ends the test. Values are as in Call.
func (h *Host) Resolve(entity, field string, parents ...*sdk.Record) ([]any, error) {
	h.t.Helper()
	h.needConfiguration()
	e := h.entity(entity)
	var known []string
	for _, f := range h.description.GetFields() {
		known = append(known, f.GetEntity()+"."+f.GetName())
	}
	name := entity + "." + field
	if !slices.Contains(known, name) {
		h.t.Fatalf("the plugin has no field %q%s", name, strictyaml.Suggest(name, known))
	}
	id, end := h.begin(h.tester().user, false)
	defer end()
	request := &pluginpb.ResolveRequest{Context: id, Entity: entity, Field: field}
	for _, parent := range parents {
		r := h.store.get(e, parent.ID)
		if r == nil {
			h.t.Fatalf("there is no %s %s", entity, parent.ID)
		}
		request.Parents = append(request.Parents, r.encode(e))
	}
	answer, err := h.plugin.Resolve(h.t.Context(), request)
	if err == nil {
		err = h.refusal(answer.GetError(), contract.NotComputed(name))
	}
	if err == nil && len(answer.GetValues()) != len(parents) {
		err = fmt.Errorf("the plugin gave %d values of %s for %d parents", len(answer.GetValues()), name, len(parents))
	}
	if err != nil {
		return nil, err
	}
	values := make([]any, len(parents))
	for i, value := range answer.GetValues() {
		if values[i], err = pluginpb.DecodeAny(value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Finds returns how often the plugin has asked for records with Find or Each:
// each page is a question.
func (h *Host) Finds() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.finds
}
