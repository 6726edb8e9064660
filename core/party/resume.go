package party

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// TimerOwner is whose the timers are that bring merges and erasures to their end.
// It is no name that a plugin can have.
const TimerOwner = "core:party"

// lookAgain is when something is looked at again: later than whoever has read
// before a merge can still write.
const lookAgain = time.Minute

// intent is what somebody wants done with a party, kept until it is.
type intent struct {
	Actor core.Actor
	Erase string `json:",omitempty"` // a party

	From    string `json:",omitempty"` // a duplicate, to be merged
	Into    string `json:",omitempty"`
	Version int64  `json:",omitempty"` // of the duplicate: if it lives with another one, somebody has restored or changed it
	Merged  bool   `json:",omitempty"` // it was, and is not again should somebody restore it
}

func (i intent) key() string {
	if i.Erase != "" {
		return "erase " + i.Erase
	}
	return "merge " + i.From
}

// readIntent reads what a timer of TimerOwner is for.
func readIntent(t core.Timer) (i intent, err error) {
	if err := json.Unmarshal(t.Payload, &i); err != nil {
		return i, fmt.Errorf("read what the timer %s is for: %w", t.Key, err)
	}
	return i, nil
}

// remember keeps what is about to be done, so that it goes on by itself when the
// process is killed.
func (s *Service) remember(ctx context.Context, i intent) error {
	if s.Records.Timers == nil {
		return nil
	}
	payload, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("keep what is to be done: %w", err)
	}
	return s.Records.Timers.Schedule(ctx, core.Timer{Plugin: TimerOwner, Key: i.key(), DueAt: s.Records.Now().Add(lookAgain), Payload: payload})
}

// forget gives up a merge that has failed while both parties live: whoever asked
// was told so, and asks again if he still wants it.
func (s *Service) forget(ctx context.Context, i intent) {
	if s.Records.Timers == nil {
		return
	}
	// If it cannot be forgotten it is done after all, which is what was asked for.
	_, _ = s.Records.Timers.Cancel(context.WithoutCancel(ctx), TimerOwner, i.key())
}

// Resume brings a merge or an erasure to its end, whose timer has fired. It looks
// again until nothing is left to do: who has read a reference to the duplicate
// before the merge may write it after. What cannot be done any more, such as a merge
// into a party that is deleted, is given up as long as nothing is lost by that.
func (s *Service) Resume(ctx context.Context, on record.Basis, t core.Timer) error {
	if err := s.Records.Knowing(); err != nil {
		return err
	}
	i, err := readIntent(t)
	if err != nil {
		return err
	}
	resume := s.resumeMerge
	if i.Erase != "" {
		resume = s.resumeErasure
	}
	left, err := resume(ctx, on, &i)
	if err == nil && left {
		err = s.remember(ctx, i)
	}
	return err
}

func (s *Service) resumeErasure(ctx context.Context, on record.Basis, i *intent) (left bool, err error) {
	result, err := s.erase(ctx, on, i.Actor, i.Erase, false, nil)
	if code := core.CodeOf(err); code == core.NotFound || code == core.Conflict {
		return false, nil // it is erased with the party that it was merged into
	}
	return result.Done != record.Unchanged, err
}

func (s *Service) resumeMerge(ctx context.Context, on record.Basis, i *intent) (left bool, err error) {
	g := s.newMerge(on, i.Actor, i.From, i.Into, false)
	last, first, err := g.destination(ctx)
	if err != nil {
		return false, err
	}
	if last == "" { // the duplicate lives
		if from, err := find(ctx, g.Session, g.e, i.From); i.Merged || err != nil || from[0].Version != i.Version {
			return false, err
		}
	}
	if last == "" || !i.Merged && last == i.Into && first == i.Into {
		result, err := g.run(ctx, nil)
		switch code := core.CodeOf(err); {
		case err == nil:
			i.Merged = true
			return result.Done != record.Unchanged, nil
		case last != "", code == core.Unavailable, code == core.Internal:
			return false, err // what is in the way may be gone next time
		}
		return false, nil
	}
	// Whatever else became of the party that it was merged into: what refers to the
	// duplicate refers to the one at the end.
	g.user, g.into = g.Session, last
	err = g.turnReferences(ctx)
	return g.turned, err
}

// destination finds the party that stands for the duplicate, at the end of a chain
// of merges: "" when it was merged into none, or into itself by two merges in
// opposite directions. first is the one that it was merged into itself.
func (g *merge) destination(ctx context.Context) (last, first string, err error) {
	known := map[string]bool{}
	for id := g.from; !known[id]; {
		known[id] = true
		found, err := find(ctx, g.Session, g.e, id)
		if err != nil {
			return "", "", err
		}
		into := g.e.MergedInto(found[0].Values)
		if !found[0].Deleted() || into == "" {
			return last, first, nil
		}
		if first == "" {
			first = into
		}
		last, id = into, into
	}
	return "", first, nil
}
