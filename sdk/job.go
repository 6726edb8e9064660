package sdk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// JobFunc carries out one run of a job. ctx ends when an admin cancels the run
// or when xrm stops. Nobody has caused the call: host acts for the plugin.
type JobFunc func(ctx context.Context, host Host, run *JobRun) error

// JobRun is one run of a job.
type JobRun struct {
	ID      string    // the same when the run is tried again
	Planned time.Time // when it was planned for

	report func(done, total int64, note string) error
}

// Report tells admins how far the run is; total 0 means that it is not known.
// It is safe for concurrent use.
func (r *JobRun) Report(done, total int64, note string) error { return r.report(done, total, note) }

// Job is something that the plugin does by the clock. It is made by Cron.
type Job struct {
	name     string
	schedule string
	zone     string
	doc      string
	run      JobFunc
}

// Cron runs a job by a schedule: a cron expression of five fields, "@hourly",
// "@daily" and the like, or "@every 10m", in UTC unless In says otherwise. Of all
// instances of xrm one runs it. A run that was missed is made up for once. In the
// night in which clocks are put back "30 2 * * *" runs once, as it does in every
// other; with a star as minute or hour it runs in both of the equal hours.
func Cron(name, schedule string, run JobFunc) Job {
	return Job{name: name, schedule: schedule, run: run}
}

// In sets the time zone of the schedule: "Europe/Berlin".
func (j Job) In(zone string) Job {
	j.zone = zone
	return j
}

// Doc describes the job to admins.
func (j Job) Doc(text string) Job {
	j.doc = text
	return j
}

func (s *server) RunJob(r *pluginpb.RunJobRequest, stream grpc.ServerStreamingServer[pluginpb.JobReport]) error {
	reports := &reports{stream: stream}
	failed := s.run(r.GetContext(), "run the job "+r.GetJob(), func(host Host) error {
		for _, j := range s.plugin.Jobs {
			if j.name == r.GetJob() {
				return j.run(stream.Context(), host, &JobRun{ID: r.GetRunId(), Planned: instant(r.GetPlannedAt()), report: reports.send})
			}
		}
		return fmt.Errorf("there is no job %s", r.GetJob())
	})
	if failed == nil {
		return nil
	}
	return reports.fail(failed)
}

// reports lets several goroutines of a job tell how far they are.
type reports struct {
	mu     sync.Mutex
	stream grpc.ServerStreamingServer[pluginpb.JobReport]
}

func (r *reports) send(done, total int64, note string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream.Send(&pluginpb.JobReport{Done: done, Total: total, Note: note})
}

func (r *reports) fail(e *pluginpb.Error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream.Send(&pluginpb.JobReport{Error: e})
}
