package schedule

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
)

// RunNow makes a job due. It does not wait for the run, which may be in another
// instance. It returns a Conflict error while the job runs.
func (r *Runner) RunNow(ctx context.Context, plugin, name string) error {
	job, err := r.job(plugin, name)
	if err != nil {
		return err
	}
	held := false
	if r.tasks.claim(job.lease()) {
		held, err = r.holding(ctx, job.lease(), func(ctx context.Context) error { return r.makeDue(ctx, job) })
		r.tasks.free(job.lease())
	}
	if err == nil && !held {
		err = &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The job %s of %s runs already. Wait until it is finished, or cancel it.", name, plugin)}
	}
	if err != nil {
		return err
	}
	r.tasks.hurry(job.lease())
	r.Wake()
	return nil
}

func (r *Runner) makeDue(ctx context.Context, job Job) error {
	runs, err := r.Store.JobRuns(ctx)
	if err != nil {
		return err
	}
	run := job.in(runs)
	if now := r.Now(); job.unplanned(run) || run.NextAt.After(now) {
		run.Schedule, run.NextAt = job.Schedule.String(), now
	}
	return r.Store.SaveJobRun(ctx, run)
}

// Cancel asks a job that runs, in whatever instance, to stop; it hears that
// within seconds. It returns a NotFound error when the job does not run.
func (r *Runner) Cancel(ctx context.Context, plugin, name string) error {
	asked, err := r.Store.CancelJob(ctx, plugin, name)
	if err == nil && !asked {
		err = &core.Error{Code: core.NotFound, Message: fmt.Sprintf("The job %s of %s does not run; there is nothing to cancel.", name, plugin)}
	}
	return err
}

func (r *Runner) job(plugin, name string) (Job, error) {
	for _, job := range r.Jobs() {
		if job.Plugin == plugin && job.Name == name {
			return job, nil
		}
	}
	return Job{}, &core.Error{Code: core.NotFound, Message: fmt.Sprintf("The plugin %s has no job %s, or does not run.", plugin, name)}
}
