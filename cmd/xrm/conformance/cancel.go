package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// beginPatience is how long a subscription, a job or a service may take to get into its work. The
// tests of the kit itself give more, as with answersWithin.
var beginPatience = 500 * time.Millisecond

// endsWhatLasts cancels each subscription, job and service in a process of its own, and wants
// it to end: Drain waits for what runs, so that it does not return shows what goes on.
func endsWhatLasts(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	lasting := b.lasting(d)
	if len(lasting) == 0 {
		return inapplicable("the plugin has neither subscriptions nor jobs nor services")
	}
	if err := b.endsAll(ctx, lasting); err == nil || len(lasting) == 1 {
		return err
	}
	var wrong []error
	for _, h := range lasting { // which of them
		wrong = append(wrong, b.endsAll(ctx, []handler{h}))
	}
	return errors.Join(wrong...)
}

// lasting lists what may go on for long.
func (b *bench) lasting(d *pluginpb.DescribeResponse) (all []handler) {
	for _, o := range d.GetOperations() {
		if o.GetKind() == pluginpb.Operation_SUBSCRIPTION {
			all = append(all, handler{"subscription", o.GetName(), askSubscription(o, objectsOf(d))})
		}
	}
	for _, j := range d.GetJobs() {
		all = append(all, handler{"job", j.GetName(), askJob(j.GetName())})
	}
	for _, s := range d.GetServices() {
		all = append(all, handler{"service", s.GetName(), askService(s.GetName())})
	}
	return all
}

// endsAll begins calls at the same time, in a process that has nothing else to do,
// and cancels them.
func (b *bench) endsAll(ctx context.Context, calls []handler) error {
	l, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	for _, h := range calls {
		running, cancel := context.WithTimeout(ctx, beginPatience)
		defer cancel()
		go func() { _, _ = b.call(running, l, h) }() // canceled, it cannot be answered well
	}
	select {
	case <-time.After(beginPatience):
	case <-ctx.Done():
		return ctx.Err()
	}
	draining, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	_, err = l.plugin.Drain(draining, &pluginpb.DrainRequest{})
	switch {
	case draining.Err() != nil, status.Code(err) == codes.DeadlineExceeded: // which the other side may see first
		return fmt.Errorf("%s after the end of %s %s it still runs: Drain, which waits for it, does not return", stopPatience, calls[0].kind, calls[0].name)
	case err != nil:
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// askSubscription follows until the end of ctx, or of the subscription.
func askSubscription(o *pluginpb.Operation, objects map[string]*pluginpb.ObjectType) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		arguments := encode(sampleArguments(o.GetArguments(), objects, 0))
		stream, err := c.Subscribe(ctx, &pluginpb.SubscribeRequest{Context: id, Operation: o.GetName(), Arguments: arguments})
		for err == nil {
			var answer *pluginpb.SubscribeResponse
			if answer, err = stream.Recv(); answer.GetError() != nil {
				return answer.GetError(), nil
			}
		}
		return nil, err
	}
}
