package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/graphql/execution"
)

// Handler answers GraphQL at one address, whatever its path. Only Engine is
// required. Its fields must not change once it serves.
type Handler struct {
	// Engine gives the engine for a request, which keeps it to its end. Nil
	// means that the server cannot answer yet.
	Engine func() *execution.Engine

	// Context authenticates a request and gives the context in which it is
	// carried out, derived from the request's own. An [execution.Presentable]
	// error is shown to the client, with the status that its code asks for (401
	// for UNAUTHENTICATED); every other error is logged and hidden. GraphiQL's
	// page is served without asking.
	Context func(*http.Request) (context.Context, error)

	// Queue shares what runs at a time between those who ask, whom Key names by
	// the context of a request. Without a queue nobody waits.
	Queue *fairqueue.Queue
	Key   func(context.Context) string

	// Say returns the message of an error and its extensions in the language of the request,
	// and changes neither. Without it they stay as they are.
	Say func(ctx context.Context, message string, extensions map[string]any) (string, map[string]any)

	MaxBodyBytes int64         // of a POST or a message; DefaultMaxBodyBytes when 0
	BodyTimeout  time.Duration // for the body of a POST, or a message that has begun; DefaultBodyTimeout when 0
	Patience     time.Duration // for a client that reads nothing of an answer; DefaultPatience when 0
	Timeout      time.Duration // of one query or mutation; that of an event in [execution.DefaultLimits] when 0
	Log          *slog.Logger  // what clients do not get to see; slog's default when nil

	MaxSubscriptions int           // at the same time, over all connections; DefaultMaxSubscriptions when 0
	InitTimeout      time.Duration // until a WebSocket must have said who asks; 10 seconds when 0
	Heartbeat        time.Duration // between signs of life, with each of which Context is asked again; 20 seconds when 0

	streams streams
}

// The limits of a Handler that has none of its own.
const (
	DefaultMaxBodyBytes     = 8 << 20
	DefaultMaxSubscriptions = 10_000
	DefaultBodyTimeout      = 30 * time.Second
	DefaultPatience         = 10 * time.Second
)

const (
	defaultInitTimeout = 10 * time.Second
	defaultHeartbeat   = 20 * time.Second
)

// Sentences that are said in more than one way.
const (
	notReady    = "The server is not ready yet; try again in a moment."
	serverStops = "The server is stopping; try again in a moment."
)

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if serveGraphiQL(w, r) {
		return
	}
	if isWebSocket(r) {
		h.serveWebSocket(w, r)
		return
	}
	a := &answer{handler: h, ctx: r.Context(), w: w}
	accept := parseAccept(r.Header.Values("Accept"))
	a.mediaType, a.single = negotiate(accept)
	a.events = accept.names(eventStream)
	if !a.single && !a.events {
		a.refuse(http.StatusNotAcceptable, "INVALID", "The answer can be %s, %s or %s; the Accept header allows none of them.", graphqlResponse, plainJSON, eventStream)
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
	h.answer(ctx, a, w, r)
}

func (h *Handler) answer(ctx context.Context, a *answer, w http.ResponseWriter, r *http.Request) {
	ctx, held := budget.Begin(ctx)
	defer held.Release()
	a.ctx = ctx
	request, problem := h.read(ctx, w, r)
	if problem != nil && problem.refused != nil {
		a.compose(execution.Refuse(problem.refused))
		a.write()
		return
	}
	if problem != nil {
		a.refuse(problem.status, "INVALID", "%s", problem.message)
		return
	}
	engine := h.Engine()
	if engine == nil {
		w.Header().Set("Retry-After", "1")
		a.refuse(http.StatusServiceUnavailable, "UNAVAILABLE", notReady)
		return
	}
	plan, refused := h.plan(ctx, engine, request)
	kind := ""
	if refused == nil {
		kind = plan.Kind()
	}
	switch {
	case r.Method == http.MethodGet && kind == mutation:
		w.Header().Set("Allow", "POST")
		a.refuse(http.StatusMethodNotAllowed, "INVALID", "A GET request may only read; send a mutation by POST.")
	case a.events && (kind == subscription || !a.single):
		h.serveEvents(ctx, a, r, plan, refused)
	case kind == subscription:
		a.refuse(http.StatusNotAcceptable, "INVALID", "A subscription is answered by events: accept %s, or open a WebSocket with the subprotocol %s.", eventStream, subprotocol)
	case refused != nil:
		a.compose(refused)
		a.write()
	default:
		a.query = kind == query
		h.execute(ctx, plan, a.compose)
		a.write()
	}
}

func (h *Handler) authenticate(r *http.Request) (context.Context, error) {
	if h.Context == nil {
		return r.Context(), nil
	}
	return h.Context(r)
}

func (h *Handler) refuseActor(a *answer, r *http.Request, err error) {
	shown := h.shown(r.Context(), err)
	status := statusOf(codeOf(shown))
	if status == http.StatusUnauthorized {
		a.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	a.composeAs(status, execution.Refuse(shown))
	a.write()
}

// shown is what a client gets to know of why it may not ask; the rest is logged.
func (h *Handler) shown(ctx context.Context, err error) *execution.Error {
	var shown execution.Presentable
	if !errors.As(err, &shown) {
		h.logger().ErrorContext(ctx, "authenticate a GraphQL request", "error", err)
		return errorf("INTERNAL", "Something went wrong on our side; the details are in the server's log.")
	}
	message, extensions := shown.GraphQLError()
	return &execution.Error{Message: message, Extensions: extensions}
}

// The kinds of operations.
const (
	query        = "query"
	mutation     = "mutation"
	subscription = "subscription"
)

func (h *Handler) logger() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}

func orDefault[T int | int64 | time.Duration](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}
