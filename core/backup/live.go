package backup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/openxrm/xrm/core"
)

const (
	// few is how many records may still have to be read when the copy is brought to
	// its position; until then they are read anew without caring for one.
	few = 200

	// rounds bounds how often what was changed meanwhile is read anew without an end
	// in sight, and tries how often the copy is brought to a position at last.
	rounds = 20
	tries  = 20

	// chunk is how many records are read by their ids at once.
	chunk = 500
)

// live copies a database while it is written to. Everything is copied as it comes;
// then what was changed meanwhile is copied again, which is less each time; and the
// last few records are brought to what they were at one position.
type live struct {
	source Live
	drain  func(context.Context) error
	w      *writer

	seen   int64         // up to this position what was changed is in the copy
	copied map[key]int64 // versions of records that were copied more than once
}

// key is which record of the database.
type key struct{ entity, id string }

func newLive(source Live, drain func(context.Context) error, w *writer) *live {
	return &live{source: source, drain: drain, w: w, copied: map[key]int64{}}
}

func (l *live) write(ctx context.Context) (position int64, err error) {
	// First where the journal ends, then the records: whatever is newer than this is
	// looked for again.
	if l.seen, err = l.last(ctx); err != nil {
		return 0, err
	}
	if err := l.source.Items(ctx, core.RecordItem, l.w.item); err != nil {
		return 0, err
	}
	if err := l.catchUp(ctx); err != nil {
		return 0, err
	}
	// Deliveries before the position: what one that is acknowledged by now has
	// brought about is part of the copy. Of entries behind this point they are
	// written once more: told twice is no harm, not told is.
	told, err := l.last(ctx)
	if err != nil {
		return 0, err
	}
	if err := l.source.Items(ctx, core.DeliveryItem, l.w.item); err != nil {
		return 0, err
	}
	if err := l.catchUp(ctx); err != nil {
		return 0, err
	}
	rest, position, err := l.settle(ctx)
	if err != nil {
		return 0, err
	}
	var subscriptions []core.Subscription
	for _, i := range rest {
		if i.Subscription != nil {
			subscriptions = append(subscriptions, *i.Subscription)
		}
		if err := l.w.item(i); err != nil {
			return 0, err
		}
	}
	// Numbers after the position, or one of a record in the copy could be drawn again.
	if err := l.source.Items(ctx, core.CounterItem, l.w.item); err != nil {
		return 0, err
	}
	// Contents stay for longer than this lasts after the records of the copy have lost them.
	if err := l.source.Items(ctx, core.ContentItem, l.w.item); err != nil {
		return 0, err
	}
	err = between(ctx, l.source, told, position, func(e core.Entry) error { return l.w.owed(subscriptions, []core.Entry{e}) })
	if err != nil {
		return 0, err
	}
	return position, l.w.entries(ctx, l.source, position)
}

// last is the end of the journal.
func (l *live) last(ctx context.Context) (int64, error) {
	_, last, err := l.source.EntriesAfter(ctx, math.MaxInt64, 0)
	return last, err
}

// reached is the end of the journal after everything is moved that was committed
// before: what was copied until now is up to here. So is all of every batch that was
// decided before, though its process may have died.
func (l *live) reached(ctx context.Context) (int64, error) {
	if err := l.source.EndBatches(ctx); err != nil {
		return 0, err
	}
	if err := l.drain(ctx); err != nil {
		return 0, err
	}
	return l.last(ctx)
}

// changed are the records whose copies are older than a position, each with the
// last entry up to there.
func (l *live) changed(ctx context.Context, position int64) (map[key]core.Entry, error) {
	latest := map[key]core.Entry{}
	err := between(ctx, l.source, l.seen, position, func(e core.Entry) error {
		k := key{e.Entity, e.RecordID}
		if l.copied[k] < e.Version {
			latest[k] = core.Entry{Version: e.Version, At: e.At, Actor: e.Actor}
		}
		return nil
	})
	return latest, err
}

// catchUp copies again what was changed, until that is little or does not become
// less.
func (l *live) catchUp(ctx context.Context) error {
	for range rounds {
		position, err := l.reached(ctx)
		if err != nil {
			return err
		}
		changed, err := l.changed(ctx, position)
		if err != nil || len(changed) <= few {
			return err
		}
		err = l.latest(ctx, changed, func(k key, now core.Latest) error {
			l.copied[k] = now.Record.Version
			return l.w.item(core.Item{Record: now.Record})
		})
		if err != nil {
			return err
		}
		l.seen = position
	}
	return nil
}

// latest calls each for what these records are now.
func (l *live) latest(ctx context.Context, records map[key]core.Entry, each func(key, core.Latest) error) error {
	ids := map[string][]string{}
	for k := range records {
		ids[k.entity] = append(ids[k.entity], k.id)
	}
	for _, entity := range slices.Sorted(maps.Keys(ids)) {
		slices.Sort(ids[entity])
		for some := range slices.Chunk(ids[entity], chunk) {
			found, err := l.source.Latest(ctx, entity, some)
			if err != nil {
				return err
			}
			if len(found) != len(some) {
				return errors.New("records of " + entity + " are gone that the journal has; nothing in xrm removes any")
			}
			for _, now := range found {
				if err := each(key{entity, now.Record.ID}, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// settle finds the position of the backup, and what is to be copied of it yet: the
// records that were changed last, as they were there, and everything that has no
// place in the journal.
func (l *live) settle(ctx context.Context) (rest []core.Item, position int64, err error) {
	for range tries {
		before, err := l.beside(ctx)
		if err != nil {
			return nil, 0, err
		}
		ends, after, err := l.ends(ctx)
		if err != nil {
			return nil, 0, err
		}
		position, behind, err := l.whole(ctx, ends)
		if errors.Is(err, errHalf) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		records, err := l.at(ctx, position)
		if errors.Is(err, errErased) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		return append(withoutKeys(before.with(after), behind), records...), position, nil
	}
	return nil, 0, errors.New("what was changed meanwhile was erased, or changed while it was deleted, or part of batches that came one upon the other, each time it was looked at; try again when less is going on")
}

// at returns the records that were changed last as they were at a position.
func (l *live) at(ctx context.Context, position int64) ([]core.Item, error) {
	changed, err := l.changed(ctx, position)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	var items []core.Item
	var ahead []core.Latest
	err = l.latest(ctx, changed, func(k key, now core.Latest) error {
		switch version := changed[k].Version; {
		case now.Record.Version > version:
			ahead = append(ahead, now)
		case now.Record.Version == version:
			items = append(items, core.Item{Record: now.Record})
		default:
			return fmt.Errorf("%s %s is at version %d, and the journal at %d", k.entity, k.id, now.Record.Version, version)
		}
		return nil
	})
	if err != nil || len(ahead) == 0 {
		return items, err
	}
	// Read after the records: an entry that they do not have any more is here.
	newer, err := l.newer(ctx, position)
	if err != nil {
		return nil, err
	}
	for _, now := range ahead {
		k := key{now.Record.Entity, now.Record.ID}
		record, err := undo(now.Record, slices.Concat(newer[k], now.Pending), changed[k])
		if err != nil {
			return nil, err
		}
		items = append(items, core.Item{Record: record})
	}
	return items, nil
}

// newer are the entries behind a position. Where one of them was forgotten, the
// erasure is among them as well: it was there before, so it is there at the second look.
func (l *live) newer(ctx context.Context, position int64) (map[key][]core.Entry, error) {
	newer := map[key][]core.Entry{}
	for range 2 {
		last, err := l.last(ctx)
		if err != nil {
			return nil, err
		}
		err = between(ctx, l.source, position, last, func(e core.Entry) error {
			k := key{e.Entity, e.RecordID}
			newer[k] = append(newer[k], e)
			return nil
		})
		if err != nil {
			return nil, err
		}
		position = max(position, last)
	}
	return newer, nil
}
