package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// sampleEvents are some of a topic, of different keys. The records that they
// are about are there.
func (b *bench) sampleEvents(topic string, n int) []*pluginpb.Event {
	subject, action, _ := strings.Cut(topic, ".")
	if action == "*" {
		action = "updated"
	}
	var events []*pluginpb.Event
	for i := range n {
		e := &pluginpb.Event{
			Id: fmt.Sprintf("event-%s-%d", topic, i), Topic: subject + "." + action, Key: fmt.Sprintf("%s/%s", subject, sampleID(i+1)),
			Sequence: 1, At: sampleTime, Attempt: 1,
		}
		if entity := b.host.model.Entity(subject); entity != nil {
			e.Entity, e.RecordId, e.Action = entity.Stored().Name, sampleID(i+1), action
			if entity.IsRole() {
				e.Roles = []string{entity.Name}
			}
		} else {
			e.Payload = []byte("{}")
		}
		if action == "merged" {
			e.Changes = []*pluginpb.FieldChange{{Path: schema.MergedField, To: []byte(strconv.Quote(sampleID(n + 1)))}}
		}
		events = append(events, e)
	}
	return events
}

func (b *bench) askEvents(topic string) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		_, err := deliver(ctx, c, id, b.sampleEvents(topic, 2))
		return nil, err
	}
}

// deliver hands over events and returns what became of the last one.
func deliver(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext, events []*pluginpb.Event) (*pluginpb.Receipt, error) {
	answer, err := c.Deliver(ctx, &pluginpb.DeliverRequest{Context: id, Events: events})
	if err != nil {
		return nil, err
	}
	receipts, err := contract.Receipts(answer, len(events))
	if err != nil {
		return nil, err
	}
	if len(receipts) != len(events) {
		return nil, fmt.Errorf("%d receipts for %d events", len(receipts), len(events))
	}
	var last *pluginpb.Receipt
	for _, last = range receipts {
		switch last.GetOutcome() {
		case pluginpb.Receipt_ACK:
		case pluginpb.Receipt_RETRY, pluginpb.Receipt_DEAD:
			if last.GetReason() == "" {
				return nil, fmt.Errorf("%s without a reason", last.GetOutcome())
			}
		default:
			return nil, fmt.Errorf("the outcome %s", last.GetOutcome())
		}
	}
	return last, nil
}

func askTimer(name string) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		answer, err := c.FireTimer(ctx, &pluginpb.FireTimerRequest{Context: id, Name: name, Key: sampleID(1), DueAt: sampleTime})
		return answer.GetError(), err
	}
}

// jobPatience is how long a job may run here before it is asked to stop.
const jobPatience = 2 * time.Second

func askJob(name string) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		running, stop := context.WithCancel(ctx)
		defer stop()
		defer time.AfterFunc(jobPatience, stop).Stop() // a deadline would reach the plugin first
		stream, err := c.RunJob(running, &pluginpb.RunJobRequest{Context: id, Job: name, RunId: "run-1", PlannedAt: sampleTime})
		for err == nil {
			var report *pluginpb.JobReport
			if report, err = stream.Recv(); report.GetError() != nil && running.Err() == nil {
				return report.GetError(), nil
			}
		}
		if errors.Is(err, io.EOF) || running.Err() != nil && ctx.Err() == nil {
			return nil, nil
		}
		return nil, err
	}
}

func askEndpoint(e *pluginpb.Endpoint) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		stream, err := c.ServeHTTP(ctx)
		if err != nil {
			return nil, err
		}
		method := e.GetMethod()
		if method == "" {
			method = "POST"
		}
		head := &pluginpb.HTTPRequestHead{Context: id, Method: method, Target: e.GetPath(), Host: "localhost", RemoteAddress: "127.0.0.1:1"}
		_ = stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Head{Head: head}})             // Recv says
		_ = stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: []byte("sample")}}) // what went
		_ = stream.CloseSend()                                                                           // wrong
		first, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if status := first.GetHead().GetStatus(); status < 200 || status > 599 {
			return nil, fmt.Errorf("an answer that begins with %.100s, where a head with a status must be", first)
		}
		for err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return nil, err
	}
}
