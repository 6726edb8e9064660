package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/graphql/transport"
)

// handler is every address that the server answers at.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", s.graphql)
	mux.HandleFunc("/plugins/{name}/", s.servePlugin)
	mux.Handle("GET /metrics", s.serveMetrics())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answerState(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ready(r.Context()); err != nil {
			s.log.Debug("not ready", "error", err)
			answerState(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		answerState(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/graphql", http.StatusFound) })
	return withRequestID(recovered(s.log, mux))
}

// newGraphQL is the API at its address.
func (s *server) newGraphQL() *transport.Handler {
	return &transport.Handler{
		Engine:           func(*http.Request) *execution.Engine { return s.api.engine.Load() },
		Context:          s.authenticate,
		MaxBodyBytes:     int64(s.config.Limits.BodyBytes),
		MaxSubscriptions: s.config.Limits.Subscriptions,
		Timeout:          s.config.Timeout.Request,
		Log:              s.log,
	}
}

func answerState(w http.ResponseWriter, status int, state string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": state})
}

func (s *server) authenticate(r *http.Request) (context.Context, error) {
	actor, err := s.auth.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		return nil, err
	}
	return graphql.WithActor(r.Context(), actor), nil
}

type requestIDKey struct{}

// withRequestID gives every request an id, which the answer carries and the
// log mentions.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// recovered answers a panic with 500 and goes on serving. The one that means to
// break the connection goes on to do so.
func recovered(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				log.ErrorContext(r.Context(), "a request panicked", "request", requestID(r.Context()), "panic", cause, "stack", string(debug.Stack()))
				http.Error(w, "Something went wrong on our side; the details are in the server's log under "+requestID(r.Context())+".", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
