package pluginhost

import (
	"cmp"
	"context"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

func (c *callbacks) Get(ctx context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	answer := &pluginpb.GetResponse{}
	answer.Error = c.records(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, _ *call, s Session, e *schema.Entity) error {
		found, err := s.Load(ctx, e, []string{r.GetId()}, nil)
		if err != nil {
			return err
		}
		if found[r.GetId()] == nil {
			return e.NoRecord(r.GetId())
		}
		answer.Record, err = encode(e, found[r.GetId()])
		return cmp.Or(err, room(ctx, answer))
	})
	return answer, nil
}

func (c *callbacks) Find(ctx context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	answer := &pluginpb.FindResponse{}
	answer.Error = c.records(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		q, err := contract.ReadSearch(one.on.Model, e, r, contract.MaxPage)
		if err == nil {
			answer.Records, answer.Next, err = page(ctx, s, e, q)
		}
		return cmp.Or(err, room(ctx, answer))
	})
	return answer, nil
}

// Each goes through pages that are small enough for any message. What a plugin
// does not read of them is let go of when the call ends.
func (c *callbacks) Each(r *pluginpb.FindRequest, stream grpc.ServerStreamingServer[pluginpb.FindResponse]) error {
	var broken error // of the stream
	refused := c.during(stream.Context(), r.GetContext(), c.opened(r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		goOn, err := c.traffic.stay()
		if err != nil {
			return err
		}
		defer goOn()
		left := int(r.GetLimit())
		held := budget.From(ctx)
		for began := held.Held(); ; held.Give(held.Held() - began) {
			r.Limit = pageOf(left)
			q, err := contract.ReadSearch(one.on.Model, e, r, contract.MaxPage)
			if err != nil {
				return err
			}
			answer := &pluginpb.FindResponse{}
			answer.Records, answer.Next, err = c.turn(ctx, one, s, e, q)
			if err = cmp.Or(err, room(ctx, answer)); err != nil {
				return err
			}
			if broken = send(ctx, stream, answer); broken != nil {
				return broken
			}
			r.After = answer.GetNext()
			if left -= len(answer.GetRecords()); r.GetAfter() == "" || left == 0 {
				return nil
			}
		}
	}))
	if refused == nil || broken != nil {
		return broken
	}
	return sendLast(stream, &pluginpb.FindResponse{Error: refused})
}

// sendLast is send for the word that ends a stream, which nobody may read.
func sendLast[T any](stream interface {
	Context() context.Context
	Send(*T) error
}, answer *T) error {
	ctx, cancel := context.WithTimeout(stream.Context(), time.Second)
	defer cancel()
	return send(ctx, stream, answer)
}

// pageOf is how many records a page of a stream has when so many are left to be
// read; 0 for all there are.
func pageOf(left int) int32 {
	const most = 200
	if left > 0 {
		return int32(min(left, most))
	}
	return most
}

// turn reads one page of many in its turn: whoever handles the one before may ask
// for more meanwhile.
func (c *callbacks) turn(ctx context.Context, one *call, s Session, e *schema.Entity, q contract.Search) (records []*pluginpb.Record, next string, err error) {
	leave, err := c.traffic.turn(ctx, &c.traffic.running[one.depth-1])
	if err != nil {
		return nil, "", err
	}
	defer leave()
	return page(ctx, s, e, q)
}

// send returns when a message is on its way or ctx is done: a stream itself
// waits for as long as nobody reads it. The stream is to end after an error.
func send[T any](ctx context.Context, stream interface{ Send(*T) error }, answer *T) error {
	sent := make(chan error, 1)
	go func() { sent <- stream.Send(answer) }()
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// page reads one page, and where the next begins.
func page(ctx context.Context, s Session, e *schema.Entity, q contract.Search) (records []*pluginpb.Record, next string, err error) {
	// One more tells whether there is another page.
	found, err := s.Find(ctx, e, core.Query{Filter: q.Filter, Search: q.Words, OrderBy: q.OrderBy, After: q.After, First: q.Limit + 1})
	if err != nil {
		return nil, "", err
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		next = q.Next(found[q.Limit-1].At)
	}
	records, err = encodeAll(e, found)
	return records, next, err
}

func (c *callbacks) Aggregate(ctx context.Context, r *pluginpb.AggregateRequest) (*pluginpb.AggregateResponse, error) {
	answer := &pluginpb.AggregateResponse{}
	answer.Error = c.records(ctx, r.GetContext(), r.GetEntity(), func(ctx context.Context, one *call, s Session, e *schema.Entity) error {
		filter, asked, err := contract.ReadGrouping(one.on.Model, e, r)
		if err != nil {
			return err
		}
		groups, err := s.Aggregate(ctx, e, core.Aggregate{Filter: filter, Grouping: asked})
		if err != nil {
			return err
		}
		for _, g := range groups {
			contract.InTypeOf(e, asked.Measures, g.Values)
			encoded := &pluginpb.Group{Count: g.Count}
			if encoded.Keys, err = encodeValues(g.Keys); err == nil {
				encoded.Values, err = encodeValues(g.Values)
			}
			if err != nil {
				return err
			}
			answer.Groups = append(answer.Groups, encoded)
		}
		return room(ctx, answer)
	})
	return answer, nil
}

func encodeValues(values []any) ([][]byte, error) {
	encoded := make([][]byte, len(values))
	for i, value := range values {
		var err error
		if encoded[i], err = pluginpb.EncodeAny(value); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}
