package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/status"
)

const (
	concurrentCalls = 20
	manyRecords     = 1000
	largeMessage    = 15 << 20
)

// answersWithin is the time for much at once. The tests of the kit itself have more:
// they play forty plugins beside each other.
var answersWithin = 5 * time.Second

func loadChecks() []check {
	return []check{
		{
			name: "calls at the same time", expected: fmt.Sprintf("%d calls at once are all answered within %s", concurrentCalls, answersWithin),
			remedy: "let handlers run beside each other; a thread pool needs room for those that wait",
			run:    concurrently,
		},
		{
			name: "many records in one call", expected: fmt.Sprintf("%d records are answered within %s", manyRecords, answersWithin),
			remedy: "ask the host once for all records of a call, and not once for each",
			run:    manyAtOnce,
		},
		{
			name: "large messages", expected: fmt.Sprintf("a request of %d MiB is taken", largeMessage>>20),
			remedy: "raise the limit of your gRPC server to 16 MiB; the default is 4",
			run:    takesLargeMessages,
		},
		{
			name: "deadlines", expected: "what a call has asked of the host ends with the deadline of the call",
			remedy: "give the rest of the call's time to every callback",
			run:    meetsDeadlines,
		},
		{
			name: "canceled calls", expected: "what a call has asked of the host ends when the call is canceled",
			remedy: "cancel callbacks with the call that they belong to",
			run:    endsWhenCanceled,
		},
		{
			name: "tokens", expected: "every callback carries the context of a call that runs",
			remedy: "send back the CallContext that came with the call, and ask nothing once it has ended",
			run:    tokensAreThoseOfCalls,
		},
		{
			name: "what lasts", expected: "subscriptions, jobs and services end within " + stopPatience.String() + " of being canceled",
			remedy: "look at the end of the call in every loop, and let it end every wait: ctx.Done() in Go, host.ended in Python, host.signal in Node",
			run:    endsWhatLasts,
		},
		{
			name: "what is broadcast", expected: "Hear answers within " + hearPatience.String() + ", whoever listens and does not read",
			remedy: "let Hear put what it is told into a bounded queue for each that listens, and tell one whose queue is full that it has missed something",
			run:    hears,
		},
	}
}

func concurrently(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	calls := []handler{{name: "Describe", ask: func(ctx context.Context, c pluginpb.PluginClient, _ *pluginpb.CallContext) (*pluginpb.Error, error) {
		_, err := c.Describe(ctx, &pluginpb.DescribeRequest{})
		return nil, err
	}}}
	for _, h := range b.handlers(d) {
		if h.kind == "rule" || h.kind == "field" {
			calls = append(calls, h)
		}
	}
	errs := make([]error, concurrentCalls)
	var running sync.WaitGroup
	for i := range errs {
		running.Go(func() {
			h := calls[i%len(calls)]
			if _, err := b.call(ctx, l, h); brokenOff(err) {
				errs[i] = fmt.Errorf("%s: %w", h.name, err)
			}
		})
	}
	running.Wait()
	for _, err := range errs { // one is enough to read
		if err != nil {
			return err
		}
	}
	return nil
}

// brokenOff tells a call that failed from one whose answer is wrong, which
// other checks look at.
func brokenOff(err error) bool {
	_, isStatus := status.FromError(err)
	return err != nil && isStatus
}

func manyAtOnce(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	var calls []handler
	for _, f := range d.GetFields() {
		calls = append(calls, handler{name: f.GetEntity() + "." + f.GetName(), ask: b.askField(f, manyRecords)})
	}
	for _, entity := range d.GetBeforeSave() {
		calls = append(calls, handler{name: entity, ask: b.askRule(entity, manyRecords)})
	}
	if len(calls) == 0 {
		return inapplicable("the plugin has neither rules nor fields")
	}
	var wrong []error
	for _, h := range calls {
		limited, cancel := context.WithTimeout(ctx, answersWithin)
		if _, err := b.call(limited, l, h); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", h.name, err))
		}
		cancel()
	}
	return errors.Join(wrong...)
}

func takesLargeMessages(ctx context.Context, b *bench) error {
	if _, _, err := b.described(ctx); err != nil {
		return err
	}
	_, err := b.describe(ctx, &pluginpb.DescribeRequest{HostVersion: strings.Repeat("x", largeMessage)})
	return err
}

const noCallbacks inapplicable = "the plugin has not called the host back while it was checked"

// talks returns the plugin if it has something that calls the host back.
func (b *bench) talks(ctx context.Context) (*link, error) {
	l, _, err := b.described(ctx)
	if err == nil && b.talkative == nil {
		err = noCallbacks
	}
	return l, err
}

func meetsDeadlines(ctx context.Context, b *bench) error {
	l, err := b.talks(ctx)
	if err != nil {
		return err
	}
	for _, deadline := range []time.Duration{300 * time.Millisecond, 3 * time.Second} { // on a busy machine the callback may come late
		asked, err := b.hangs(ctx, l, deadline)
		if asked {
			return err
		}
	}
	return fmt.Errorf("%s %s did not call the host back this time", b.talkative.kind, b.talkative.name)
}

// hangs makes a call whose callback hangs, and says whether there was one, and
// whether it outlived the call.
func (b *bench) hangs(ctx context.Context, l *link, deadline time.Duration) (asked bool, err error) {
	hold := b.host.stall()
	defer b.host.release()
	limited, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	_, _ = b.call(limited, l, *b.talkative) // it cannot be answered well in time
	select {
	case <-hold.waiting:
		return true, b.givesUp(hold)
	default:
		return false, nil
	}
}

func (b *bench) givesUp(hold *hold) error {
	select {
	case <-hold.gaveUp:
		return nil
	case <-time.After(time.Second):
		return fmt.Errorf("1s after the end of %s %s its callback still waits", b.talkative.kind, b.talkative.name)
	}
}

func endsWhenCanceled(ctx context.Context, b *bench) error {
	l, err := b.talks(ctx)
	if err != nil {
		return err
	}
	hold := b.host.stall()
	defer b.host.release()
	canceled, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = b.call(canceled, l, *b.talkative) // it is canceled
	}()
	select {
	case <-hold.waiting:
	case <-ended:
		return fmt.Errorf("%s %s did not call the host back this time", b.talkative.kind, b.talkative.name)
	}
	cancel()
	<-ended
	return b.givesUp(hold)
}

func tokensAreThoseOfCalls(ctx context.Context, b *bench) error {
	if _, _, err := b.described(ctx); err != nil {
		return err
	}
	b.host.mu.Lock()
	defer b.host.mu.Unlock()
	switch {
	case len(b.host.improper) > 0:
		return errors.New(b.host.improper[0])
	case b.host.asked == 0:
		return noCallbacks
	}
	return nil
}
