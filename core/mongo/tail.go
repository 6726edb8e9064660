package mongo

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// tail is what a process remembers about the end of the journal.
type tail struct {
	mu   sync.Mutex
	last int64     // a position that there is; probably the last
	at   time.Time // when this process gave it; zero when it has only seen it
}

// fresh is how long a position that was given is relied on. A failover does not
// take it back; a backup that is restored while servers run would.
const fresh = time.Second

// mine returns the position that this process gave last, and whether that was
// a moment ago.
func (t *tail) mine() (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last, time.Since(t.at) < fresh
}

func (t *tail) gave(position int64) { t.set(position, time.Now()) }

func (t *tail) saw(position int64) { t.set(position, time.Time{}) }

func (t *tail) seen() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

func (t *tail) set(position int64, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.at = position, at
}

// last returns the last position, 0 for none. Since there are no gaps, it looks
// ahead from the one that it knows, twice as far each time: not every engine
// finds a greatest value by an index.
func (s *Store) last(ctx context.Context) (int64, error) {
	for from := s.tail.seen(); ; {
		found, err := s.ahead(ctx, from)
		switch {
		case err != nil:
			return 0, err
		case found == from:
			s.tail.saw(from)
			return from, nil
		case found < from: // the one that it knows is gone: somebody has restored a backup
			from = 0
		default:
			from = found
		}
	}
}

// ahead returns the greatest position that there is, among this one and some
// behind it; 0 for none.
func (s *Store) ahead(ctx context.Context, from int64) (int64, error) {
	asked := []int64{from}
	for distance := int64(1); distance <= 1<<30; distance *= 2 {
		asked = append(asked, from+distance)
	}
	cursor, err := s.kept().Find(ctx, bson.D{{Key: positionField, Value: bson.D{{Key: "$in", Value: asked}}}},
		options.Find().SetProjection(bson.D{{Key: idField, Value: 0}, {Key: positionField, Value: 1}}))
	if err != nil {
		return 0, err
	}
	var greatest int64
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		greatest = max(greatest, raw.Lookup(positionField).AsInt64())
		return struct{}{}, nil
	})
	return greatest, err
}
