package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// RunJob carries out one run of a job and returns when it has ended. report is
// told how far it is. Canceling ctx asks the plugin to stop.
func (h *Host) RunJob(ctx context.Context, on record.Basis, plugin, job, runID string, planned time.Time, report func(done, total int64, note string)) error {
	one := &call{plugin: plugin, method: "job " + job, actor: core.PluginActor(plugin), on: on, mayWrite: true}
	return h.ask(ctx, one, h.config.JobTimeout, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		reports, err := client.RunJob(ctx, &pluginpb.RunJobRequest{Context: id, Job: job, RunId: runID, PlannedAt: instant(planned)})
		for err == nil {
			var r *pluginpb.JobReport
			if r, err = reports.Recv(); errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil && r.GetError() != nil {
				return h.refusal(one, r.GetError(), "The job "+job+" failed")
			}
			if err == nil {
				report(r.GetDone(), r.GetTotal(), cut(h.secrets.redact(r.GetNote()), maxLine))
			}
		}
		return err
	})
}

// FireTimer tells a plugin that a timer is due. nil means that it is done with.
func (h *Host) FireTimer(ctx context.Context, on record.Basis, t core.Timer) error {
	name, key := kept.SplitTimerKey(t.Key)
	one := &call{plugin: t.Plugin, method: "timer " + name, actor: core.PluginActor(t.Plugin), on: on, mayWrite: true}
	return h.ask(ctx, one, h.config.EventTimeout, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		answer, err := client.FireTimer(ctx, &pluginpb.FireTimerRequest{Context: id, Name: name, Key: key, DueAt: instant(t.DueAt), Payload: t.Payload})
		if err != nil {
			return err
		}
		return h.refusal(one, answer.GetError(), fmt.Sprintf("The timer %s %s was not handled", name, key))
	})
}
