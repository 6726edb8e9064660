package pluginhost

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// callbacks serves one plugin what it asks of the host. It does nothing
// outside of a running call, and everything with the rights of the actor who
// caused that call.
type callbacks struct {
	pluginpb.UnimplementedHostServer
	host   *Host
	plugin string
}

func (h *Host) callbacks(plugin string) func([]grpc.ServerOption) *grpc.Server {
	return func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(pluginpb.MaxMessage))...)
		pluginpb.RegisterHostServer(s, &callbacks{host: h, plugin: plugin})
		return s
	}
}

// within does something as part of the call that a token proves, no longer
// than that call and its callback last. The error is for the plugin.
func (c *callbacks) within(ctx context.Context, id *pluginpb.CallContext, entity string, do func(context.Context, *call, Session, *schema.Entity) error) *pluginpb.Error {
	one := c.host.calls.find(c.plugin, id.GetToken())
	if one == nil {
		return &pluginpb.Error{Code: string(core.Forbidden), Message: "The call that this belongs to has ended. Ask the host only while a handler runs, with the context that came with it."}
	}
	e, err := one.model.Find(entity)
	if err != nil {
		return &pluginpb.Error{Code: string(core.Invalid), Message: fmt.Sprintf("The plugin asked for an entity that is not there: %v.", err)}
	}
	joined, cancel := context.WithCancel(one.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if err = do(joined, one, c.host.config.Open(one.actor, one.model), e); err == nil {
		return nil
	}
	if core.CodeOf(err) == core.Internal && joined.Err() == nil {
		c.host.config.Log.Error("callback of plugin failed", "plugin", c.plugin, "call", one.id, "error", err)
	}
	return toWire(err)
}

func (c *callbacks) Get(ctx context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	answer := &pluginpb.GetResponse{}
	answer.Error = c.within(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, _ *call, s Session, e *schema.Entity) error {
		found, err := s.Find(ctx, e, core.Query{Filter: record.ByIDs([]string{r.GetId()}), First: 1})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &core.Error{Code: core.NotFound, Message: fmt.Sprintf("There is no %s with the id %s, or you may not see it.", e.Name, r.GetId())}
		}
		answer.Record, err = encode(e, found[0])
		return err
	})
	return answer, nil
}

func (c *callbacks) Find(ctx context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	answer := &pluginpb.FindResponse{}
	answer.Error = c.within(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		q, err := query(one.model, e, r)
		if err != nil {
			return err
		}
		wanted := q.First
		q.First++ // one more tells whether there is another page
		found, err := s.Find(ctx, e, q)
		if err != nil {
			return err
		}
		if len(found) > wanted {
			found = found[:wanted]
			if answer.Next, err = cursor(q.OrderBy, found[wanted-1]); err != nil {
				return err
			}
		}
		answer.Records, err = encodeAll(e, found)
		return err
	})
	return answer, nil
}

func (c *callbacks) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	answer := &pluginpb.SaveResponse{}
	answer.Error = c.within(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		if !one.mayWrite {
			return &core.Error{Code: core.Forbidden, Message: fmt.Sprintf("The plugin %s wanted to save a %s in the middle of a read or of another write. Only its mutations may save.", c.plugin, e.Name)}
		}
		patch, err := pluginpb.Decode(r.GetPatch())
		if err != nil {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The plugin %s sent values that cannot be read.", c.plugin), Cause: err}
		}
		draft := record.Draft{Action: core.Created, ID: r.GetId(), IfVersion: r.GetIfVersion(), Set: stored(e, patch)}
		if draft.ID != "" {
			draft.Action = core.Updated
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

// Log also works outside of a call.
func (c *callbacks) Log(ctx context.Context, r *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	attributes := []any{"plugin", c.plugin}
	if id := r.GetContext().GetCallId(); id != "" {
		attributes = append(attributes, "call", cut(id, 40))
	}
	if len(r.GetAttributes()) > 0 && json.Valid(r.GetAttributes()) {
		attributes = append(attributes, "attributes", json.RawMessage(r.GetAttributes()))
	}
	c.host.config.Log.Log(ctx, slog.Level(r.GetLevel()), cut(r.GetMessage(), maxLine), attributes...)
	return &pluginpb.LogResponse{}, nil
}
