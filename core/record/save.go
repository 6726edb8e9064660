package record

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maxAttempts bounds how often a write starts over because another process
// changed the record in between.
const maxAttempts = 20

// Save is the only way a record changes:
//
//	load → apply → policy → validate → hooks → validate → part → commit (record, history entry, event)
//
// Hooks run between two validations: the first spares plugins from garbage,
// the second spares the store from plugins, of what they changed. What stays
// deleted is neither validated nor shown to hooks, until it is restored. The
// policy is asked three times: whether the actor sees the record, may write these
// fields of it as it is, and may leave it as it will be.
//
// The drafts are for one entity or role and independent of each other: each
// gets its own Result, in order. They go through each step together, so that
// a step costs one query or one call to a plugin, not one for each draft.
// With dryRun everything happens but the commit.
func (s *Session) Save(ctx context.Context, e *schema.Entity, drafts []Draft, dryRun bool) []Result {
	results := make([]Result, len(drafts))
	for _, round := range s.rounds(e, drafts) {
		works := make([]*work, len(round))
		for n, i := range round {
			works[n] = &work{draft: &drafts[i], result: &results[i]}
		}
		if works = s.save(ctx, e, works, dryRun); !dryRun {
			s.lookAgain(ctx, e, works)
		}
	}
	return results
}

// save takes drafts of different records through the pipeline, those that lost
// a race once more. It returns those that went there: others have an answer from before.
func (s *Session) save(ctx context.Context, e *schema.Entity, works []*work, dryRun bool) (saved []*work) {
	leave, err := s.queue.enter(ctx, s.keys(e, works))
	if err != nil {
		s.step(works, func(*work) error {
			return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("The %s was not saved: others were writing it all the time. Try again.", e.Name), Cause: err}
		})
		return nil
	}
	defer leave()
	if !dryRun {
		works = s.answered(ctx, e, works)
	}
	for attempt := 1; len(works) > 0; attempt++ {
		s.prepare(ctx, e, works, dryRun)
		s.part(ctx, e, works, dryRun)
		if !dryRun {
			s.commit(ctx, e, works)
		}
		var again []*work
		for _, w := range works {
			if w.again && attempt < maxAttempts {
				w.restart()
				again = append(again, w)
				continue
			}
			if !dryRun && s.overtook(ctx, e, w) {
				continue
			}
			s.finish(w)
			saved = append(saved, w)
		}
		works = again
	}
	return saved
}

// prepare makes of drafts what is to be committed.
func (s *Session) prepare(ctx context.Context, e *schema.Entity, works []*work, dryRun bool) {
	s.ration(e, works, isUpsert)
	s.load(ctx, e, works)
	s.step(works, func(w *work) error { return s.apply(e, w) })
	s.permit(ctx, e, works)
	s.takeFiles(ctx, e, works, false, dryRun)
	s.validate(ctx, e, works)
	s.permitted(ctx, e, works)
	changed := s.hooks(ctx, e, works)
	s.takeFiles(ctx, e, changed, true, dryRun)
	s.validate(ctx, e, changed)
	s.unique(ctx, e, works, dryRun)
}

// restart begins a draft anew that has lost a race.
func (w *work) restart() {
	*w = work{draft: w.draft, result: w.result, moved: w.moved, timer: w.timer}
	*w.result = Result{}
}

// step runs f for every draft that is still in the pipeline.
func (s *Session) step(works []*work, f func(*work) error) {
	for _, w := range works {
		if w.failed() {
			continue
		}
		if err := f(w); err != nil {
			w.result.Err = err
		}
	}
}

// alive lists the drafts that are still in the pipeline and change something.
func alive(works []*work) []*work {
	return slices.DeleteFunc(slices.Clone(works), func(w *work) bool { return w.failed() || w.result.Done == Unchanged })
}

// hooks hands copies of the changes to every hook. A hook sees what the ones
// before it made of them, and nothing of what stays deleted. It returns the
// drafts that a hook changed: the others were validated as they are.
func (s *Session) hooks(ctx context.Context, e *schema.Entity, works []*work) (changed []*work) {
	works = slices.DeleteFunc(alive(works), (*work).staysDeleted)
	for _, w := range works {
		w.judged = w.change.After.Values
	}
	on := s.Basis
	if s.Reader != nil {
		on.Policy = s.Reader // whoever is asked sees and does what he may in any other save
	}
	for _, h := range s.Hooks {
		living := alive(works)
		if len(living) == 0 {
			break
		}
		changes := make([]core.Change, len(living))
		for i, w := range living {
			changes[i] = w.change
			changes[i].Before, changes[i].After = w.change.Before.Clone(), w.change.After.Clone()
		}
		errs := h.BeforeSave(ctx, on, e.Stored(), changes)
		for i, w := range living {
			w.change.After.Values = changes[i].After.Values // the rest is not the hook's to change
			if errs != nil && errs[i] != nil {
				w.result.Err = errs[i]
			}
		}
	}
	for _, w := range works {
		if !reflect.DeepEqual(w.judged, w.change.After.Values) {
			changed = append(changed, w)
		}
	}
	return changed
}

// commit gives numbers and versions and hands the changes to the store.
func (s *Session) commit(ctx context.Context, e *schema.Entity, works []*work) {
	if e.Gapless() {
		s.step(works, func(*work) error { return s.lapsed(e) })
		s.commitInTurn(ctx, e, works)
		s.keepUnchanged(ctx, e, works)
		return
	}
	s.complete(ctx, e, works)
	s.keepUnchanged(ctx, e, works)
	s.hand(ctx, e, works)
}

// hand gives changes that are complete to the store.
func (s *Session) hand(ctx context.Context, e *schema.Entity, works []*work) {
	living := alive(works)
	if len(living) == 0 {
		return
	}
	tries, err := s.giveKeys(ctx, e, living)
	if err != nil {
		s.step(living, func(*work) error { return err })
		return
	}
	changes := make([]core.Change, len(living))
	for i, w := range living {
		changes[i] = w.change
	}
	errs := s.Store.Commit(ctx, e.Stored(), changes)
	uncertain := false
	for i, w := range living {
		if errs[i] == nil {
			continue
		}
		uncertain = uncertain || core.CodeOf(errs[i]) != core.Conflict
		w.result.Err = fmt.Errorf("save %s: %w", e.Name, errs[i])
		if !isDone(errs[i]) {
			s.explain(ctx, e, w, errs[i])
		}
	}
	if !uncertain && tries.end(ctx) == nil {
		tries.forget(ctx)
	}
	if s.Committed != nil {
		s.Committed()
	}
}

// complete gives numbers, and says what must hold at the moment of the write.
func (s *Session) complete(ctx context.Context, e *schema.Entity, works []*work) {
	s.step(works, func(*work) error { return s.lapsed(e) })
	s.leaveFiles(ctx, e, works)
	s.number(ctx, e.Stored(), works)
	s.bind(ctx, e, works)
}

// finish makes the result that the actor gets to see.
func (s *Session) finish(w *work) {
	if w.failed() {
		return
	}
	w.result.Record = w.change.After.Clone()
	if err := s.mask(w.result.Record); err != nil {
		*w.result = Result{Err: err}
	}
}

// rounds splits drafts so that no round has two of the same record: the second
// must see what the first did.
func (s *Session) rounds(e *schema.Entity, drafts []Draft) [][]int {
	var all [][]int
	turn := map[any]int{}
	for i, d := range drafts {
		var key any = d.ID
		if d.By != nil {
			key = [2]any{d.By.Name, s.keyOf(e, &d)}
		}
		n := 0
		if key != "" {
			n = turn[key]
			turn[key]++
		}
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], i)
	}
	return all
}

// keys names what the drafts write, for the queue of writers.
func (s *Session) keys(e *schema.Entity, works []*work) []string {
	var keys []string
	for _, w := range works {
		if w.draft.within {
			continue
		}
		if w.draft.Key.Name != "" {
			keys = append(keys, "key "+s.stored(w.draft.Key))
		}
		if w.draft.ID != "" {
			keys = append(keys, e.Stored().Name+"/"+w.draft.ID)
		} else if w.draft.By != nil {
			keys = append(keys, fmt.Sprintf("%s/%s=%s", e.Stored().Name, w.draft.By.StoragePath(), s.keyOf(e, w.draft)))
		}
	}
	return keys
}

// keyOf is the value by which an upsert finds its record, however it was written.
func (s *Session) keyOf(e *schema.Entity, d *Draft) string {
	if value, err := e.KeyIn(d.By, d.Set, s.Region); err == nil {
		return fmt.Sprint(value)
	}
	return fmt.Sprint(d.Set[d.By.StoragePath()])
}
