package budget

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// step is how much a request takes from its key and the server at a time, so
// that they need not be asked for every record.
const step = 16 << 10

// pause is how long a client is asked to wait while others hold what there is.
const pause = 2 * time.Second

// Server is what all requests may hold. Safe for concurrent use.
type Server struct {
	limits Limits

	mu   sync.Mutex
	held int64
	keys map[string]int64 // what is held by each key that holds anything
}

// New makes a budget of which nothing is held.
func New(limits Limits) *Server { return &Server{limits: limits, keys: map[string]int64{}} }

// Held is how many bytes are held now.
func (s *Server) Held() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// Of returns a context in which requests are those of a key. A Server that is
// nil bounds nothing.
func (s *Server) Of(ctx context.Context, key string) context.Context {
	return s.as(ctx, owner{s, key, "The requests of your key", "a key"})
}

// OfPlugin returns a context in which requests are those that a plugin makes and
// answers. They have as much as those of a key.
func (s *Server) OfPlugin(ctx context.Context, name string) context.Context {
	return s.as(ctx, owner{s, core.PluginActor(name).ID, "The callbacks and endpoints of the plugin " + name, "a plugin"})
}

func (s *Server) as(ctx context.Context, o owner) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, ownerKey{}, o)
}

type (
	ownerKey   struct{}
	requestKey struct{}
)

type owner struct {
	server *Server
	key    string
	all    string // that it has, for a refusal
	kind   string // of owner
}

// Request is what one request holds. Nil, which is what a context without a
// server has, holds anything. Safe for concurrent use.
type Request struct {
	owner owner

	mu      sync.Mutex
	held    int64
	taken   int64 // from the key and the server, in steps
	refused error
}

// Begin returns a context in which to take is to hold for one request. Release
// must follow.
func Begin(ctx context.Context) (context.Context, *Request) {
	o, bounded := ctx.Value(ownerKey{}).(owner)
	if !bounded {
		return ctx, nil
	}
	r := &Request{owner: o}
	return r.Context(ctx), r
}

// Context returns a context that belongs to the request.
func (r *Request) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// Without returns a context in which nothing is counted: for what goes over many
// records and holds a few of them at a time.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, (*Request)(nil))
}

// From returns the request that a context belongs to, or nil.
func From(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// Take holds bytes until Release. An Invalid error says that no request may hold
// so many, a RateLimited one that others hold too many now; nothing is held
// additionally then.
func (r *Request) Take(bytes int64) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.take(bytes)
	if err != nil && r.refused == nil {
		r.refused = err
	}
	return err
}

func (r *Request) take(bytes int64) error {
	s, held := r.owner.server, r.held+bytes
	if limit := s.limits.Request; limit > 0 && held > limit {
		return &core.Error{Code: core.Invalid, Message: fmt.Sprintf(
			"The request would hold more than %s of memory, which is its limit: ask for fewer fields or a smaller page, or send less at once.", amount(limit))}
	}
	if held > r.taken {
		more := (held - r.taken + step - 1) / step * step
		if err := s.take(r.owner, more); err != nil {
			return err
		}
		r.taken += more
	}
	r.held = held
	return nil
}

// Refused is why bytes were refused first since the last Release; nil when none
// were.
func (r *Request) Refused() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// Held is how many bytes the request holds.
func (r *Request) Held() int64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

// Give gives back bytes that the request has taken.
func (r *Request) Give(bytes int64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= bytes
	left := (r.held + step - 1) / step * step
	r.owner.server.give(r.owner.key, r.taken-left)
	r.taken = left
}

// Release gives back all that the request holds. It may take again.
func (r *Request) Release() {
	if r == nil {
		return
	}
	r.Give(r.Held())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = nil
}

func (s *Server) take(o owner, bytes int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	const wait = "wait %d s and try again, or ask for fewer fields and smaller pages."
	switch {
	case s.limits.Key > 0 && s.keys[o.key]+bytes > s.limits.Key:
		return busy(o.all+" hold all of the %s of memory that "+o.kind+" may have at a time: "+wait, s.limits.Key)
	case s.limits.Server > 0 && s.held+bytes > s.limits.Server:
		return busy("The requests that run hold all of the %s of memory that there is for them: "+wait, s.limits.Server)
	}
	s.held += bytes
	s.keys[o.key] += bytes
	return nil
}

func busy(format string, limit int64) error {
	return &core.Error{Code: core.RateLimited, Message: fmt.Sprintf(format, amount(limit), int(pause.Seconds())), RetryAfter: pause}
}

func (s *Server) give(key string, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held -= bytes
	if s.keys[key] -= bytes; s.keys[key] == 0 {
		delete(s.keys, key)
	}
}

// amount is a number of bytes as people read it, rounded down.
func amount(bytes int64) string {
	if bytes >= 10<<20 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}
