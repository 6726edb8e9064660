package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/openxrm/xrm/core/graphql/execution"
)

// Handler answers GraphQL at one address, whatever its path. Only Engine is
// required. Its fields must not change once it serves.
type Handler struct {
	// Engine gives the engine for a request, which keeps it to its end. Nil
	// means that the server cannot answer yet.
	Engine func(*http.Request) *execution.Engine

	// Context authenticates a request and gives the context in which it is
	// carried out, derived from the request's own. An [execution.Presentable]
	// error is shown to the client, with the status that its code asks for (401
	// for UNAUTHENTICATED); every other error is logged and hidden. GraphiQL's
	// page is served without asking.
	Context func(*http.Request) (context.Context, error)

	MaxBodyBytes int64         // of a POST; 5,000,000 when 0
	Timeout      time.Duration // of one request; 30 seconds when 0
	Log          *slog.Logger  // what clients do not get to see; slog's default when nil
}

const (
	defaultMaxBodyBytes = 5_000_000
	defaultTimeout      = 30 * time.Second
)

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if serveGraphiQL(w, r) {
		return
	}
	mediaType, ok := negotiate(r.Header.Values("Accept"))
	a := &answer{w: w, mediaType: mediaType, failed: func(err error) {
		h.logger().ErrorContext(r.Context(), "write a GraphQL answer", "error", err)
	}}
	if !ok {
		a.refuse(http.StatusNotAcceptable, "INVALID", "The answer can be %s or %s; the Accept header allows neither.", graphqlResponse, plainJSON)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		a.refuse(http.StatusMethodNotAllowed, "INVALID", "GraphQL is asked by POST or GET, not by %s.", r.Method)
		return
	}
	ctx, err := h.authenticate(r)
	if err != nil {
		h.refuseActor(a, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(h.Timeout, defaultTimeout))
	defer cancel()
	h.answer(ctx, a, w, r)
}

func (h *Handler) answer(ctx context.Context, a *answer, w http.ResponseWriter, r *http.Request) {
	request, problem := h.read(w, r)
	if problem != nil {
		a.refuse(problem.status, "INVALID", "%s", problem.message)
		return
	}
	engine := h.Engine(r)
	if engine == nil {
		w.Header().Set("Retry-After", "1")
		a.refuse(http.StatusServiceUnavailable, "UNAVAILABLE", "The server is not ready yet; try again in a moment.")
		return
	}
	if r.Method == http.MethodGet && changes(ctx, engine, request) {
		w.Header().Set("Allow", "POST")
		a.refuse(http.StatusMethodNotAllowed, "INVALID", "A GET request may only query; send a mutation by POST.")
		return
	}
	a.send(engine.Execute(ctx, request, nil))
}

func (h *Handler) authenticate(r *http.Request) (context.Context, error) {
	if h.Context == nil {
		return r.Context(), nil
	}
	return h.Context(r)
}

func (h *Handler) refuseActor(a *answer, r *http.Request, err error) {
	var shown execution.Presentable
	if !errors.As(err, &shown) {
		h.logger().ErrorContext(r.Context(), "authenticate a GraphQL request", "error", err)
		a.refuse(http.StatusInternalServerError, "INTERNAL", "Something went wrong on our side; the details are in the server's log.")
		return
	}
	message, extensions := shown.GraphQLError()
	code, _ := extensions["code"].(string)
	status := statusOf(code)
	if status == http.StatusUnauthorized {
		a.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	a.write(status, execution.Refuse(&execution.Error{Message: message, Extensions: extensions}))
}

// changes says whether the request is anything but a query. A document that is
// refused is left to the engine, which says why.
func changes(ctx context.Context, engine *execution.Engine, r execution.Request) bool {
	doc, err := engine.Prepare(ctx, r.Query)
	if err != nil {
		return false
	}
	kind, err := doc.Kind(r.OperationName)
	return err == nil && kind != "query"
}

func (h *Handler) logger() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}

func orDefault[T int64 | time.Duration](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}
