package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// maxSubscriptions is how many subscriptions to one process run at a time. They
// take nothing from the calls.
const maxSubscriptions = 1000

// Subscribe follows a subscription for an actor until ctx ends. It gives the
// results as they come, each as Call does; an error is the last. When the
// process ends, for whatever reason, that is an Unavailable error: whoever
// follows begins anew, and does so with the next process.
func (h *Host) Subscribe(ctx context.Context, on record.Basis, actor core.Actor, op snapshot.Operation, arguments map[string]any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		one := &call{plugin: op.Plugin, method: op.Name, actor: actor, on: on}
		err := h.follow(ctx, one, op, arguments, func(result any) bool { return yield(result, nil) })
		if err != nil && ctx.Err() == nil {
			yield(nil, err)
		}
	}
}

// errUnfollowed is the end of a subscription whose results nobody takes.
var errUnfollowed = errors.New("nobody follows it any more")

func (h *Host) follow(ctx context.Context, one *call, op snapshot.Operation, arguments map[string]any, take func(any) bool) error {
	encoded, err := pluginpb.Encode(arguments)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", op.Name, err)
	}
	e := h.board.find(op.Plugin)
	if e.link == nil {
		return h.down(op.Plugin, nil)
	}
	switch err := e.link.streams.enter(ctx, maxSubscriptions, 0, 0); {
	case errors.Is(err, errBusy):
		return &core.Error{
			Code:    core.RateLimited,
			Message: fmt.Sprintf("The plugin %s has %d subscriptions already, which is the limit. Try again later.", op.Plugin, maxSubscriptions),
		}
	case err != nil:
		return h.down(op.Plugin, err)
	}
	defer e.link.streams.leave()
	one.link.Store(e.link)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.link.streaming, cancel)()
	id, end, err := h.begin(ctx, one)
	if err != nil {
		return err
	}
	defer end()
	stream, err := e.link.plugin.Subscribe(ctx, &pluginpb.SubscribeRequest{Context: id, Operation: op.Name, Arguments: encoded})
	for err == nil {
		var answer *pluginpb.SubscribeResponse
		if answer, err = stream.Recv(); err != nil {
			break
		}
		err = h.received(one, op, answer, take)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, errUnfollowed) {
		return nil
	}
	err = h.transportError(one, err, 0) // which no deadline can have caused
	one.book()
	return err
}

// received hands on one result, or returns the error that ends the subscription.
func (h *Host) received(one *call, op snapshot.Operation, answer *pluginpb.SubscribeResponse, take func(any) bool) error {
	if answer.GetError() != nil {
		return h.refusal(one, answer.GetError(), contract.NotGoneOn(op.Name))
	}
	result, err := checked(op.Result, answer.GetResult())
	if err != nil {
		return h.nonsense(one, "sent a result of %s that does not fit: %w", op.Name, err)
	}
	if !take(result) {
		return errUnfollowed
	}
	return nil
}
