package sdk

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c caller) Create(ctx context.Context, r *Record) (*Record, error) {
	return c.save(ctx, Create(r))
}

func (c caller) Upsert(ctx context.Context, r *Record, by string) (*Record, error) {
	return c.save(ctx, Upsert(r, by))
}

func (c caller) Update(ctx context.Context, r *Record) (*Record, error) {
	return c.save(ctx, Update(r))
}

func (c caller) UpdateIf(ctx context.Context, entity, id string, guard Filter, change Change) (*Record, error) {
	return c.save(ctx, UpdateIf(entity, id, guard, change))
}

func (c caller) Transition(ctx context.Context, entity, id, to string, from ...string) (*Record, error) {
	return c.save(ctx, Transition(entity, id, to, from...))
}

func (c caller) Batch(ctx context.Context, b Batch) ([]*Record, error) {
	request := &pluginpb.BatchRequest{Context: c.context, Key: b.Key}
	for _, w := range b.Writes {
		if w.err != nil {
			return nil, w.err
		}
		request.Writes = append(request.Writes, w.request)
	}
	answer, err := c.host.Batch(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("save a batch at the host: %w", err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	return manyFromWire(answer.GetRecords())
}

func (c caller) Delete(ctx context.Context, entity, id string, ifVersion int64) error {
	answer, err := c.host.Delete(ctx, &pluginpb.DeleteRequest{Context: c.context, Entity: entity, Id: id, IfVersion: ifVersion})
	if err != nil {
		return fmt.Errorf("delete %s at the host: %w", entity, err)
	}
	return errorFromWire(answer.GetError())
}

func (c caller) save(ctx context.Context, w Write) (*Record, error) {
	if w.err != nil {
		return nil, w.err
	}
	w.request.Context = c.context
	answer, err := c.host.Save(ctx, w.request)
	if err != nil {
		return nil, fmt.Errorf("save %s at the host: %w", w.request.GetEntity(), err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	return fromWire(answer.GetRecord())
}
