package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
)

// tryAgain is how long to let somebody else be at a job who will soon be done.
const tryAgain = 20 * time.Millisecond

// RunNow makes a job due. It does not wait for the run, which may be in another
// instance. It returns a Conflict error while the job runs.
func (r *Runner) RunNow(ctx context.Context, plugin, name string) error {
	job, err := r.job(ctx, plugin, name)
	if err != nil {
		return err
	}
	for made := false; !made; {
		if made, err = r.tryMakeDue(ctx, job); err != nil {
			return err
		}
		if !made && !wait(ctx, tryAgain, nil) { // until it has been planned
			return ctx.Err()
		}
	}
	r.tasks.hurry(job.lease())
	r.Wake()
	return nil
}

// tryMakeDue says whether the job is due now. It is not while somebody plans it.
func (r *Runner) tryMakeDue(ctx context.Context, job Job) (made bool, err error) {
	if r.tasks.claim(job.lease()) {
		defer r.tasks.free(job.lease())
		if made, err = r.holding(ctx, taskTerms, job.lease(), func(ctx context.Context) error { return r.makeDue(ctx, job) }); made || err != nil {
			return made, err
		}
	}
	runs, err := r.Store.JobRuns(ctx)
	if err == nil && job.in(runs).Outcome == core.Running {
		err = &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The job %s of %s runs already. Wait until it is finished, or cancel it.", job.Name, job.Plugin)}
	}
	return false, err
}

func (r *Runner) makeDue(ctx context.Context, job Job) error {
	runs, err := r.Store.JobRuns(ctx)
	if err != nil {
		return err
	}
	run := job.in(runs)
	if now := r.Now(); job.unplanned(run) || run.NextAt.IsZero() || run.NextAt.After(now) {
		run.Schedule, run.NextAt = job.plan(), now
	}
	return r.Store.SaveJobRun(ctx, run)
}

// Cancel asks a job that runs, in whatever instance, to stop; it hears that
// within seconds. It returns a NotFound error when the job does not run.
func (r *Runner) Cancel(ctx context.Context, plugin, name string) error {
	var asked bool
	var err error
	if !isService(name) {
		asked, err = r.Store.CancelJob(ctx, plugin, name)
	}
	if err == nil && !asked {
		err = &core.Error{Code: core.NotFound, Message: fmt.Sprintf("The job %s of %s does not run; there is nothing to cancel.", name, plugin)}
	}
	return err
}

func (r *Runner) job(ctx context.Context, plugin, name string) (Job, error) {
	for _, job := range r.Jobs(ctx) {
		if job.Plugin == plugin && job.Name == name {
			return job, nil
		}
	}
	return Job{}, &core.Error{Code: core.NotFound, Message: fmt.Sprintf("The plugin %s has no job %s, or does not run.", plugin, name)}
}
