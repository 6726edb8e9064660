package core

import (
	"context"
	"sync"
)

// request is what a store knows of all reads that one request makes.
type request struct {
	mu   sync.Mutex
	done bool
}

type requestKey struct{}

// OneRequest returns a context whose reads are those of one request. A store makes sure
// before the first of them that no batch is seen by half (record.Store), and for the
// others that has to be enough. Without it each read is a request of its own.
func OneRequest(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, &request{})
}

// HasBegun says whether BeforeRequest has done what it does in this request.
func HasBegun(ctx context.Context) bool {
	r, _ := ctx.Value(requestKey{}).(*request)
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// BeforeRequest calls do unless it went well before in this request.
func BeforeRequest(ctx context.Context, do func() error) error {
	r, _ := ctx.Value(requestKey{}).(*request)
	if r == nil {
		return do()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return nil
	}
	err := do()
	r.done = err == nil
	return err
}
