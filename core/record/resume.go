package record

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
)

// TimerOwner is whose the timers are that bring deletions and restorations of several
// records to their end. It is no name that a plugin can have.
const TimerOwner = "core:record"

// Timers keeps what is to be done later, whatever dies until then. core/schedule
// fires them: at least once, and again after a pause while one fails.
type Timers interface {
	Schedule(ctx context.Context, t core.Timer) error
	Cancel(ctx context.Context, plugin, key string) (bool, error)
}

// lookLater is when something is looked at again: later than whoever has read before a
// deletion can still write.
const lookLater = time.Minute

// intent is a deletion or a restoration that is under way.
type intent struct {
	Actor   core.Actor
	Entity  string // stored
	ID      string
	Action  core.Action
	Version int64 `json:",omitempty"` // that a deletion is of: if the record lives with another one, somebody has changed or restored it
	Took    bool  `json:",omitempty"` // others go with it
	Rules   rules `json:",omitempty"` // by which it was begun

	Key     Key      `json:",omitzero"`  // of a deletion
	Batches []string `json:",omitempty"` // of a batch, the attempts, instead of all that
	Records []member `json:",omitempty"`
}

// readIntent reads what a timer of TimerOwner is for.
func readIntent(t core.Timer) (i intent, err error) {
	if err := json.Unmarshal(t.Payload, &i); err != nil {
		return i, fmt.Errorf("read what the timer %s is for: %w", t.Key, err)
	}
	return i, nil
}

// remember keeps what is about to be done, so that it goes on by itself when the
// process is killed. Each draft has a timer of its own: it ends with the draft, and leaves
// alone what another one of the same record has begun.
func (s *Session) remember(ctx context.Context, w *work) error {
	if s.Timers == nil {
		return nil
	}
	n := node{s.Model.Entity(w.change.After.Entity), w.change.After.ID}
	if w.timer == "" {
		w.timer = n.e.Name + " " + n.id + " " + rand.Text()
	}
	payload, err := json.Marshal(intent{
		Actor: s.Actor, Entity: n.e.Name, ID: n.id, Action: w.change.Action, Version: w.change.Before.Version,
		Took: w.comes || w.fate != nil && w.fate.moves(), Key: w.draft.Key,
		Rules: s.rulesOf(n.e),
	})
	if err != nil {
		return fmt.Errorf("keep what is to be done: %w", err)
	}
	return s.Timers.Schedule(ctx, core.Timer{Plugin: TimerOwner, Key: w.timer, DueAt: s.Now().Add(lookLater), Payload: payload})
}

// forget gives up the timer of a draft that is done.
func (s *Session) forget(ctx context.Context, w *work) {
	if s.Timers != nil && w.timer != "" {
		_, _ = s.Timers.Cancel(context.WithoutCancel(ctx), TimerOwner, w.timer) // or it fires, and finds nothing to do
	}
}

// Resume brings a deletion or a restoration to its end, whose timer has fired: what is to
// go with a deleted record goes, by the rules of that time, a record that others refer to
// is restored, and with a living one lives what was deleted with it. For an entity that is
// not known here it is Internal: the timer fires again, and all others do not wait for it.
func (s *Service) Resume(ctx context.Context, on Basis, t core.Timer) error {
	i, err := readIntent(t)
	if err != nil {
		return err
	}
	if len(i.Batches) > 0 {
		return s.resumeBatch(ctx, on, i)
	}
	e := on.Model.Entity(i.Entity)
	if e == nil {
		return &core.Error{Code: core.Internal, Message: fmt.Sprintf("What was begun with the %s %s cannot go on: there is no such entity at the moment.", i.Entity, i.ID)}
	}
	on.rules = i.Rules
	session := s.As(i.Actor, on).Unbound()
	n := node{e, i.ID}
	found, err := s.Store.Find(ctx, e, core.Query{Filter: ByIDs([]string{i.ID}), First: 1, Deleted: true})
	if err != nil || len(found) == 0 {
		return err
	}
	r := found[0]
	made, overtaken := true, false
	if i.Version > 0 {
		if made, overtaken, err = s.isMade(ctx, e, i, r); err != nil || overtaken {
			return err
		}
	}
	switch {
	case !made && i.Action == core.Restored:
		return nil // others come back after the record itself
	case !made && r.Deleted():
		session.rules = nil // somebody else has deleted it since
		fallthrough
	case r.Deleted():
		_, err = session.settle(ctx, n, i.Took)
		return err
	case i.Action == core.Deleted && i.Took && r.Version == i.Version:
		d := Draft{Action: core.Deleted, ID: i.ID, IfVersion: i.Version, Key: i.Key}
		err := session.Save(ctx, e, []Draft{d}, false)[0].Err
		if err == nil || core.CodeOf(err) == core.Unavailable || core.CodeOf(err) == core.Internal {
			return err
		}
	}
	return session.bringBack(ctx, n)
}
