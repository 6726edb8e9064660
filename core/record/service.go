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
	Store  Store
	Policy Policy
	Hooks  []Hook // run in this order, before every commit

	Now    func() time.Time
	NewID  func() string
	Region string // the country (ISO 3166) whose national phone numbers are understood

	// Committed is told after every commit that something lies ready for
	// delivery. It must not block.
	Committed func()

	queue  queue
	lifted sync.Map // counter → how far it has come at least, to leave the store alone where nothing is to be done
}

// Session is the service for one request: an actor, and the model that the
// request started with, whatever happens to the catalog meanwhile.
type Session struct {
	*Service
	Model *schema.Model
	Actor core.Actor

	// Policy and Hooks hide those of the Service: core/party replaces them in a
	// session that no role binds.
	Policy Policy
	Hooks  []Hook
}

// As opens a session.
func (s *Service) As(a core.Actor, m *schema.Model) *Session {
	return &Session{Service: s, Policy: s.Policy, Hooks: s.Hooks, Model: m, Actor: a}
}
