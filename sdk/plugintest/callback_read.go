package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// callbacks answers what the plugin asks of the host.
type callbacks struct {
	pluginpb.UnimplementedHostServer
	*Host
}

func (c *callbacks) Get(_ context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	e, err := c.entityOf(r.GetContext(), r.GetEntity())
	if err != nil {
		return &pluginpb.GetResponse{Error: toWire(err)}, nil
	}
	found := c.store.get(e, r.GetId())
	if found == nil {
		return &pluginpb.GetResponse{Error: toWire(notFound(e.Name, r.GetId()))}, nil
	}
	return &pluginpb.GetResponse{Record: found.encode(e)}, nil
}

// entityOf is what a callback asks about, if its call still runs.
func (c *callbacks) entityOf(id *pluginpb.CallContext, name string) (*schema.Entity, error) {
	one, err := c.within(id)
	if err == nil && (one.user == nil || id.GetAsPlugin()) && !c.asPlugin {
		name := c.description.GetName()
		err = &sdk.Error{Code: sdk.Forbidden, Message: fmt.Sprintf(
			"The plugin %s may not act for itself, as it wanted to. Under needs its plugin.yaml has to have asPlugin: true. Then approve it: xrm plugin approve %s.", name, name)}
	}
	if err != nil {
		return nil, err
	}
	e, err := c.model.Find(name)
	if err != nil {
		return nil, &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("The plugin asked for an entity that is not there: %v.", err)}
	}
	return e, nil
}

// maxPage is small, so that tests meet a second page.
const maxPage = 100

func (c *callbacks) Find(_ context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	e, found, err := c.find(r)
	if err != nil {
		return &pluginpb.FindResponse{Error: toWire(err)}, nil
	}
	if after := r.GetAfter(); after != "" {
		last := slices.IndexFunc(found, func(s *stored) bool { return s.id == after })
		if last < 0 {
			return &pluginpb.FindResponse{Error: toWire(&sdk.Error{Code: sdk.Invalid, Message: "The cursor is none of this query. Pass on what came with the page before."})}, nil
		}
		found = found[last+1:]
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
	answer.Records = encodeAll(e, found)
	return answer, nil
}

func (c *callbacks) Each(r *pluginpb.FindRequest, stream grpc.ServerStreamingServer[pluginpb.FindResponse]) error {
	e, found, err := c.find(r)
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

// find returns all records that a request selects, in its order.
func (c *callbacks) find(r *pluginpb.FindRequest) (*schema.Entity, []*stored, error) {
	e, err := c.entityOf(r.GetContext(), r.GetEntity())
	if err != nil {
		return nil, nil, err
	}
	filter, err := c.filter(e, r.GetFilter())
	if err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	c.finds++
	c.mu.Unlock()
	found := c.store.find(e, filter)
	for _, o := range slices.Backward(r.GetOrderBy()) {
		f := e.Field(o.GetField())
		if f == nil || !e.CanFilter(f) || f.Type == "list" || f.Type == "object" {
			return nil, nil, &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("%s cannot be sorted by %q: it must be a field with an index.", e.Plural, o.GetField())}
		}
		slices.SortStableFunc(found, func(a, b *stored) int {
			order := compare(f, schema.Lookup(a.withSystem(), f.StoragePath()), schema.Lookup(b.withSystem(), f.StoragePath()))
			if o.GetDescending() {
				return -order
			}
			return order
		})
	}
	return e, found, nil
}

// compare puts missing values first.
func compare(f *schema.Field, a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return f.Kind().Compare(a, b)
}

func (c *callbacks) Log(_ context.Context, r *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	c.t.Logf("plugin logs: %s %s", r.GetMessage(), json.RawMessage(r.GetAttributes()))
	return &pluginpb.LogResponse{}, nil
}
