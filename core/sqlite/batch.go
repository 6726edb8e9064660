package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
)

// errRefused undoes a transaction of which single changes are refused.
var errRefused = errors.New("not all changes can be made")

// CommitAll makes all changes in one transaction, and keeps the key of the batch in it.
func (s *Store) CommitAll(ctx context.Context, b core.Batch) []error {
	errs := make([]error, len(b.Steps))
	writes := make([]write, len(b.Steps))
	refused := false
	for i, one := range b.Steps {
		t, err := s.table(one.Entity)
		if err == nil {
			writes[i], err = t.encodeChange(one.Change)
		}
		errs[i], refused = err, refused || err != nil
	}
	if refused {
		return errs
	}
	err := s.inTurn(ctx, fairqueue.Ask{Cost: len(writes)}, "save a batch", durable, func(ctx context.Context, c *conn) error {
		if err := c.keepKey(ctx, b); err != nil {
			return err
		}
		for i, w := range writes {
			t, err := s.table(b.Steps[i].Entity) // now that no other model can come in between
			if err == nil {
				err = s.holds(ctx, c, w.change)
			}
			if err == nil {
				err = t.write(ctx, c, w)
			}
			if core.CodeOf(err) == core.Conflict {
				errs[i], refused = err, true
			} else if err != nil {
				return err
			}
		}
		if refused {
			return errRefused
		}
		return nil
	})
	if err != nil && !errors.Is(err, errRefused) {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}

// keepKey keeps the key of a batch, unless another one had it.
func (c *conn) keepKey(ctx context.Context, b core.Batch) error {
	if b.Key == "" {
		return nil
	}
	version, err := c.stateVersion(ctx, core.BatchOwner, b.Key, core.AnyVersion)
	if err != nil {
		return err
	}
	if version != 0 {
		return core.BatchDone(b.Key)
	}
	now := time.Now()
	_, err = c.exec(ctx, "INSERT INTO plugin_state (plugin, key, version, expires, value) VALUES (?, ?, ?, ?, ?)",
		core.BatchOwner, b.Key, now.UnixMicro(), untilOf(now.Add(core.BatchKept)), append([]byte{}, b.Result...))
	return err
}

// EndBatch has nothing to do: a transaction is over when its process is.
func (s *Store) EndBatch(context.Context, string) error { return nil }
