package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/openxrm/xrm/core"
)

// Gate is every address of a server that starts: it says that it lives, and
// refuses all else until the site is opened. Nobody is served by rules that are
// not known yet. Make one with NewGate.
type Gate struct {
	site    atomic.Pointer[Site]
	waiting atomic.Pointer[string]
	closed  http.Handler
}

var _ http.Handler = (*Gate)(nil)

// starting is what a server waits for, until it is said otherwise.
const starting = "The server is starting: it does not know yet which plugins are in force. Nothing was changed; try again in a second."

// NewGate makes one that is closed.
func NewGate() *Gate {
	g := &Gate{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		answerState(w, http.StatusServiceUnavailable, "not ready", g.reason())
	})
	mux.HandleFunc("/", g.refuse)
	g.closed = withRequestID(mux)
	return g
}

// Await says what the server waits for, to whoever asks meanwhile.
func (g *Gate) Await(err error) {
	if shown := (*core.Error)(nil); errors.As(err, &shown) {
		g.waiting.Store(&shown.Message)
	}
}

// Open lets requests in, from now on.
func (g *Gate) Open(s *Site) { g.site.Store(s) }

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s := g.site.Load(); s != nil {
		s.ServeHTTP(w, r)
		return
	}
	g.closed.ServeHTTP(w, r)
}

// Shutdown is that of the site.
func (g *Gate) Shutdown(ctx context.Context) error {
	if s := g.site.Load(); s != nil {
		return s.Shutdown(ctx)
	}
	return nil
}

func (g *Gate) reason() string {
	if told := g.waiting.Load(); told != nil {
		return *told
	}
	return starting
}

// refuse answers as the API does, which those who do not speak GraphQL can read
// too.
func (g *Gate) refuse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{
		map[string]any{"message": g.reason(), "extensions": map[string]any{"code": core.Unavailable}},
	}})
}
