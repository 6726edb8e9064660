package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// callbacks answers what the plugin asks of the host.
type callbacks struct {
	pluginpb.UnimplementedHostServer
	*Host
}

func (c *callbacks) Get(_ context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	e, err := c.model.Find(r.GetEntity())
	if err != nil {
		return &pluginpb.GetResponse{Error: toWire(err)}, nil
	}
	found := c.store.get(e, r.GetId())
	if found == nil {
		return &pluginpb.GetResponse{Error: toWire(notFound(e.Name, r.GetId()))}, nil
	}
	return &pluginpb.GetResponse{Record: found.encode(e)}, nil
}

// maxPage is small, so that tests meet a second page.
const maxPage = 100

func (c *callbacks) Find(_ context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	e, err := c.model.Find(r.GetEntity())
	if err != nil {
		return &pluginpb.FindResponse{Error: toWire(err)}, nil
	}
	raw, err := pluginpb.Decode(r.GetFilter())
	if err != nil {
		return &pluginpb.FindResponse{Error: toWire(err)}, nil
	}
	filter, err := c.model.ParseFilter(e, raw, false)
	if err != nil {
		return &pluginpb.FindResponse{Error: toWire(invalid("The filter does not fit "+e.Plural+".", err))}, nil
	}
	found := c.store.find(e, filter)
	for _, o := range slices.Backward(r.GetOrderBy()) {
		f := e.Field(o.GetField())
		if f == nil {
			return &pluginpb.FindResponse{Error: toWire(invalid(fmt.Sprintf("%s cannot be sorted by %q.", e.Plural, o.GetField()), nil))}, nil
		}
		slices.SortStableFunc(found, func(a, b *stored) int {
			order := f.Kind().Compare(schema.Lookup(a.withID(), f.StoragePath()), schema.Lookup(b.withID(), f.StoragePath()))
			if o.GetDescending() {
				return -order
			}
			return order
		})
	}
	if after := r.GetAfter(); after != "" {
		found = found[slices.IndexFunc(found, func(s *stored) bool { return s.id == after })+1:]
	}
	answer := &pluginpb.FindResponse{}
	wanted := maxPage
	if n := int(r.GetLimit()); n > 0 {
		wanted = min(n, maxPage)
	}
	if len(found) > wanted {
		found = found[:wanted]
		answer.Next = found[wanted-1].id
	}
	for _, s := range found {
		answer.Records = append(answer.Records, s.encode(e))
	}
	return answer, nil
}

func (c *callbacks) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	if r.GetContext().GetToken() != mutation {
		return &pluginpb.SaveResponse{Error: toWire(&sdk.Error{Code: sdk.Forbidden, Message: fmt.Sprintf("The plugin wanted to save a %s in the middle of a read or of another write. Only its mutations may save.", r.GetEntity())})}, nil
	}
	e, err := c.model.Find(r.GetEntity())
	if err != nil {
		return &pluginpb.SaveResponse{Error: toWire(err)}, nil
	}
	patch, err := pluginpb.Decode(r.GetPatch())
	if err != nil {
		return &pluginpb.SaveResponse{Error: toWire(err)}, nil
	}
	saved, err := c.save(ctx, e, r.GetId(), r.GetIfVersion(), patch)
	if err != nil {
		return &pluginpb.SaveResponse{Error: toWire(err)}, nil
	}
	return &pluginpb.SaveResponse{Record: saved.encode(e)}, nil
}

func (c *callbacks) Log(_ context.Context, r *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	c.t.Logf("plugin logs: %s %s", r.GetMessage(), json.RawMessage(r.GetAttributes()))
	return &pluginpb.LogResponse{}, nil
}

// save is put with the plugin's rule for the entity, if it has one.
func (h *Host) save(ctx context.Context, e *schema.Entity, id string, ifVersion int64, patch map[string]any) (*stored, error) {
	return h.store.put(e, id, ifVersion, patch, func(after *stored) error {
		for _, name := range h.rules {
			view := h.model.Entity(name)
			if view == nil || view.Stored() != e.Stored() || !view.HasRole().Match(after.values) {
				continue
			}
			answer, err := h.plugin.BeforeSave(ctx, &pluginpb.BeforeSaveRequest{Context: during(reading), Changes: []*pluginpb.Change{
				{Before: h.store.get(view, id).encode(view), After: after.encode(view)},
			}})
			if err != nil {
				return fmt.Errorf("ask the plugin about a %s: %w", view.Name, err)
			}
			verdict := answer.GetVerdicts()[0]
			if e := verdict.GetError(); e.GetCode() == sdk.Invalid && e.GetMessage() == "" {
				e.Message = notSaved(view)
			}
			if err := h.refusal(verdict.GetError()); err != nil {
				return err
			}
			changes, err := pluginpb.Decode(verdict.GetPatch())
			if err != nil {
				return err
			}
			after.set(view, changes)
		}
		return nil
	})
}
