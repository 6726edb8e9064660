package schedule

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// terms are how a lease is held. It is renewed early enough for two attempts to fail,
// and what it stands for is stopped a while before another instance may take it.
type terms struct {
	lease time.Duration // from the last renewal until another instance may take it
	renew time.Duration // between renewals
	stop  time.Duration // from the last renewal until the context ends
}

// taskTerms are those of jobs and timers.
var taskTerms = terms{lease: leaseTime, renew: 10 * time.Second, stop: 25 * time.Second}

const (
	leaseTime   = 30 * time.Second
	releaseTime = 5 * time.Second
)

var errLost = errors.New("the lease was lost; another instance may do it now")

// holding does something while this instance has the lease, and says whether
// it got it. When the lease is lost, the context ends with errLost.
func (r *Runner) holding(ctx context.Context, on terms, name string, do func(context.Context) error) (held bool, err error) {
	asked := time.Now()
	held, err = r.Store.Acquire(ctx, name, r.Holder, on.lease)
	if err != nil || !held {
		return false, err
	}
	holding, lose := context.WithCancelCause(ctx)
	sure := &surety{}
	sure.until.Store(new(asked.Add(on.stop)))
	var renewing sync.WaitGroup
	renewing.Go(func() { r.renew(holding, on, name, sure, lose) })
	err = do(context.WithValue(holding, suretyKey{}, sure))
	lose(nil)
	renewing.Wait()
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = r.Store.Release(releasing, name, r.Holder) // or else it ends by itself
	return true, err
}

func (r *Runner) renew(ctx context.Context, on terms, name string, sure *surety, lose context.CancelCauseFunc) {
	stop := time.AfterFunc(time.Until(*sure.until.Load()), func() { lose(errLost) })
	defer stop.Stop()
	for wait(ctx, on.renew, nil) {
		asked := time.Now()
		held, err := r.Store.Acquire(ctx, name, r.Holder, on.lease)
		switch {
		case err != nil: // the next attempt may be in time
		case held:
			sure.until.Store(new(asked.Add(on.stop)))
			stop.Reset(time.Until(*sure.until.Load()))
		default:
			lose(errLost)
			return
		}
	}
}

// surety is until when nobody else can have the lease.
type surety struct{ until atomic.Pointer[time.Time] }

type suretyKey struct{}

// Sure says whether what runs under ctx still has its lease for certain. It asks the clock:
// the end of ctx comes a moment late to a process that was paused.
func Sure(ctx context.Context) bool {
	s, under := ctx.Value(suretyKey{}).(*surety)
	return ctx.Err() == nil && (!under || time.Now().Before(*s.until.Load()))
}
