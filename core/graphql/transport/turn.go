package transport

import (
	"context"
	"errors"
	"time"

	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/graphql/execution"
)

// plan prepares a request. A document that is not known waits for its turn, by
// its length: to validate it may take longer than to carry it out.
func (h *Handler) plan(ctx context.Context, engine *execution.Engine, r execution.Request) (p *execution.Plan, refused *execution.Result) {
	if engine.Knows(ctx, r.Query) {
		return engine.Plan(ctx, r)
	}
	ctx, cancel := h.inTime(ctx)
	defer cancel()
	turn, refused := h.enter(ctx, fairqueue.Ask{Cost: len(r.Query), Says: "The document is %d bytes long"})
	if refused != nil {
		return nil, refused
	}
	defer turn.Leave()
	return engine.Plan(ctx, r)
}

// execute answers a query or mutation when it is its turn, in the time that
// there is for both. The turn lasts until the answer is encoded, and not until
// the client has read it.
func (h *Handler) execute(ctx context.Context, p *execution.Plan, encode func(*execution.Result)) {
	ctx, cancel := h.inTime(ctx)
	defer cancel()
	h.inTurn(ctx, p, false, func(ctx context.Context) *execution.Result { return p.Execute(ctx, nil) }, encode)
}

func (h *Handler) inTurn(ctx context.Context, p *execution.Plan, follow bool, answer func(context.Context) *execution.Result, encode func(*execution.Result)) {
	turn, refused := h.enter(ctx, fairqueue.Ask{Cost: p.Cost(), Says: "The request costs %d", Follow: follow})
	if refused != nil {
		encode(refused)
		return
	}
	defer turn.Leave()
	result := answer(turn.Context(ctx))
	if err := budget.From(ctx).Refused(); err != nil && p.Kind() == query {
		result = execution.Refuse(h.shown(ctx, err)) // for there is no room for the rest
	}
	encode(result)
}

// enter waits for the turn of whoever asks.
func (h *Handler) enter(ctx context.Context, a fairqueue.Ask) (*fairqueue.Turn, *execution.Result) {
	if h.Queue == nil {
		return nil, nil
	}
	if h.Key != nil {
		a.Key = h.Key(ctx)
	}
	turn, err := h.Queue.Enter(ctx, a)
	if err == nil {
		return turn, nil
	}
	var tooMuch *fairqueue.Refused
	if !errors.As(err, &tooMuch) {
		return nil, execution.Refuse(errorf("UNAVAILABLE", "The client ended the request before it was answered."))
	}
	refused := errorf("RATE_LIMITED", "%s", tooMuch.Message)
	refused.Extensions[retryAfter] = int(tooMuch.After / time.Second)
	return nil, execution.Refuse(refused)
}

// retryAfter is the extension of an error that says in how many seconds it is
// worth trying again.
const retryAfter = "retryAfter"

func (h *Handler) inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, orDefault(h.Timeout, execution.DefaultLimits().EventTime))
}
