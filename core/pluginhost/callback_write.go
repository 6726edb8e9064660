package pluginhost

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c *callbacks) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	answer := &pluginpb.SaveResponse{}
	answer.Error = c.records(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		if err := c.mayWrite(one, "save a "+e.Name); err != nil {
			return err
		}
		draft, err := c.draft(one.on.Model, e, r)
		if err != nil {
			return err
		}
		result := s.Save(ctx, e, []record.Draft{draft}, false)[0]
		if result.Err != nil {
			return result.Err
		}
		answer.Record, err = encode(e, result.Record)
		return err
	})
	return answer, nil
}

func (c *callbacks) Delete(ctx context.Context, r *pluginpb.DeleteRequest) (*pluginpb.DeleteResponse, error) {
	answer := &pluginpb.DeleteResponse{}
	answer.Error = c.records(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		if err := c.mayWrite(one, "delete a "+e.Name); err != nil {
			return err
		}
		return s.Save(ctx, e, []record.Draft{{Action: core.Deleted, ID: r.GetId(), IfVersion: r.GetIfVersion()}}, false)[0].Err
	})
	return answer, nil
}

func (c *callbacks) Batch(ctx context.Context, r *pluginpb.BatchRequest) (*pluginpb.BatchResponse, error) {
	answer := &pluginpb.BatchResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		actor, err := c.actor(one, r.GetContext().GetAsPlugin())
		if err == nil {
			err = c.mayWrite(one, "save a batch")
		}
		if err != nil {
			return err
		}
		wishes := make([]record.Wish, len(r.GetWrites()))
		for i, w := range r.GetWrites() {
			e, err := contract.Entity(one.on.Model, w.GetEntity())
			if err == nil {
				wishes[i].Entity = e
				wishes[i].Draft, err = c.draft(one.on.Model, e, w)
			}
			if err != nil {
				return contract.InBatch(w, i, err)
			}
		}
		results, err := c.host.config.Open(actor, one.on).Batch(ctx, record.Key{Name: r.GetKey(), Asked: contract.Asked(r.GetWrites()), Keep: core.BatchKept}, wishes, false)
		if err != nil {
			return err
		}
		for i, result := range results {
			saved, err := encode(wishes[i].Entity, result.Record)
			if err != nil {
				return err
			}
			answer.Records = append(answer.Records, saved)
		}
		return nil
	})
	if answer.Error != nil {
		answer.Records = nil
	}
	return answer, nil
}

// mayWrite refuses a write in the middle of something that has no effects.
func (c *callbacks) mayWrite(one *call, what string) error {
	if one.mayWrite {
		return nil
	}
	return contract.Effect(c.plugin, what)
}

// draft is what a plugin wants to save, in the core's terms.
func (c *callbacks) draft(m *schema.Model, e *schema.Entity, r *pluginpb.SaveRequest) (record.Draft, error) {
	w, err := contract.ReadWish(m, e, c.plugin, r)
	d := record.Draft{Action: core.Created, ID: w.ID, By: w.By, IfVersion: w.IfVersion, Set: w.Set, Add: w.Add, Guard: w.Guard, From: w.From}
	if d.ID != "" {
		d.Action = core.Updated
	}
	return d, err
}
