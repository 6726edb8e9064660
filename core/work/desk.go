package work

import (
	"context"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/schedule"
)

// Letters is what is kept about the work that is done, waits or was given up.
type Letters interface {
	JobRuns(ctx context.Context) ([]core.JobRun, error)
	Backlog(ctx context.Context) ([]core.Backlog, error)
	DeadLetters(ctx context.Context, subscriber string, after core.Delivery, limit int) ([]core.Delivery, error)
	Replay(ctx context.Context, subscriber string, events []string) (int, error)
	Discard(ctx context.Context, subscriber string, events []string) (int, error)
}

// Desk is where administrators ask about plugins and their work, and have
// something done about it.
type Desk struct {
	Letters
	work *Work
}

// Desk returns the one of this instance.
func (w *Work) Desk() Desk { return Desk{w.store, w} }

// Plugins lists the plugins and how they are doing, by name.
func (d Desk) Plugins() []core.Plugin {
	list := []core.Plugin{} // the API tells none from null
	for _, s := range d.work.Plugins.Plugins() {
		list = append(list, s.Plugin())
	}
	return list
}

// JobRuns lists what is known of all jobs.
func (d Desk) JobRuns(ctx context.Context) ([]core.JobRun, error) {
	runs, err := d.Letters.JobRuns(ctx)
	return slices.DeleteFunc(runs, schedule.OfService), err
}

// ServiceRuns says where the services of all plugins and those of the core stand, on
// whatever instance.
func (d Desk) ServiceRuns(ctx context.Context) ([]core.ServiceRun, error) {
	return d.work.runner.ServiceRuns(ctx, append(servicesOf(d.work.current().Contributions), d.work.ownServices()...))
}

// RunJob makes a job due now, on whatever instance.
func (d Desk) RunJob(ctx context.Context, plugin, job string) error {
	return d.work.runner.RunNow(ctx, plugin, job)
}

// CancelJob asks a job that runs, on whatever instance, to stop.
func (d Desk) CancelJob(ctx context.Context, plugin, job string) error {
	return d.work.runner.Cancel(ctx, plugin, job)
}

// Replay has dead letters delivered again, and says how many there were.
func (d Desk) Replay(ctx context.Context, plugin string, events []string) (int, error) {
	n, err := d.Letters.Replay(ctx, plugin, events)
	d.work.dispatcher.Nudge()
	return n, err
}
