package sdk_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func job(run sdk.JobFunc) sdk.Plugin {
	return sdk.Plugin{Name: "worker", Version: "1", Jobs: []sdk.Job{sdk.Cron("work", "@daily", run)}}
}

func TestSeveralGoroutinesOfAJobMayReport(t *testing.T) {
	const goroutines, each = 8, 50
	plugin := serve(t, job(func(_ context.Context, _ sdk.Host, run *sdk.JobRun) error {
		if run.ID != "r1" || !run.Planned.Equal(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)) {
			t.Errorf("run %s of %s", run.ID, run.Planned)
		}
		var working sync.WaitGroup
		for range goroutines {
			working.Go(func() {
				for i := range each {
					if err := run.Report(int64(i), each, "at work"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		working.Wait()
		return errors.New("disk on fire")
	}), silent{})
	stream, err := plugin.RunJob(t.Context(), &pluginpb.RunJobRequest{Job: "work", RunId: "r1", PlannedAt: "2026-01-02T03:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	reports, failed := 0, ""
	for {
		report, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case err != nil:
			t.Fatal(err)
		case report.GetError() != nil:
			failed = report.GetError().GetCode() + " " + report.GetError().GetCause()
		case report.GetTotal() == each && report.GetNote() == "at work" && failed == "":
			reports++
		}
	}
	if reports != goroutines*each || failed != "INTERNAL run the job work: disk on fire" {
		t.Errorf("%d reports, then %q; want %d, then that the disk is on fire", reports, failed, goroutines*each)
	}
}

func TestAJobThatIsCanceledIsTold(t *testing.T) {
	told := make(chan error, 1)
	plugin := serve(t, job(func(ctx context.Context, _ sdk.Host, run *sdk.JobRun) error {
		if err := run.Report(0, 0, "begins"); err != nil {
			return err
		}
		<-ctx.Done()
		told <- ctx.Err()
		return ctx.Err()
	}), silent{})
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := plugin.RunJob(ctx, &pluginpb.RunJobRequest{Job: "work"})
	if err == nil {
		_, err = stream.Recv()
	}
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-told; !errors.Is(err, context.Canceled) {
		t.Errorf("the job is told %v, want that it is canceled", err)
	}
}
