package plugintest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/cron"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// job is one that the plugin runs by the clock.
type job struct {
	name     string
	schedule cron.Schedule
	next     time.Time
	runs     int
}

// newJob refuses a schedule or a time zone that cannot be read.
func newJob(described *pluginpb.Job, now time.Time) (*job, error) {
	s, err := cron.Parse(described.GetSchedule(), described.GetTimeZone())
	if err != nil {
		return nil, fmt.Errorf("the job %s: %w", described.GetName(), err)
	}
	return &job{name: described.GetName(), schedule: s, next: s.Next(now)}, nil
}

// RunJob runs a job of the plugin now, whatever its schedule; one that it does
// not have ends the test. What the job reports is in the test's log.
func (h *Host) RunJob(name string) error {
	h.t.Helper()
	h.needConfiguration()
	i := slices.IndexFunc(h.jobs, func(j *job) bool { return j.name == name })
	if i < 0 {
		var known []string
		for _, j := range h.jobs {
			known = append(known, j.name)
		}
		h.t.Fatalf("the plugin has no job %q%s", name, strictyaml.Suggest(name, known))
	}
	return h.run(h.jobs[i], h.Now())
}

func (h *Host) run(j *job, planned time.Time) error {
	id, end := h.begin(nil, true)
	defer end()
	j.runs++
	stream, err := h.plugin.RunJob(h.t.Context(), &pluginpb.RunJobRequest{
		Context: id, Job: j.name, RunId: fmt.Sprintf("%s-%03d", j.name, j.runs), PlannedAt: schema.Instant(planned),
	})
	for err == nil {
		var report *pluginpb.JobReport
		if report, err = stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		}
		if report.GetError() != nil {
			return h.refusal(report.GetError(), "The job "+j.name+" failed")
		}
		if err == nil {
			h.t.Logf("the job %s reports: %d of %d %s", j.name, report.GetDone(), report.GetTotal(), report.GetNote())
		}
	}
	return fmt.Errorf("run the job %s of the plugin: %w", j.name, err)
}
