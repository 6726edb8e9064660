package once

import (
	"context"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// maxKeeps bounds how often an answer is tried to be kept.
const maxKeeps = 5

// conclude keeps the answer of work that is done, and gives it. A database that is away for
// a moment is asked again, since the work would be done once more. Whoever was stalled for
// so long that another one has gone ahead gives the answer of that one.
func (d *Desk) conclude(ctx context.Context, name string, key record.Key, done request, version int64) ([]byte, error) {
	done.Done = true
	kept := done
	if len(kept.Answer) > core.MaxStateValue/2 { // it is written as text
		kept.Answer, kept.Long = nil, true
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.Multiplier, pauses.MaxInterval = firstLook, 4, longestLook
	_, err := backoff.Retry(ctx, func() (int64, error) {
		version, err := d.keep(ctx, name, kept, version)
		if core.CodeOf(err) != core.Unavailable {
			err = backoff.Permanent(err)
		}
		return version, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(maxKeeps))
	if core.CodeOf(err) != core.Conflict {
		return done.Answer, err
	}
	now, _, err := d.read(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case !now.Done: // another one is at it
		return nil, underWay(nil)
	case now.ID == done.ID && now.Long: // the lost answer of a write of our own, or as good as it
		return done.Answer, nil
	}
	return now.given(key)
}
