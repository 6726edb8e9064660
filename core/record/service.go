package record

import (
	"context"
	"fmt"
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
	Wait   func(ctx context.Context, d time.Duration) // until Now has gone on by so much, or the context ends; nil: by the machine's clock
	Region string                                     // the country (ISO 3166) whose national phone numbers are understood

	// Committed is told after every commit that something lies ready for
	// delivery. It must not block.
	Committed func()

	// Tenure tells by another value that the other instances may have gone on
	// without this one since, 0 that they may do so now. What was decided before is
	// not committed then. nil where there are no others.
	Tenure func() int64

	// Oldest is the least edition of a basis by which something may be committed:
	// what another instance changed while this one was away came with it. nil allows
	// all.
	Oldest func() int64

	// Timers bring to its end what takes several writes; nil: what is cut off goes on
	// only when it is asked for again.
	Timers Timers

	// Unknown is why records that refer to others may not be known at the moment. Then
	// nothing is deleted, merged or erased: what is not known would stay behind. nil
	// where all always are.
	Unknown func() error

	// Moving is why the records of a stored entity cannot be read, or not written, by
	// a definition: they are being migrated, or have the form of another version. It is
	// asked again when a read is done, and just before a commit. nil: they always can.
	Moving func(e *schema.Entity, write bool) error

	// Files knows what was uploaded; nil where nothing is.
	Files Files

	queue   queue
	guesses guesses
	reached sync.Map // name of a gapless sequence → a number up to which all are there
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

	Edition int64 // greater than that of every basis from before

	rules rules // those of a deletion that goes on, where the model has others by now
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

	tenure int64 // when the session was opened
	moves  bool  // it is what Moving keeps others away for
}

// As opens a session.
func (s *Service) As(a core.Actor, on Basis) *Session {
	session := &Session{Service: s, Basis: on, Actor: a}
	if s.Tenure != nil {
		session.tenure = s.Tenure()
	}
	return session
}

// Knowing refuses what would go around records that are not known.
func (s *Service) Knowing() error {
	if s.Unknown == nil {
		return nil
	}
	return s.Unknown()
}

// Migrating returns the session for who migrates the records that others are kept away
// from.
func (s *Session) Migrating() *Session {
	moves := *s
	moves.moves = true
	return &moves
}

func (s *Session) moving(e *schema.Entity, write bool) error {
	if s.Moving == nil || s.moves {
		return nil
	}
	return s.Moving(e.Stored(), write)
}

// lapsed refuses what was decided by rules that may not be those of now.
func (s *Session) lapsed(e *schema.Entity) error {
	if err := s.moving(e, true); err != nil {
		return err
	}
	current := s.Oldest == nil || s.Edition >= s.Oldest()
	if current && (s.Tenure == nil || s.tenure != 0 && s.Tenure() == s.tenure) {
		return nil
	}
	return &core.Error{
		Code:    core.Unavailable,
		Message: fmt.Sprintf("The %s was not saved: this server has lost touch with the database for a while, so others may have changed the rules. Try again in a second.", e.Name),
	}
}
