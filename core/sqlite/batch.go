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
	errs := make([]error, max(1, len(b.Steps)))
	writes := make([]write, len(b.Steps))
	for i, one := range b.Steps {
		t, err := s.table(one.Entity)
		if err == nil {
			writes[i], err = t.encodeChange(one.Change)
		}
		errs[i] = err
	}
	if errors.Join(errs...) != nil {
		return errs
	}
	err := s.inTurn(ctx, fairqueue.Ask{Cost: len(writes)}, "save a batch", durable, func(ctx context.Context, c *conn) error {
		return s.writeAll(ctx, c, b, writes, errs)
	})
	if err != nil && !errors.Is(err, errRefused) {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}

// writeAll writes the steps of a batch. It returns errRefused when some of them are, and
// errs says which and why.
func (s *Store) writeAll(ctx context.Context, c *conn, b core.Batch, writes []write, errs []error) error {
	if err := c.unused(ctx, b.Once); err != nil {
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
		if err != nil && core.CodeOf(err) != core.Conflict {
			return err
		}
		errs[i] = err
	}
	if errors.Join(errs...) != nil {
		return errRefused
	}
	return c.keepKey(ctx, b.Once)
}

// unused refuses a key that another change had.
func (c *conn) unused(ctx context.Context, once core.Once) error {
	if once.Key == "" {
		return nil
	}
	version, err := c.stateVersion(ctx, core.OnceOwner, once.Key, core.AnyVersion)
	if err == nil && version != 0 {
		err = core.DoneBefore(once.Key)
	}
	return err
}

// keepKey keeps a key that is not used, in the transaction of what has it.
func (c *conn) keepKey(ctx context.Context, once core.Once) error {
	if once.Key == "" {
		return nil
	}
	now := time.Now()
	_, err := c.exec(ctx, "INSERT OR REPLACE INTO plugin_state (plugin, key, version, expires, value) VALUES (?, ?, ?, ?, ?)",
		core.OnceOwner, once.Key, now.UnixMicro(), untilOf(now.Add(once.Keep)), append([]byte{}, once.Result...))
	return err
}

// EndBatch has nothing to do: a transaction is over when its process is.
func (s *Store) EndBatch(context.Context, string) error { return nil }
