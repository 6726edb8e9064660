package plugintest

import (
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Offer has answer stand for an operation of another plugin, which the plugin under
// test calls by this name. An *sdk.Error is its refusal; a record in the result is its
// ID. The manifest beside the test has to have the operation, as on a server.
func (h *Host) Offer(operation string, answer func(arguments map[string]any) (any, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.others[operation] = answer
}

func (c *callbacks) Call(_ context.Context, r *pluginpb.CallRequest) (*pluginpb.CallResponse, error) {
	result, err := c.other(r)
	if err != nil {
		return &pluginpb.CallResponse{Error: toWire(err)}, nil
	}
	return &pluginpb.CallResponse{Result: result}, nil
}

func (c *callbacks) other(r *pluginpb.CallRequest) (result []byte, err error) {
	if _, err := c.within(r.GetContext()); err != nil {
		return nil, err
	}
	name := r.GetOperation()
	if c.callable != nil && !slices.Contains(c.callable, name) {
		return nil, contract.Uncalled(c.description.GetName(), name)
	}
	if err := c.entitled(r.GetContext()); err != nil {
		return nil, err
	}
	c.mu.Lock()
	answer := c.others[name]
	c.mu.Unlock()
	if answer == nil {
		return nil, &sdk.Error{Code: sdk.CodeUnavailable, Message: fmt.Sprintf("The operation %s is not there: the test has no Offer of it.", name)}
	}
	arguments, err := pluginpb.Decode(r.GetArguments())
	if err != nil {
		return nil, err
	}
	given, err := answer(arguments)
	if err != nil {
		return nil, err
	}
	return pluginpb.EncodeAny(given)
}
