package snapshot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Database is what has to be made ready for a model.
type Database interface {
	record.Finder
	Prepare(ctx context.Context, m *schema.Model) error
	Ping(ctx context.Context) error
}

// Readiness keeps the database prepared for the model of the moment. The server
// starts with a database that is down, and takes up what it has missed as soon as
// it is back. Make one with NewReadiness.
type Readiness struct {
	store   Database
	timeout time.Duration
	first   func(context.Context) error
	log     *slog.Logger

	wanted   atomic.Pointer[schema.Model] // the one of the moment
	prepared atomic.Pointer[schema.Model] // the one that the database has its collections and indexes of
	begun    atomic.Bool                  // first is done
	down     atomic.Bool                  // the database could not be prepared when it was last tried
	changed  chan struct{}                // has a value when wanted is another; holds one
}

// NewReadiness makes one for a database that is not prepared yet. A database that
// does not answer within timeout is not ready. first is done once, as soon as the
// database is there; it is tried until it succeeds.
func NewReadiness(store Database, timeout time.Duration, first func(context.Context) error, log *slog.Logger) *Readiness {
	return &Readiness{store: store, timeout: timeout, first: first, log: log, changed: make(chan struct{}, 1)}
}

// prepareFor is how long indexes may take to be made before a model is admitted.
const prepareFor = time.Minute

// Prepare implements the function of Config. A model under which stored values
// would be read as what they are not is refused. While the database is down a
// model is accepted, and Keep prepares for it later; but one that speaks of the
// type of what may be stored has to wait, with an Unavailable error: what is not
// checked before it holds is never checked.
func (r *Readiness) Prepare(before *schema.Past, now *schema.Model) error {
	ctx, cancel := context.WithTimeout(context.Background(), prepareFor)
	defer cancel()
	if err := r.check(ctx, before, now); err != nil {
		return err
	}
	if !r.down.Load() { // or whoever offers a model would wait for the database again
		err := r.prepare(ctx, now)
		switch {
		case core.CodeOf(err) == core.Unavailable:
			r.down.Store(true)
		case err != nil:
			return err
		default:
			r.prepared.Store(now)
		}
	}
	r.wanted.Store(now)
	select {
	case r.changed <- struct{}{}:
	default: // it will be looked at anyway
	}
	return nil
}

// silence is how long the database is prepared before whoever waits is told why.
const silence = 5 * time.Second

// prepare has the store make its tables and indexes. With many records new
// indexes take minutes, as after an upgrade.
func (r *Readiness) prepare(ctx context.Context, m *schema.Model) error {
	began := time.Now()
	long := time.AfterFunc(silence, func() {
		r.log.Warn("the database is being prepared: with many records, new indexes take minutes. Let it finish; what is stopped begins again with the next start")
	})
	err := r.store.Prepare(ctx, m)
	if !long.Stop() && err == nil {
		r.log.Info("the database is prepared", "took", time.Since(began).Round(time.Millisecond))
	}
	return err
}

// check holds a model against what is stored from before.
func (r *Readiness) check(ctx context.Context, before *schema.Past, now *schema.Model) error {
	if before == nil || len(before.Misfits(now)) == 0 {
		return nil
	}
	if r.down.Load() {
		return undecided(nil)
	}
	err := record.CheckStored(ctx, r.store, before, now)
	if core.CodeOf(err) == core.Unavailable {
		return undecided(err)
	}
	return err
}

func undecided(cause error) error {
	return &core.Error{
		Code:    core.Unavailable,
		Message: "The database cannot be reached, so nobody knows whether what is stored fits the changed types of fields. It is tried again.",
		Cause:   cause,
	}
}

// Keep prepares the database, now and whenever the model has changed without it,
// until ctx is done. It calls ready when that is done for the first time.
func (r *Readiness) Keep(ctx context.Context, ready func()) {
	for r.get(ctx) {
		if ready != nil && r.begun.Load() {
			ready()
			ready = nil
		}
		select {
		case <-r.changed:
		case <-ctx.Done():
		}
	}
}

// get prepares the database, for as long as it takes. It returns false when ctx
// is done before.
func (r *Readiness) get(ctx context.Context) bool {
	waiting := backoff.NewExponentialBackOff()
	waiting.MaxInterval = 5 * time.Second
	told := false
	for ctx.Err() == nil {
		err := r.try(ctx)
		if err == nil {
			if told {
				r.log.Info("the database is back; ready")
			}
			return true
		}
		if !told && ctx.Err() == nil {
			r.tell(err)
			told = true
		}
		select {
		case <-time.After(waiting.NextBackOff()):
		case <-ctx.Done():
		}
	}
	return false
}

func (r *Readiness) try(ctx context.Context) error {
	if r.wanted.Load() == nil { // what is to be served is not decided before the database is there
		return r.store.Ping(ctx) // and nothing is written: it may be half restored
	}
	for m := r.wanted.Load(); r.prepared.Load() != m; m = r.wanted.Load() {
		if err := r.prepare(ctx, m); err != nil {
			return err
		}
		r.down.Store(false)
		r.prepared.Store(m)
	}
	if r.begun.Load() {
		return nil
	}
	err := r.first(ctx)
	r.begun.Store(err == nil)
	return err
}

func (r *Readiness) tell(err error) {
	var known *core.Error
	if !errors.As(err, &known) || known.Code != core.Unavailable || known.Cause == nil {
		r.log.Error("the server is not ready; trying on", "error", err)
		return
	}
	r.log.Error("the server is not ready, because the database cannot be reached; trying on. See that it runs, and that --store (XRM_STORE) names it", "error", known.Cause)
}

// Prepared says whether the database was ever there.
func (r *Readiness) Prepared() bool { return r.prepared.Load() != nil }

// Check says why the server cannot answer now, or nil.
func (r *Readiness) Check(ctx context.Context) error {
	if !r.begun.Load() || r.prepared.Load() != r.wanted.Load() {
		return errors.New("the database is not prepared yet")
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if err := r.store.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}
