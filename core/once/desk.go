package once

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Store keeps answers, and says who is at work. The leases go by the clock that all
// instances share.
type Store interface {
	State(ctx context.Context, owner, key string) (value []byte, version int64, err error)
	PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, name, holder string) error
}

// Desk is safe for concurrent use.
type Desk struct {
	Store Store
	Now   func() time.Time

	Lease    time.Duration // how long after a kill others go ahead; 15s when 0
	Patience time.Duration // how long others wait for an answer; 5s when 0
}

// Work carries something out and returns its answer. id is the same at every attempt of
// one request, and that of no other: by it the work can do once what it does. ctx ends
// when another may have gone ahead.
type Work func(ctx context.Context, id string) (answer []byte, err error)

// owner is under whose name answers are kept. It is no name that a plugin can have.
const owner = core.OwnPrefix + "answer"

const firstLook, longestLook = 5 * time.Millisecond, 200 * time.Millisecond

// request is what is kept of one with a key.
type request struct {
	ID     string
	Asked  string
	Done   bool   `json:",omitempty"`
	Answer []byte `json:",omitempty"`
	Long   bool   `json:",omitempty"` // the answer was too long to be kept
}

// errLong tells of an answer that is known no more.
func errLong(key string) error {
	return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("What has the idempotency key %q was done before. Its answer was too long to be kept.", key)}
}

// given is the answer that is kept, for whoever asks for the same.
func (r request) given(key record.Key) ([]byte, error) {
	switch {
	case r.Asked != key.Asked:
		return nil, core.Refused(schema.OtherRequest(key.Name))
	case r.Long:
		return nil, errLong(key.Name)
	}
	return r.Answer, nil
}

// Do answers with what came of the first work with a key of an actor that did not fail, or
// does the work. Of those with one key one is at work at any time, on all instances. An
// answer is kept for a day; an error is not.
//
// A process that dies between the end of the work and the keeping of its answer has the
// work done once more, with the same id.
func (d *Desk) Do(ctx context.Context, a core.Actor, key record.Key, work Work) ([]byte, error) {
	sum := sha256.Sum256([]byte(a.ID + "\x00" + a.Via + "\x00" + key.Name))
	name, holder := hex.EncodeToString(sum[:]), rand.Text()
	known, _, err := d.read(ctx, name)
	if err == nil && !known.Done {
		err = d.wait(ctx, name, holder)
		defer d.release(ctx, name, holder)
	}
	if err != nil {
		return nil, err
	}
	known, version, err := d.read(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case known.Done:
		return known.given(key)
	case known.Asked != key.Asked: // it failed, and was mended
		known = request{ID: rand.Text(), Asked: key.Asked}
		if version, err = d.keep(ctx, name, known, version); err != nil {
			return nil, err
		}
	}
	if known.Answer, err = d.alone(ctx, name, holder, known.ID, work); err != nil {
		return nil, err
	}
	return d.conclude(context.WithoutCancel(ctx), name, key, known, version)
}

// wait waits until nobody else is at work, or there is an answer, and lets the holder go
// ahead.
func (d *Desk) wait(ctx context.Context, name, holder string) error {
	until := d.Now().Add(orElse(d.Patience, 5*time.Second))
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
		mine, err := d.Store.Acquire(ctx, lease(name), holder, d.lease())
		if err != nil || mine {
			return err
		}
		if d.Now().After(until) {
			return underWay(nil)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return underWay(ctx.Err())
		}
	}
}

func underWay(cause error) error {
	return &core.Error{
		Code: core.Unavailable, RetryAfter: time.Second, Cause: cause,
		Message: "A request with this idempotency key is under way. Send it again in a moment, to get its answer.",
	}
}

// alone does the work for as long as nobody else may.
func (d *Desk) alone(ctx context.Context, name, holder, id string, work Work) ([]byte, error) {
	ctx, stop := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	defer renewing.Wait() // so that nothing is renewed that is given back
	defer stop()
	renewing.Go(func() {
		renew := time.NewTicker(d.lease() / 4)
		defer renew.Stop()
		heard := d.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-renew.C:
			}
			before := d.Now()
			mine, err := d.Store.Acquire(ctx, lease(name), holder, d.lease())
			if err == nil && mine {
				heard = before
			}
			if err == nil && !mine || d.Now().Sub(heard) > d.lease()*3/4 {
				stop()
			}
		}
	})
	return work(ctx, id)
}

func (d *Desk) release(ctx context.Context, name, holder string) {
	_ = d.Store.Release(context.WithoutCancel(ctx), lease(name), holder) // or it ends by itself
}

func (d *Desk) read(ctx context.Context, name string) (r request, version int64, err error) {
	value, version, err := d.Store.State(ctx, owner, name)
	if err != nil || version == 0 {
		return r, 0, err
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, 0, fmt.Errorf("read what came of a key: %w", err)
	}
	return r, version, nil
}

func (d *Desk) keep(ctx context.Context, name string, r request, version int64) (int64, error) {
	value, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("keep what came of a key: %w", err)
	}
	return d.Store.PutState(ctx, owner, name, value, version, d.Now().Add(core.KeyKept))
}

func (d *Desk) lease() time.Duration { return orElse(d.Lease, 15*time.Second) }

func lease(name string) string { return owner + " " + name }

func orElse(given, otherwise time.Duration) time.Duration {
	if given == 0 {
		return otherwise
	}
	return given
}
