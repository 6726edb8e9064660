package plugintest

import (
	"context"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c *callbacks) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	saved, err := c.save(ctx, r)
	return &pluginpb.SaveResponse{Record: saved, Error: toWire(err)}, nil
}

func (c *callbacks) save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.Record, error) {
	e, err := c.asked(r.GetContext(), r.GetEntity())
	if err != nil {
		return nil, err
	}
	who, err := c.writer(r.GetContext(), "save a "+e.Name)
	if err != nil {
		return nil, err
	}
	wish, err := contract.ReadWish(c.model, e, c.description.GetName(), r)
	if err != nil {
		return nil, err
	}
	saved, err := c.write(ctx, who, write{entity: e, Wish: wish})
	if err != nil {
		return nil, err
	}
	return saved.encode(e), nil
}

func (c *callbacks) Delete(ctx context.Context, r *pluginpb.DeleteRequest) (*pluginpb.DeleteResponse, error) {
	return &pluginpb.DeleteResponse{Error: toWire(c.delete(ctx, r))}, nil
}

func (c *callbacks) delete(ctx context.Context, r *pluginpb.DeleteRequest) error {
	e, err := c.asked(r.GetContext(), r.GetEntity())
	if err != nil {
		return err
	}
	who, err := c.writer(r.GetContext(), "delete a "+e.Name)
	if err != nil {
		return err
	}
	_, err = c.write(ctx, who, write{entity: e, Wish: contract.Wish{ID: r.GetId(), IfVersion: r.GetIfVersion()}, remove: true})
	return err
}
