package transport

import (
	"context"
	"net/http"

	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/graphql/execution"
)

// deliver carries out an operation, or says why it is refused, and puts its
// results into the outbox as they come. The results of a subscription end with
// an error when the client does not keep up. It says whether all went to its
// end; if not, the last result was one that was not executed.
func (h *Handler) deliver(ctx context.Context, p *execution.Plan, refused *execution.Result, box *outbox, encode func(*execution.Result) []byte) bool {
	held := budget.From(ctx)
	end := func(text []byte, executed bool) bool {
		held.Release() // of what the text was made of nothing is left
		if err := box.put(ctx, text); err != nil {
			box.putShort(ctx, encode(execution.Refuse(h.shown(ctx, err))))
			return false
		}
		return executed
	}
	last := func(result *execution.Result) bool { return end(encode(result), result.Executed) }
	if refused != nil {
		return last(refused)
	}
	if refused := h.streams.begin(orDefault(h.MaxSubscriptions, DefaultMaxSubscriptions)); refused != nil {
		return last(execution.Refuse(refused))
	}
	defer h.streams.end()
	var text []byte
	var executed bool
	encoded := func(result *execution.Result) { text, executed = encode(result), result.Executed }
	if p.Kind() != subscription {
		h.execute(ctx, p, encoded)
		return end(text, executed)
	}
	subscribed, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.streams.stopping(), cancel)()
	asked := held.Held()
	for answer := range p.Subscribe(subscribed) {
		h.event(subscribed, p, answer, encoded)
		if !executed {
			return end(text, false)
		}
		held.Give(held.Held() - asked)
		if !box.offer(text) {
			return last(execution.Refuse(errorf("RATE_LIMITED", "The events came faster than they were read; subscribe again to go on.")))
		}
	}
	return true
}

// event answers one event of a subscription when it is its turn.
func (h *Handler) event(ctx context.Context, p *execution.Plan, answer func(context.Context) *execution.Result, encode func(*execution.Result)) {
	waiting, cancel := h.inTime(ctx)
	defer cancel()
	h.inTurn(waiting, p, true, answer, encode)
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
