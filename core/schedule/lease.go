package schedule

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A lease is renewed early enough for two attempts to fail, and what it stands
// for is stopped a while before another instance may take it.
const (
	leaseTime   = 30 * time.Second
	renewEvery  = 10 * time.Second
	stopAfter   = 25 * time.Second
	releaseTime = 5 * time.Second
)

var errLost = errors.New("the lease was lost; another instance may do it now")

// holding does something while this instance has the lease, and says whether
// it got it. When the lease is lost, the context ends with errLost.
func (r *Runner) holding(ctx context.Context, name string, do func(context.Context) error) (held bool, err error) {
	asked := time.Now()
	held, err = r.Store.Acquire(ctx, name, r.Holder, leaseTime)
	if err != nil || !held {
		return false, err
	}
	holding, lose := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { r.renew(holding, name, asked, lose) })
	err = do(holding)
	lose(nil)
	renewing.Wait()
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = r.Store.Release(releasing, name, r.Holder) // or else it ends by itself
	return true, err
}

func (r *Runner) renew(ctx context.Context, name string, asked time.Time, lose context.CancelCauseFunc) {
	stop := time.AfterFunc(time.Until(asked.Add(stopAfter)), func() { lose(errLost) })
	defer stop.Stop()
	for wait(ctx, renewEvery, nil) {
		asked := time.Now()
		held, err := r.Store.Acquire(ctx, name, r.Holder, leaseTime)
		switch {
		case err != nil: // the next attempt may be in time
		case held:
			stop.Reset(time.Until(asked.Add(stopAfter)))
		default:
			lose(errLost)
			return
		}
	}
}
