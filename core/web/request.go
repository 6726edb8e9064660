package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"
)

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

// RequestID is the id of the request that a context belongs to; "" outside of
// one.
func RequestID(ctx context.Context) string {
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
				log.ErrorContext(r.Context(), "a request panicked", "request", RequestID(r.Context()), "panic", cause, "stack", string(debug.Stack()))
				http.Error(w, "Something went wrong on our side; the details are in the server's log under "+RequestID(r.Context())+".", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
