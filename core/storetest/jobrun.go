package storetest

import (
	"context"

	"github.com/openxrm/xrm/core"
)

// JobRuns are where the jobs stand.
type JobRuns interface {
	// SaveJobRun stores a run, in place of what was known of its job.
	SaveJobRun(ctx context.Context, r core.JobRun) error

	// ReportJob notes how far a running job is and says whether somebody has
	// asked it to stop. Of a job that does not run it notes nothing.
	ReportJob(ctx context.Context, plugin, job string, p core.Progress) (canceling bool, err error)

	// CancelJob asks a running job to stop and says whether there was one.
	CancelJob(ctx context.Context, plugin, job string) (asked bool, err error)

	// JobRuns lists what is known of all jobs, by plugin and job.
	JobRuns(ctx context.Context) ([]core.JobRun, error)
}

func jobRunTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"of each job the last run is kept":             jobRunsKept,
		"a running job hears that it is to stop":       jobRunsCancel,
		"a job that does not run cannot be asked to":   jobRunsAtRest,
		"progress leaves the rest of the run as it is": jobRunsProgress,
	}
}

func (d *desk) saveRun(r core.JobRun) {
	d.t.Helper()
	if err := d.SaveJobRun(d.ctx, r); err != nil {
		d.t.Fatalf("SaveJobRun: %v", err)
	}
}

func (d *desk) jobRuns(want ...core.JobRun) {
	d.t.Helper()
	runs, err := d.JobRuns(d.ctx)
	if err != nil {
		d.t.Fatalf("JobRuns: %v", err)
	}
	d.same("runs", runs, want)
}

func (d *desk) run(plugin, job string) core.JobRun {
	return core.JobRun{Plugin: plugin, Job: job, Schedule: "@hourly UTC", NextAt: d.now(), Planned: d.now(), StartedAt: d.now(), Outcome: core.Running}
}

// report reports for a job of loyalty.
func (d *desk) report(job string, p core.Progress) bool {
	d.t.Helper()
	canceling, err := d.ReportJob(d.ctx, "loyalty", job, p)
	if err != nil {
		d.t.Fatalf("ReportJob: %v", err)
	}
	return canceling
}

func jobRunsKept(d *desk) {
	d.jobRuns()
	first, other, third := d.run("loyalty", "expire"), d.run("loyalty", "count"), d.run("complaints", "remind")
	fresh := core.JobRun{Plugin: "cti", Job: "sync", NextAt: d.now(), Outcome: core.Waiting}
	for _, r := range []core.JobRun{first, other, third, fresh} {
		d.saveRun(r)
	}
	d.jobRuns(third, fresh, other, first)
	first.FinishedAt, first.Outcome, first.Error, first.Canceling = d.now(), core.Failed, "It is not known why.", true
	first.Progress = core.Progress{Done: 3, Total: 7, Note: "Ütz"}
	d.saveRun(first)
	d.jobRuns(third, fresh, other, first)
}

func jobRunsCancel(d *desk) {
	running := d.run("loyalty", "expire")
	d.saveRun(running)
	d.saveRun(d.run("loyalty", "other"))
	if d.report("expire", core.Progress{}) {
		d.t.Error("the job is to stop, but nobody has asked it to")
	}
	if asked, err := d.CancelJob(d.ctx, "loyalty", "expire"); err != nil || !asked {
		d.t.Errorf("CancelJob = %v, %v; want true", asked, err)
	}
	if !d.report("expire", core.Progress{}) {
		d.t.Error("the job does not hear that it is to stop")
	}
	if d.report("other", core.Progress{}) {
		d.t.Error("another job is to stop, too")
	}
	d.saveRun(running) // the next run begins
	if d.report("expire", core.Progress{}) {
		d.t.Error("the next run is to stop, too")
	}
}

func jobRunsAtRest(d *desk) {
	rest := d.run("loyalty", "expire")
	rest.Outcome = core.Succeeded
	d.saveRun(rest)
	for _, job := range []string{"expire", "unknown"} {
		if asked, err := d.CancelJob(d.ctx, "loyalty", job); err != nil || asked {
			d.t.Errorf("CancelJob(%s) = %v, %v; want false", job, asked, err)
		}
		if d.report(job, core.Progress{Done: 1}) {
			d.t.Errorf("%s is to stop; want it not to be asked", job)
		}
	}
	d.jobRuns(rest)
}

func jobRunsProgress(d *desk) {
	want := d.run("loyalty", "expire")
	d.saveRun(want)
	want.Progress = core.Progress{Done: 3, Total: 7, Note: "$half"}
	d.report("expire", want.Progress)
	d.jobRuns(want)
}
