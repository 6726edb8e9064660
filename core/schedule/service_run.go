package schedule

import (
	"context"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
)

// servicePrefix is before the name of a service in the place of that of a job. No job
// has a slash in its name.
const servicePrefix = "service/"

// OfService says that a run is not that of a job: it keeps when a service began last, and
// why it ended by itself.
func OfService(r core.JobRun) bool { return isService(r.Job) }

func isService(job string) bool { return strings.HasPrefix(job, servicePrefix) }

// in returns what is kept about the last run of the service.
func (s Service) in(runs []core.JobRun) core.JobRun {
	return Job{Plugin: s.Plugin, Name: servicePrefix + s.Name}.in(runs)
}

// ServiceRuns says where services stand, on all instances. Whether one runs, its lease
// says: what was kept about its run cannot tell that its instance was killed since.
func (r *Runner) ServiceRuns(ctx context.Context, services []Service) ([]core.ServiceRun, error) {
	if len(services) == 0 {
		return nil, nil
	}
	runs, err := r.Store.JobRuns(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for services: %w", err)
	}
	leases := make([]string, len(services))
	for i, s := range services {
		leases[i] = s.lease()
	}
	holders, err := r.Store.Holders(ctx, leases)
	if err != nil {
		return nil, fmt.Errorf("look for services: %w", err)
	}
	all := make([]core.ServiceRun, len(services))
	for i, s := range services {
		all[i] = s.standing(s.in(runs), holders[leases[i]])
	}
	return all, nil
}

func (s Service) standing(run core.JobRun, holder string) core.ServiceRun {
	at := core.ServiceRun{Plugin: s.Plugin, Service: s.Name, State: core.ServiceWaiting, LastError: run.Error}
	if run.Error != "" {
		at.FailedAt = run.FinishedAt
	}
	switch {
	case run.Outcome == core.Failed:
		at.State, at.Since = core.ServiceFailed, run.FinishedAt
	case run.Outcome == core.Running && holder != "":
		at.State, at.Instance, at.Since = core.ServiceRunning, holder, run.StartedAt
	}
	return at
}
