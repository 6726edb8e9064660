package plugintest

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c *callbacks) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	who, err := c.writer(r.GetContext(), "save a "+r.GetEntity())
	if err != nil {
		return &pluginpb.SaveResponse{Error: toWire(err)}, nil
	}
	w, err := c.wish(r)
	if err != nil {
		return &pluginpb.SaveResponse{Error: toWire(err)}, nil
	}
	saved, err := c.write(ctx, who, w)
	if err != nil {
		return &pluginpb.SaveResponse{Error: toWire(err)}, nil
	}
	return &pluginpb.SaveResponse{Record: saved.encode(w.entity)}, nil
}

func (c *callbacks) wish(r *pluginpb.SaveRequest) (write, error) {
	e, err := c.entityOf(r.GetContext(), r.GetEntity())
	if err != nil {
		return write{}, err
	}
	w := write{entity: e, id: r.GetId(), ifVersion: r.GetIfVersion(), add: r.GetAdd()}
	if w.patch, err = pluginpb.Decode(r.GetPatch()); err != nil {
		return w, &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("The plugin %s sent values that cannot be read.", c.description.GetName())}
	}
	if to := r.GetToState(); to != "" {
		if w.state = e.StateField(); w.state == nil || w.id == "" {
			return w, &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("No %s was moved to %q: that takes an entity with a field of type state, and an id.", e.Name, to)}
		}
		w.patch[w.state.Name], w.from = to, r.GetFromStates()
	}
	if len(r.GetGuard()) > 0 {
		guard, err := c.filter(e, r.GetGuard())
		if err != nil {
			return w, err
		}
		w.guard = &guard
	}
	if r.GetBy() != "" {
		w.by, err = uniqueField(e, r.GetBy())
	}
	return w, err
}

func (c *callbacks) Delete(ctx context.Context, r *pluginpb.DeleteRequest) (*pluginpb.DeleteResponse, error) {
	who, err := c.writer(r.GetContext(), "delete a "+r.GetEntity())
	if err != nil {
		return &pluginpb.DeleteResponse{Error: toWire(err)}, nil
	}
	e, err := c.entityOf(r.GetContext(), r.GetEntity())
	if err == nil {
		_, err = c.write(ctx, who, write{entity: e, id: r.GetId(), ifVersion: r.GetIfVersion(), remove: true})
	}
	return &pluginpb.DeleteResponse{Error: toWire(err)}, nil
}
