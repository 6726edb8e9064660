package mongo

import (
	"context"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// broadcasts is what a process remembers about them.
type broadcasts struct {
	mu    sync.Mutex // one of a process at a time, so that only processes outrun each other
	last  tail
	swept time.Time
}

// sweepEvery is how often a process removes what is over.
const sweepEvery = 10 * time.Second

func (s *Store) broadcasts() collection { return s.in(broadcastsCollection) }

// Broadcast stores a broadcast at the next position, for a minute. The position is the
// id, so of two that want the same one the server refuses one, and n+1 is never there
// before n.
func (s *Store) Broadcast(ctx context.Context, b core.Broadcast) error {
	if err := b.Check(); err != nil {
		return err
	}
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	for attempt := 1; ; attempt++ {
		began := time.Now()
		last, sure := s.said.last.mine()
		var err error
		if !sure || attempt > 1 {
			last, err = s.LastBroadcast(ctx)
		}
		if err != nil {
			return err
		}
		_, err = s.broadcasts().InsertOne(ctx, bson.D{
			{Key: idField, Value: last + 1}, {Key: "plugin", Value: b.Plugin}, {Key: "topic", Value: b.Topic}, {Key: "at", Value: time.Now()}, {Key: "value", Value: b.Value},
		})
		late := time.Since(began) > core.BroadcastTime/2 // and may have taken a position that was swept
		if err == nil && !late {
			s.said.last.gave(last + 1)
			s.sweep(ctx, last+1)
			return nil
		}
		if attempt == attempts || err != nil && !outrun(err) {
			return s.writeFailed("broadcast", err)
		}
		if err := makeWay(ctx, attempt); err != nil {
			return s.failed("broadcast", err)
		}
	}
}

// sweep removes what is over, now and then. What it leaves the next one removes.
func (s *Store) sweep(ctx context.Context, last int64) {
	now := time.Now()
	if now.Sub(s.said.swept) < sweepEvery && last%(core.MaxBroadcasts/4) != 0 {
		return
	}
	s.said.swept = now
	_, _ = s.broadcasts().DeleteMany(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$lt", Value: last}}}, {Key: "$or", Value: bson.A{
		bson.D{{Key: idField, Value: bson.D{{Key: "$lte", Value: last - core.MaxBroadcasts}}}},
		bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: now.Add(-core.BroadcastTime)}}}},
	}}})
}

// BroadcastsAfter returns what the store still has behind a position, in the order of
// the positions and at most limit of them.
func (s *Store) BroadcastsAfter(ctx context.Context, position int64, limit int) ([]core.Broadcast, error) {
	return s.findBroadcasts(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$gt", Value: position}}}},
		options.Find().SetSort(bson.D{{Key: idField, Value: 1}}).SetLimit(int64(limit)))
}

// LastBroadcast returns the position of the latest broadcast; 0 before the first.
func (s *Store) LastBroadcast(ctx context.Context) (int64, error) {
	latest, err := s.findBroadcasts(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: idField, Value: -1}}).SetLimit(1))
	if err != nil || len(latest) == 0 {
		return 0, err
	}
	return latest[0].Position, nil
}

func (s *Store) findBroadcasts(ctx context.Context, filter bson.D, opts *options.FindOptionsBuilder) ([]core.Broadcast, error) {
	cursor, err := s.majority(broadcastsCollection).Find(ctx, filter, opts)
	if err != nil {
		return nil, s.failed("read what was broadcast", err)
	}
	list, err := all(ctx, cursor, func(raw bson.Raw) (core.Broadcast, error) {
		var d struct {
			Position      int64 `bson:"_id"`
			Plugin, Topic string
			Value         []byte
		}
		err := bson.Unmarshal(raw, &d)
		return core.Broadcast{Position: d.Position, Plugin: d.Plugin, Topic: d.Topic, Value: d.Value}, err
	})
	return list, s.failed("read what was broadcast", err)
}
