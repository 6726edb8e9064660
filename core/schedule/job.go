package schedule

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

// reportEvery is how often the progress of a job is stored, and how soon one
// hears that it is to stop.
const reportEvery = 2 * time.Second

var errCanceled = errors.New("the job was canceled")

// Job is something that a plugin does again and again, or the core once.
type Job struct {
	Plugin   string
	Name     string
	Schedule cron.Schedule
	Once     string // of what has no schedule: what it is done for, at once, and again only for something else
}

// retryOnce is when a job without a schedule that has failed is tried again.
const retryOnce = time.Hour

// plan is what the time of the next run was found by.
func (j Job) plan() string {
	if j.Once != "" {
		return "once: " + j.Once
	}
	return j.Schedule.String()
}

// first is when a job is due that was not planned before.
func (j Job) first(now time.Time) time.Time {
	if j.Once != "" {
		return now
	}
	return j.Schedule.Next(now)
}

// after is when it is due again after a run that has ended so: the zero time for never.
// Times that have passed are not made up for.
func (j Job) after(planned, now time.Time, outcome core.Outcome) time.Time {
	switch {
	case j.Once == "":
		if next := j.Schedule.Next(planned); next.After(now) {
			return next
		}
		return j.Schedule.Next(now)
	case outcome == core.Failed:
		return now.Add(retryOnce)
	}
	return time.Time{}
}

func (j Job) lease() string { return "job/" + j.Plugin + "/" + j.Name }

// in returns where the job stands; one that is not known yet is unplanned.
func (j Job) in(runs []core.JobRun) core.JobRun {
	for _, run := range runs {
		if run.Plugin == j.Plugin && run.Job == j.Name {
			return run
		}
	}
	return core.JobRun{Plugin: j.Plugin, Job: j.Name, Outcome: core.Waiting}
}

// unplanned says that the time of the next run is not known or not right. A
// run that was cut off comes first.
func (j Job) unplanned(r core.JobRun) bool {
	return r.Schedule != j.plan() && r.Outcome != core.Running
}

// due is when there is something to do about a job, the zero time for never.
func (j Job) due(runs []core.JobRun, now time.Time) time.Time {
	run := j.in(runs)
	if j.unplanned(run) {
		return now
	}
	return run.NextAt
}

// runDue runs a job if it is due still: until now, another instance may have
// had the lease.
func (r *Runner) runDue(ctx context.Context, job Job) error {
	runs, err := r.Store.JobRuns(ctx)
	if err != nil {
		return err
	}
	run := job.in(runs)
	now := r.Now()
	switch {
	case job.unplanned(run):
		run.Schedule, run.NextAt = job.plan(), job.first(now)
		return r.Store.SaveJobRun(ctx, run)
	case run.NextAt.IsZero(), run.NextAt.After(now):
		return nil
	case run.Canceling: // and then cut off
		return r.finish(ctx, job, run, core.Canceled, errCanceled)
	}
	run.Planned, run.StartedAt, run.FinishedAt = run.NextAt, now, time.Time{}
	run.Outcome, run.Error, run.Progress = core.Running, "", core.Progress{}
	if err := r.Store.SaveJobRun(ctx, run); err != nil {
		return err
	}
	outcome, err := r.carryOut(ctx, &run)
	lost := r.confirm(context.WithoutCancel(ctx), job, run)
	switch {
	case errors.Is(context.Cause(ctx), errLost), err != nil && ctx.Err() != nil:
		return context.Cause(ctx) // it is still due, and whoever has the lease says how it went
	case lost != nil:
		return lost
	case outcome == core.Waiting:
		run.Outcome, run.Error = outcome, err.Error()
		return errors.Join(err, r.Store.SaveJobRun(ctx, run))
	}
	return r.finish(context.WithoutCancel(ctx), job, run, outcome, err)
}

// confirm returns errLost when another instance has begun the run again since: a
// process that stood still finds out only when it asks.
func (r *Runner) confirm(ctx context.Context, job Job, run core.JobRun) error {
	held, err := r.Store.Acquire(ctx, job.lease(), r.Holder, leaseTime)
	if err != nil {
		return err
	}
	runs, err := r.Store.JobRuns(ctx)
	if err == nil && (!held || job.in(runs).StartedAt.UnixMilli() != run.StartedAt.UnixMilli()) {
		err = errLost
	}
	return err
}

// carryOut runs a job and keeps what it reports.
func (r *Runner) carryOut(ctx context.Context, run *core.JobRun) (core.Outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var mu sync.Mutex
	var latest core.Progress
	progress := func() core.Progress {
		mu.Lock()
		defer mu.Unlock()
		return latest
	}
	var reporting sync.WaitGroup
	reporting.Go(func() {
		for wait(ctx, reportEvery, nil) {
			// One that fails is made up for by the next.
			if canceling, err := r.Store.ReportJob(ctx, run.Plugin, run.Job, progress()); err == nil && canceling {
				cancel(errCanceled)
			}
		}
	})
	err := r.RunJob(ctx, *run, func(p core.Progress) {
		mu.Lock()
		defer mu.Unlock()
		latest = p
	})
	canceled := errors.Is(context.Cause(ctx), errCanceled)
	cancel(nil)
	reporting.Wait()
	run.Progress = progress()
	switch {
	case err == nil:
		return core.Succeeded, nil
	case canceled:
		return core.Canceled, err
	case core.CodeOf(err) == core.Unavailable:
		return core.Waiting, err
	}
	return core.Failed, err
}

// finish says how a run went and plans the next one.
func (r *Runner) finish(ctx context.Context, job Job, run core.JobRun, outcome core.Outcome, err error) error {
	now := r.Now()
	run.Schedule, run.NextAt = job.plan(), job.after(run.Planned, now, outcome)
	run.FinishedAt, run.Outcome, run.Canceling = now, outcome, false
	if err != nil {
		run.Error = err.Error()
		r.Log.Warn("A job has not succeeded.", "plugin", run.Plugin, "job", run.Job, "run", run.ID(), "outcome", outcome, "error", err)
	}
	return r.Store.SaveJobRun(ctx, run)
}
