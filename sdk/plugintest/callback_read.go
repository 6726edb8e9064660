package plugintest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// callbacks answers what the plugin asks of the host.
type callbacks struct {
	pluginpb.UnimplementedHostServer
	*Host
}

func (c *callbacks) Get(_ context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	e, err := c.asked(r.GetContext(), r.GetEntity())
	if err != nil {
		return &pluginpb.GetResponse{Error: toWire(err)}, nil
	}
	found := c.store.get(e, r.GetId())
	if found == nil {
		return &pluginpb.GetResponse{Error: toWire(e.NoRecord(r.GetId()))}, nil
	}
	return &pluginpb.GetResponse{Record: found.encode(e)}, nil
}

// maxPage is small, so that tests meet a second page.
const maxPage = 100

func (c *callbacks) Find(_ context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	e, q, found, err := c.find(r)
	if err != nil {
		return &pluginpb.FindResponse{Error: toWire(err)}, nil
	}
	answer := &pluginpb.FindResponse{}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		answer.Next = q.Next(found[q.Limit-1].at)
	}
	answer.Records = encodeAll(e, found)
	return answer, nil
}

func (c *callbacks) Each(r *pluginpb.FindRequest, stream grpc.ServerStreamingServer[pluginpb.FindResponse]) error {
	e, _, found, err := c.find(r)
	if err != nil {
		return stream.Send(&pluginpb.FindResponse{Error: toWire(err)})
	}
	if n := int(r.GetLimit()); n > 0 {
		found = found[:min(n, len(found))]
	}
	for page := range slices.Chunk(found, maxPage) {
		if err := stream.Send(&pluginpb.FindResponse{Records: encodeAll(e, page)}); err != nil {
			return err
		}
	}
	return nil
}

func encodeAll(e *schema.Entity, records []*stored) []*pluginpb.Record {
	encoded := make([]*pluginpb.Record, len(records))
	for i, r := range records {
		encoded[i] = r.encode(e)
	}
	return encoded
}

// find returns all records that a request selects from its page on, in its order.
func (c *callbacks) find(r *pluginpb.FindRequest) (*schema.Entity, contract.Search, []*stored, error) {
	e, err := c.asked(r.GetContext(), r.GetEntity())
	if err != nil {
		return nil, contract.Search{}, nil, err
	}
	q, err := contract.ReadSearch(c.model, e, r, maxPage)
	if err != nil {
		return nil, q, nil, err
	}
	c.mu.Lock()
	c.finds++
	c.mu.Unlock()
	by := schema.StandardCollation()
	position := func(r *stored) []any { return schema.Position(q.OrderBy, r.at) }
	found := slices.DeleteFunc(c.store.find(e, q.Filter), func(r *stored) bool {
		return !e.Found(r.values, q.Words) || q.After != nil && schema.ComparePositions(by, q.OrderBy, position(r), q.After) <= 0
	})
	slices.SortFunc(found, func(a, b *stored) int { return schema.ComparePositions(by, q.OrderBy, position(a), position(b)) })
	return e, q, found, nil
}

func (c *callbacks) Log(_ context.Context, r *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	c.t.Logf("plugin logs: %s %s", r.GetMessage(), json.RawMessage(r.GetAttributes()))
	return &pluginpb.LogResponse{}, nil
}
