package pluginhost

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
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

// mayWrite refuses a write in the middle of something that has no effects.
func (c *callbacks) mayWrite(one *call, what string) error {
	if one.mayWrite {
		return nil
	}
	return &core.Error{Code: core.Forbidden, Message: fmt.Sprintf("The plugin %s wanted to %s in the middle of a read or of another write. Queries, fields and rules have no effects.", c.plugin, what)}
}

// draft is what a plugin wants to save, in the core's terms.
func (c *callbacks) draft(m *schema.Model, e *schema.Entity, r *pluginpb.SaveRequest) (record.Draft, error) {
	d := record.Draft{Action: core.Created, ID: r.GetId(), IfVersion: r.GetIfVersion()}
	patch, err := pluginpb.Decode(r.GetPatch())
	if err != nil {
		return d, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The plugin %s sent values that cannot be read.", c.plugin), Cause: err}
	}
	d.Set = stored(e, patch)
	if d.ID != "" {
		d.Action = core.Updated
	}
	if to := r.GetToState(); to != "" {
		f := e.StateField()
		if f == nil || d.ID == "" {
			return d, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("No %s was moved to %q: that takes an entity with a field of type state, and an id.", e.Name, to)}
		}
		d.Set[f.StoragePath()], d.From = to, r.GetFromStates()
	}
	if by := r.GetBy(); by != "" {
		if d.By = e.Field(by); d.By == nil || !d.By.Unique || d.ID != "" {
			return d, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("A %s cannot be found by %q: it must be a unique field, and the record must have no id.", e.Name, by)}
		}
	}
	if len(r.GetAdd()) > 0 {
		d.Add = map[string]string{}
		for name, amount := range r.GetAdd() {
			if f := e.Field(name); f != nil {
				name = f.StoragePath()
			}
			d.Add[name] = amount
		}
	}
	if len(r.GetGuard()) > 0 {
		raw, err := pluginpb.Decode(r.GetGuard())
		if err != nil {
			return d, &core.Error{Code: core.Invalid, Message: "The guard cannot be read.", Cause: err}
		}
		guard, err := m.ParseGuard(e, raw)
		if err != nil {
			return d, invalid("The guard does not fit "+e.Plural+".", err)
		}
		d.Guard = &guard
	}
	return d, nil
}
