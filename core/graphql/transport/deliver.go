package transport

import (
	"context"
	"net/http"

	"github.com/openxrm/xrm/core/graphql/execution"
)

// deliver carries out an operation and puts its results into the outbox as they
// come. The results of a subscription end with an error when the client does
// not keep up. It says whether all went to its end; if not, the last result was
// one that was not executed.
func (h *Handler) deliver(ctx context.Context, engine *execution.Engine, r execution.Request, box *outbox, encode func(*execution.Result) []byte) bool {
	last := func(result *execution.Result) bool {
		box.put(ctx, encode(result))
		return result.Executed
	}
	if refused := h.streams.begin(orDefault(h.MaxSubscriptions, DefaultMaxSubscriptions)); refused != nil {
		return last(execution.Refuse(refused))
	}
	defer h.streams.end()
	if kindOf(ctx, engine, r) != subscription {
		return last(h.execute(ctx, engine, r))
	}
	subscribed, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.streams.stopping(), cancel)()
	for result := range engine.Subscribe(subscribed, r) {
		if !result.Executed {
			return last(result)
		}
		if !box.offer(encode(result)) {
			return last(execution.Refuse(errorf("RATE_LIMITED", "The events came faster than they were read; subscribe again to go on.")))
		}
	}
	return true
}

// execute answers a query or mutation in the time that there is for it.
func (h *Handler) execute(ctx context.Context, engine *execution.Engine, r execution.Request) *execution.Result {
	ctx, cancel := context.WithTimeout(ctx, orDefault(h.Timeout, execution.DefaultLimits().EventTime))
	defer cancel()
	return engine.Execute(ctx, r, nil)
}

// recheck says why whoever has asked may not be told any more. While nobody can
// say, it goes on.
func (h *Handler) recheck(r *http.Request) *execution.Error {
	_, err := h.authenticate(r)
	if err == nil {
		return nil
	}
	refused := h.shown(r.Context(), err)
	if code := codeOf(refused); code != "UNAUTHENTICATED" && code != "FORBIDDEN" {
		return nil
	}
	return refused
}
