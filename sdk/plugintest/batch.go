package plugintest

import (
	"context"
	"errors"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// made is what is known of a batch that was made.
type made struct {
	asked string
	ids   []string
}

func (c *callbacks) Batch(ctx context.Context, r *pluginpb.BatchRequest) (*pluginpb.BatchResponse, error) {
	saved, err := c.batch(ctx, r)
	return &pluginpb.BatchResponse{Records: saved, Error: toWire(err)}, nil
}

func (c *callbacks) batch(ctx context.Context, r *pluginpb.BatchRequest) ([]*pluginpb.Record, error) {
	if err := c.entitled(r.GetContext()); err != nil {
		return nil, err
	}
	who, err := c.writer(r.GetContext(), "save a batch")
	if err != nil {
		return nil, err
	}
	writes := make([]write, len(r.GetWrites()))
	for i, w := range r.GetWrites() {
		e, err := contract.Entity(c.model, w.GetEntity())
		if err == nil {
			writes[i].entity = e
			writes[i].Wish, err = contract.ReadWish(c.model, e, c.description.GetName(), w)
		}
		if err != nil {
			return nil, inBatch(w, i, err)
		}
	}
	if err := schema.CheckBatch(r.GetKey(), len(writes)); err != nil {
		return nil, err
	}
	for {
		records, err := c.writeAll(ctx, who, r, writes)
		if errors.Is(err, errOvertaken) {
			continue
		}
		return records, err
	}
}

// writeAll makes the writes of a batch, unless its key was used before. It is
// errOvertaken when it is to be called again.
func (c *callbacks) writeAll(ctx context.Context, who author, r *pluginpb.BatchRequest, writes []write) ([]*pluginpb.Record, error) {
	asked := contract.Asked(r.GetWrites())
	if before, err := c.store.madeBefore(r.GetKey(), asked); err != nil || before != nil {
		return encodeEach(writes, before), err
	}
	records, swaps, places := make([]*stored, len(writes)), []swap{}, []int{}
	seen := map[string]int{}
	for i, w := range writes {
		one, err := c.judge(ctx, who, w)
		if err != nil {
			return nil, inBatch(r.GetWrites()[i], i, err)
		}
		if one.before != nil {
			if first, twice := seen[one.before.id]; twice {
				return nil, inBatch(r.GetWrites()[i], i, w.entity.Twice(one.before.id, first, i))
			}
			seen[one.before.id] = i
		}
		if records[i] = one.after; one.after.sameAs(one.before) {
			records[i] = one.before
			continue
		}
		swaps, places = append(swaps, one), append(places, i)
	}
	at, err := c.store.swapOnce(r.GetKey(), swaps, func() made {
		ids := make([]string, len(records))
		for i, r := range records {
			ids[i] = r.id
		}
		return made{asked, ids}
	})
	switch {
	case errors.Is(err, errOvertaken):
		return nil, err
	case err != nil && writes[places[at]].comesAgain(swaps[at], err):
		return nil, errOvertaken
	case err != nil:
		return nil, inBatch(r.GetWrites()[places[at]], places[at], err)
	}
	return encodeEach(writes, records), nil
}

func encodeEach(writes []write, records []*stored) []*pluginpb.Record {
	encoded := make([]*pluginpb.Record, len(records))
	for i, r := range records {
		encoded[i] = r.encode(writes[i].entity)
	}
	return encoded
}

// inBatch is the error of a batch of which a write, counted from 0, is refused: by the
// host, or by a rule of the plugin.
func inBatch(w *pluginpb.SaveRequest, at int, err error) error {
	var ours *sdk.Error
	if !errors.As(err, &ours) {
		return contract.InBatch(w, at, err)
	}
	told := *ours
	told.Message = schema.InBatch(w.GetEntity(), at, ours.Message)
	return &told
}

// madeBefore returns the records of a batch with this key as they are now, nil where
// there was none. asked is what the batch asks for.
func (s *store) madeBefore(key string, asked string) ([]*stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, known := s.kept[key]
	if key == "" || !known {
		return nil, nil
	}
	if before.asked != asked {
		return nil, schema.OtherRequest(key)
	}
	records := make([]*stored, len(before.ids))
	for i, id := range before.ids {
		records[i] = s.byID[id]
	}
	return records, nil
}

// swapOnce is swap, of a batch: what came of it is kept under its key.
func (s *store) swapOnce(key string, all []swap, made func() made) (at int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.kept[key]; known && key != "" {
		return 0, errOvertaken
	}
	if at, err := s.swapAll(all); err != nil {
		return at, err
	}
	if key != "" {
		s.kept[key] = made()
	}
	return 0, nil
}
