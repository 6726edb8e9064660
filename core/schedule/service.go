package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
)

// Service is something that goes on for as long as a plugin answers, on one instance at
// a time: a mailbox, or a line to a telephone system.
type Service struct {
	Plugin string
	Name   string
}

func (s Service) lease() string { return "service/" + s.Plugin + "/" + s.Name }

// serviceTerms let another instance take over within ten seconds after a kill: eight for
// the lease, and the next look. An instance that cannot renew ends it two seconds before.
var serviceTerms = terms{lease: 8 * time.Second, renew: 2 * time.Second, stop: 6 * time.Second}

const (
	serviceEvery = time.Second     // how often an instance asks for the leases that it has not
	steady       = 2 * time.Minute // after which the ends before are no longer held against a service
)

var (
	// errReturned is the end of a service that nobody has asked for.
	errReturned = errors.New("the service returned by itself; it has to go on until its context ends")

	// errOver is an end that was asked for: it says nothing about the service.
	errOver = errors.New("the service was ended")
)

// serve runs the services whose leases this instance gets, until ctx is done. One that
// ends before its context does is begun again after a pause that grows, here or where
// it is asked for first.
func (r *Runner) serve(ctx context.Context) {
	for {
		for _, s := range r.services() {
			now := r.Now()
			r.beginUnder(ctx, serviceTerms, s.lease(), now, now, func(ctx context.Context) error { return r.serveOne(ctx, s) })
		}
		if !wait(ctx, serviceEvery, nil) {
			return
		}
	}
}

func (r *Runner) services() []Service {
	if r.Services == nil {
		return nil
	}
	return r.Services()
}

// serveOne returns errOver when the service has ended because it had to. What is kept
// about its run is not touched then: whoever has the lease next may be at it.
func (r *Runner) serveOne(ctx context.Context, s Service) error {
	runs, err := r.Store.JobRuns(ctx)
	if err != nil {
		return err
	}
	run := s.in(runs)
	run.Outcome, run.StartedAt = core.Running, r.Now()
	if err := r.Store.SaveJobRun(ctx, run); err != nil {
		return err
	}
	well := time.AfterFunc(steady, func() { r.settle(s.lease(), nil) })
	defer well.Stop()
	err = r.RunService(ctx, s)
	switch {
	case !Sure(ctx), errors.Is(err, context.Canceled):
		return errOver
	case err == nil:
		err = errReturned
	}
	run.Outcome, run.FinishedAt, run.Error = core.Failed, r.Now(), err.Error()
	return errors.Join(fmt.Errorf("the service %s of %s: %w", s.Name, s.Plugin, err), r.Store.SaveJobRun(ctx, run))
}
