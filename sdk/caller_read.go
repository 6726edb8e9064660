package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c caller) Get(ctx context.Context, entity, id string) (*Record, error) {
	answer, err := c.host.Get(ctx, &pluginpb.GetRequest{Context: c.context, Entity: entity, Id: id})
	if err != nil {
		return nil, fmt.Errorf("get %s %s from the host: %w", entity, id, err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	return fromWire(answer.GetRecord())
}

func (c caller) Find(ctx context.Context, q Criteria) ([]*Record, error) {
	request, err := c.find(q)
	if err != nil {
		return nil, err
	}
	var found []*Record
	for {
		page, err := c.page(ctx, request, q.Limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, page.Records...)
		if request.After = page.Next; request.After == "" || q.Limit > 0 && len(found) >= q.Limit {
			return found, nil
		}
	}
}

func (c caller) FindPage(ctx context.Context, q Criteria) (Page, error) {
	request, err := c.find(q)
	if err != nil {
		return Page{}, err
	}
	return c.page(ctx, request, q.Limit)
}

// page asks for one page of at most so many records; 0 is as many as the host allows.
func (c caller) page(ctx context.Context, request *pluginpb.FindRequest, limit int) (Page, error) {
	request.Limit = int32(max(0, limit))
	answer, err := c.host.Find(ctx, request)
	if err != nil {
		return Page{}, fmt.Errorf("find %s at the host: %w", request.GetEntity(), err)
	}
	if answer.GetError() != nil {
		return Page{}, errorFromWire(answer.GetError())
	}
	records, err := manyFromWire(answer.GetRecords())
	return Page{Records: records, Next: answer.GetNext()}, err
}

// find is the question without its limit.
func (c caller) find(q Criteria) (*pluginpb.FindRequest, error) {
	filter, err := encodeFilter(q.Filter)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", q.Entity, err)
	}
	request := &pluginpb.FindRequest{Context: c.context, Entity: q.Entity, Filter: filter, Search: q.Search, After: q.After}
	for _, field := range q.OrderBy {
		name, descending := strings.CutPrefix(field, "-")
		request.OrderBy = append(request.OrderBy, &pluginpb.OrderBy{Field: name, Descending: descending})
	}
	return request, nil
}

// encodeFilter is empty for no filter.
func encodeFilter(f Filter) ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	return pluginpb.Encode(f)
}

func (c caller) Each(ctx context.Context, q Criteria) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the stream when the caller has seen enough
		request, err := c.find(q)
		if err != nil {
			yield(nil, err)
			return
		}
		request.Limit = int32(q.Limit)
		pages, err := c.host.Each(ctx, request)
		for err == nil {
			var page *pluginpb.FindResponse
			page, err = pages.Recv()
			if errors.Is(err, io.EOF) || err == nil && !yieldPage(page, yield) {
				return
			}
		}
		yield(nil, fmt.Errorf("read %s at the host: %w", q.Entity, err))
	}
}

// yieldPage says whether the caller wants another page, and there may be one.
func yieldPage(page *pluginpb.FindResponse, yield func(*Record, error) bool) bool {
	if page.GetError() != nil {
		yield(nil, errorFromWire(page.GetError()))
		return false
	}
	records, err := manyFromWire(page.GetRecords())
	if err != nil {
		yield(nil, err)
		return false
	}
	for _, r := range records {
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

func (c caller) Aggregate(ctx context.Context, q Aggregation) ([]Group, error) {
	filter, err := encodeFilter(q.Filter)
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", q.Entity, err)
	}
	request := &pluginpb.AggregateRequest{Context: c.context, Entity: q.Entity, Filter: filter, Items: q.Items, By: q.By}
	for _, m := range q.Measures {
		request.Measures = append(request.Measures, &pluginpb.Measure{Function: m.function, Field: m.field})
	}
	answer, err := c.host.Aggregate(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("aggregate %s at the host: %w", q.Entity, err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	groups := make([]Group, len(answer.GetGroups()))
	for i, g := range answer.GetGroups() {
		groups[i].Count = g.GetCount()
		if groups[i].Keys, err = decodeAll(g.GetKeys()); err == nil {
			groups[i].Values, err = decodeAll(g.GetValues())
		}
		if err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func decodeAll(encoded [][]byte) ([]any, error) {
	values := make([]any, len(encoded))
	for i, e := range encoded {
		var err error
		if values[i], err = pluginpb.DecodeAny(e); err != nil {
			return nil, err
		}
	}
	return values, nil
}
