package transport

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/openxrm/xrm/core/graphql/execution"
)

const eventStream = "text/event-stream"

// The events that are not results. A comment is a sign of life.
const (
	eventComplete = "event: complete\ndata:\n\n"
	eventComment  = ":\n\n"
)

// serveEvents answers with server-sent events, in the distinct connections mode
// of the graphql-sse protocol: one operation, whose errors are results as well.
func (h *Handler) serveEvents(ctx context.Context, a *answer, r *http.Request, p *execution.Plan, refused *execution.Result) {
	leave := h.streams.connect()
	if leave == nil {
		a.refuse(http.StatusServiceUnavailable, "UNAVAILABLE", serverStops)
		return
	}
	defer leave()
	ctx, cancel := context.WithCancel(ctx)
	box := newOutbox(ctx)
	go func() {
		defer close(box.messages)
		h.deliver(ctx, p, refused, box, func(result *execution.Result) []byte { return h.eventText(ctx, result) })
	}()
	defer func() {
		cancel()
		for event := range box.messages { // until nobody puts anything there
			box.sent(event)
		}
	}()
	pulse := time.NewTicker(orDefault(h.Heartbeat, defaultHeartbeat))
	defer pulse.Stop()
	s := &eventWriter{h, a.w, http.NewResponseController(a.w)}
	for err := s.begin(); err == nil; {
		select {
		case <-ctx.Done():
			return
		case event, more := <-box.messages:
			if !more {
				_ = s.send(eventComplete) // a client that is gone needs no end
				return
			}
			err = s.send(string(event.text))
			box.sent(event)
		case <-pulse.C:
			if refused := h.recheck(r); refused != nil {
				_ = s.send(string(h.eventText(ctx, execution.Refuse(refused))) + eventComplete)
				return
			}
			err = s.send(eventComment)
		}
	}
}

// eventText is one result. The JSON has no line breaks of its own.
func (h *Handler) eventText(ctx context.Context, result *execution.Result) []byte {
	body, _ := h.encode(ctx, result) // which is an error then, and logged
	return slices.Concat([]byte("event: next\ndata: "), body, []byte("\n\n"))
}

type eventWriter struct {
	handler    *Handler
	w          http.ResponseWriter
	connection *http.ResponseController
}

func (s *eventWriter) begin() error {
	header := s.w.Header()
	header.Set("Content-Type", eventStream)
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Accel-Buffering", "no") // for nginx, which would wait for the end
	header.Set("X-Content-Type-Options", "nosniff")
	// The server's limit is for requests that end.
	if err := s.connection.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	s.w.WriteHeader(http.StatusOK)
	return s.send(eventComment)
}

func (s *eventWriter) send(event string) error {
	if err := s.connection.SetWriteDeadline(time.Now().Add(s.handler.timeToWrite(len(event)))); err != nil {
		return err
	}
	if _, err := io.WriteString(s.w, event); err != nil {
		return err
	}
	return s.connection.Flush()
}
