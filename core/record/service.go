package record

import (
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Service is the engine: all that reads or writes records goes through it.
// The fields are set once, by the program, before the first request.
type Service struct {
	Store Store

	Now    func() time.Time
	NewID  func() string
	Region string // the country (ISO 3166) whose national phone numbers are understood

	// Committed is told after every commit that something lies ready for
	// delivery. It must not block.
	Committed func()

	queue   queue
	guesses guesses
	lifted  sync.Map // counter → how far it has come at least, to leave the store alone where nothing is to be done
}

// Basis is what reads and writes are decided by: which entities there are, who
// may do what with them, and who is asked before a commit. It is a value and
// never changes: whatever starts with one, a request, an event or a run of a
// job, goes on with it to its end, and so does what it causes.
type Basis struct {
	Model  *schema.Model
	Policy Policy
	Hooks  []Hook // asked in this order, before every commit
}

// Session is the service for one actor on one basis.
type Session struct {
	*Service
	Basis
	Actor core.Actor

	// Reader is what the actor may, where Policy allows the session more than that:
	// by it errors are told, and hooks are asked. It is nil where there is no such
	// difference.
	Reader Policy
}

// As opens a session.
func (s *Service) As(a core.Actor, on Basis) *Session {
	return &Session{Service: s, Basis: on, Actor: a}
}
