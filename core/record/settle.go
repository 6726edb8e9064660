package record

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// freshFor is how long it holds before a write that what it refers to lives: less than
// lookLater by more than an operation of a store may take.
const freshFor = 20 * time.Second

// letSettle is how long whoever deletes waits before looking at what refers by now. A write
// that is over sooner after it looked at its targets is seen then, and need not look again.
const letSettle = 25 * time.Millisecond

// bind says in the changes what they refer to anew. Of a draft that took long it looks
// once more whether that lives: so a write comes before the deletion of what it refers
// to is looked at the last time.
func (s *Session) bind(ctx context.Context, e *schema.Entity, works []*work) {
	refs := s.Model.References(e.Stored())
	if len(refs) == 0 {
		return
	}
	for _, w := range alive(works) {
		w.bindTo(refs)
		if len(w.change.Refers) == 0 || s.Store.Joined() || s.Now().Sub(w.change.At) <= freshFor {
			continue
		}
		if _, err := s.living(ctx, []*work{w}); err != nil {
			w.result.Err = err
		} else if w.leads != nil {
			w.again, w.result.Err, w.leads = true, stale(e), nil
		}
	}
}

// bindTo notes in the change what it refers to anew.
func (w *work) bindTo(refs []schema.Reference) {
	w.change.Refers = nil
	for _, r := range refs {
		for _, p := range newPointers(r, w.change) {
			if !w.goesAlong(r, p.id) {
				w.change.Refers = append(w.change.Refers, core.Target{Entity: r.To.Stored(), ID: p.id, Path: p.at})
			}
		}
	}
}

// living finds which of the records that the drafts refer to anew do not live, and notes
// them in the drafts.
func (s *Session) living(ctx context.Context, works []*work) (gone []node, err error) {
	lives := map[node]bool{} // false as long as it was not found
	eachTarget(works, func(_ *work, n node) { lives[n] = false })
	for e, ids := range byEntity(slices.Collect(maps.Keys(lives))) {
		found, err := s.Store.Find(ctx, e, core.Query{Filter: ByIDs(ids), First: -1, Only: []string{}})
		if err != nil {
			return nil, fmt.Errorf("look whether what is referred to lives: %w", err)
		}
		for _, r := range found {
			lives[node{e, r.ID}] = true
		}
	}
	eachTarget(works, func(w *work, n node) {
		if !lives[n] {
			w.leads = append(w.leads, n)
		}
	})
	for n, live := range lives {
		if !live {
			gone = append(gone, n)
		}
	}
	return gone, nil
}

func eachTarget(works []*work, do func(*work, node)) {
	for _, w := range works {
		for _, t := range w.change.Refers {
			if !w.failed() {
				do(w, node{t.Entity, t.ID})
			}
		}
	}
}

// lookAgain looks, after the commit, at what a store cannot hold in it: whether what was
// referred to lives still, unless a deletion sees the write for certain, and whether
// something refers by now to what was deleted. Of two writes at the same time the one that
// comes later sees the other, so one of them sets it right; and if its process is killed,
// a timer does.
func (s *Session) lookAgain(ctx context.Context, e *schema.Entity, works []*work) {
	if !s.Store.Joined() {
		now := s.Now()
		s.lookAtTargets(ctx, e, slices.DeleteFunc(slices.Clone(works), func(w *work) bool { return w.swift(now) }))
		if slices.ContainsFunc(works, func(w *work) bool { return w.leaves() }) && len(s.binding(e)) > 0 {
			s.wait(ctx, letSettle)
		}
	}
	for _, w := range works {
		switch {
		case w.moved && w.failed():
			w.result.Err = s.undone(ctx, node{e.Stored(), w.draft.ID}, w)
		case w.failed():
		case w.fate != nil && (w.moved || !s.Store.Joined()):
			s.lookAtReferrers(ctx, w)
		case w.comes:
			s.lookAtReturned(ctx, e, w)
		}
	}
}

// swift says whether a write is over, at this time, soon enough after it began. Who turns
// references has not looked at their target since. A clock that has stood still, or was
// put back, is found by the other one.
func (w *work) swift(now time.Time) bool {
	wall := now.Round(0).Sub(w.began.Round(0))
	return w.draft.Redirect == nil && max(now.Sub(w.began), wall) < letSettle
}

// leaves says whether the record has ceased to live.
func (w *work) leaves() bool {
	return !w.failed() && w.change.After.Deleted() && (w.change.Before == nil || !w.change.Before.Deleted())
}

// wait returns early when the context ends: what comes then fails.
func (s *Session) wait(ctx context.Context, d time.Duration) {
	if s.Wait != nil {
		s.Wait(ctx, d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Session) lookAtTargets(ctx context.Context, e *schema.Entity, works []*work) {
	gone, err := s.living(ctx, works)
	failed := map[node]error{}
	for _, n := range gone {
		_, failed[n] = s.settle(ctx, n, false)
	}
	s.step(works, func(w *work) error {
		if err != nil && len(w.change.Refers) > 0 {
			return err
		}
		for _, n := range w.leads {
			if failed[n] != nil {
				return failed[n]
			}
		}
		if len(w.leads) > 0 {
			return s.readAgain(ctx, e, w)
		}
		return nil
	})
}

// readAgain answers with the record as it is, since it may have been changed after the
// commit.
func (s *Session) readAgain(ctx context.Context, e *schema.Entity, w *work) error {
	found, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: ByIDs([]string{w.change.After.ID}), First: 1, Deleted: true})
	switch {
	case err != nil:
		return fmt.Errorf("read %s again: %w", e.Name, err)
	case len(found) == 0 || found[0].Deleted() && !w.change.After.Deleted():
		w.result.Record = nil
		return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The %s was not saved: what it refers to was deleted at the same moment, and it was deleted with that.", e.Name)}
	}
	w.change.After = found[0]
	s.finish(w)
	return nil
}

func (s *Session) lookAtReferrers(ctx context.Context, w *work) {
	f := w.fate
	restored, err := s.settle(ctx, f.root, w.moved)
	switch {
	case err != nil:
		w.result.Err = fmt.Errorf("look again at what refers to %s %s: %w", f.name, f.root.id, err)
	case restored:
		w.result.Record = nil
		w.result.Err = &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The %s was not deleted: somebody began to refer to it at the same moment. Look at what refers to it, and try again.", f.name)}
	case s.Store.Joined():
		s.forget(ctx, w)
	}
}

func (s *Session) lookAtReturned(ctx context.Context, e *schema.Entity, w *work) {
	root := node{e.Stored(), w.change.After.ID}
	err := s.Unbound().bringBack(ctx, root)
	if err == nil {
		_, err = s.settle(ctx, root, true) // if it was deleted meanwhile, that has not seen what came back since
	}
	if err != nil {
		w.result.Record = nil
		w.result.Err = fmt.Errorf("bring back what was deleted with %s %s: %w", e.Name, root.id, err)
		return
	}
	s.forget(ctx, w)
}

// settle brings together a record that is deleted and those that refer to it: what is to
// go with it goes, and where one refuses the record is restored with all that went with
// it. took says that others were deleted with it, to which others may refer as well.
func (s *Session) settle(ctx context.Context, n node, took bool) (restored bool, err error) {
	for range maxAttempts {
		found, err := s.Store.Find(ctx, n.e, core.Query{Filter: ByIDs([]string{n.id}), First: 1, Deleted: true})
		if err != nil || len(found) == 0 || !found[0].Deleted() {
			return err == nil && len(found) > 0, err
		}
		if isMerged(n.e, found[0]) {
			return false, s.turnLate(ctx, n)
		}
		root, err := s.owner(ctx, n, found[0])
		if err != nil {
			return false, err
		}
		if root != n {
			n, took = root, true
			continue
		}
		restored, done, err := s.settleOnce(ctx, n, took)
		if done || err != nil {
			return restored, err
		}
		took = true
	}
	return false, &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("Others refer to the %s all the time. Try again.", n.e.Name)}
}

// settleOnce says whether it is done: what has gone with the record may be referred to as
// well.
func (s *Session) settleOnce(ctx context.Context, n node, took bool) (restored, done bool, err error) {
	var others []node
	if took {
		if others, err = s.deletedWith(ctx, n); err != nil {
			return false, true, err
		}
	}
	f, err := s.fateOf(ctx, n, others...)
	if err != nil {
		return false, true, err
	}
	in, err := s.blockers(ctx, f)
	switch {
	case err != nil:
		return false, true, err
	case len(in) > 0:
		return true, true, s.undo(ctx, n)
	case !f.moves():
		return false, true, nil
	}
	switch err := s.Unbound().carryOut(ctx, f, false); {
	case err == nil:
		return false, false, nil
	case core.CodeOf(err) == core.Unavailable:
		return false, true, err
	}
	return true, true, s.undo(ctx, n) // a rule wants the other to stay, and so the record
}
