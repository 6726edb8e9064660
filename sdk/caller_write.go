package sdk

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c caller) Create(ctx context.Context, r *Record) (*Record, error) {
	created := *r
	created.ID, created.Version, created.received = "", 0, nil
	return c.store(ctx, &created, "")
}

func (c caller) Upsert(ctx context.Context, r *Record, by string) (*Record, error) {
	if by == "" {
		return nil, fmt.Errorf("upsert %s: say by which unique field the record is found", r.Entity)
	}
	upserted := *r
	upserted.ID, upserted.Version, upserted.received = "", 0, nil
	return c.store(ctx, &upserted, by)
}

func (c caller) Update(ctx context.Context, r *Record) (*Record, error) {
	if r.ID == "" {
		return nil, fmt.Errorf("update %s: the record has no id; use Create for a new one", r.Entity)
	}
	return c.store(ctx, r, "")
}

func (c caller) UpdateIf(ctx context.Context, entity, id string, guard Filter, change Change) (*Record, error) {
	request := &pluginpb.SaveRequest{Entity: entity, Id: id, Add: map[string]string{}}
	var err error
	if request.Guard, err = encodeFilter(guard); err == nil && change.Set != nil {
		request.Patch, err = pluginpb.Encode(change.Set)
	}
	if err != nil {
		return nil, fmt.Errorf("update %s: %w", entity, err)
	}
	for field, amount := range change.Add {
		request.Add[field] = string(amount)
	}
	return c.save(ctx, request)
}

func (c caller) Transition(ctx context.Context, entity, id, to string, from ...string) (*Record, error) {
	return c.save(ctx, &pluginpb.SaveRequest{Entity: entity, Id: id, ToState: to, FromStates: from})
}

func (c caller) Delete(ctx context.Context, entity, id string, ifVersion int64) error {
	answer, err := c.host.Delete(ctx, &pluginpb.DeleteRequest{Context: c.context, Entity: entity, Id: id, IfVersion: ifVersion})
	if err != nil {
		return fmt.Errorf("delete %s at the host: %w", entity, err)
	}
	return errorFromWire(answer.GetError())
}

// store saves what was changed in a record.
func (c caller) store(ctx context.Context, r *Record, by string) (*Record, error) {
	patch, err := r.patch()
	if err != nil {
		return nil, fmt.Errorf("save %s: %w", r.Entity, err)
	}
	return c.save(ctx, &pluginpb.SaveRequest{Entity: r.Entity, Id: r.ID, IfVersion: r.Version, Patch: patch, By: by})
}

func (c caller) save(ctx context.Context, request *pluginpb.SaveRequest) (*Record, error) {
	request.Context = c.context
	answer, err := c.host.Save(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("save %s at the host: %w", request.GetEntity(), err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	return fromWire(answer.GetRecord())
}
