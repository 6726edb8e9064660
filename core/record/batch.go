package record

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Wish is a draft of a batch, for an entity or a role.
type Wish struct {
	Entity *schema.Entity
	Draft
}

// part are the drafts of a batch for one entity or role.
type part struct {
	e     *schema.Entity
	works []*work
}

// batch is what a call of Batch works on.
type batch struct {
	key    Key
	wishes []Wish
	works  []*work // in the order of the wishes
	parts  []part
	tries  *tries
}

// Batch creates and changes records of any entities, all of them or none. Each draft takes
// the way of Save, and gets its own Result, in order; err is that of the first that stood
// in the way.
//
// Of all that an actor asks for with one key one is made. Whoever asks again gets the
// records as they are by then. The drafts have no keys of their own.
func (s *Session) Batch(ctx context.Context, key Key, wishes []Wish, dryRun bool) (results []Result, err error) {
	results = make([]Result, len(wishes))
	b := &batch{key: key, wishes: wishes, tries: s.newTries()}
	b.sort(results)
	done := false
	if err = checkBatch(key.Name, wishes); err == nil && !dryRun && key.Name != "" {
		done, err = s.doneBefore(ctx, b, results)
	}
	if done {
		return results, nil
	}
	committed := false
	if err == nil {
		committed, err = s.batch(ctx, b, dryRun)
	}
	if isDone(err) {
		if done, err = s.doneBefore(ctx, b, results); done {
			return results, nil
		}
		if err == nil { // the key has ended since
			err = core.DoneBefore(key.Name)
		}
	}
	switch {
	case err != nil:
		for i := range results {
			results[i] = Result{Err: err}
		}
		return results, err
	case !committed && b.failed() >= 0:
		if !b.uncertain() {
			b.tries.forget(ctx)
		}
		return results, b.works[b.refuse()].result.Err
	}
	return results, s.settleBatch(ctx, b, dryRun)
}

// settleBatch looks again at what the store could not hold, and makes the results. What is
// committed may turn out not to be there any more.
func (s *Session) settleBatch(ctx context.Context, b *batch, dryRun bool) error {
	if dryRun || b.tries.end(ctx) == nil {
		defer b.tries.forget(ctx)
	}
	if !dryRun {
		for _, p := range b.parts {
			s.lookAgain(ctx, p.e, p.works)
		}
	}
	for _, w := range b.works {
		s.finish(w)
	}
	if at := b.failed(); at >= 0 {
		return b.works[at].result.Err
	}
	return nil
}

// sort makes the parts.
func (b *batch) sort(results []Result) {
	at := map[*schema.Entity]int{}
	for i := range b.wishes {
		one := &b.wishes[i]
		n, known := at[one.Entity]
		if !known {
			n = len(b.parts)
			at[one.Entity] = n
			b.parts = append(b.parts, part{e: one.Entity})
		}
		w := &work{draft: &one.Draft, result: &results[i]}
		b.works = append(b.works, w)
		b.parts[n].works = append(b.parts[n].works, w)
	}
}

// batch takes all drafts through the pipeline, from the start when they lost a race, and
// says whether they are committed.
func (s *Session) batch(ctx context.Context, b *batch, dryRun bool) (committed bool, err error) {
	var keys []string
	for _, p := range b.parts {
		keys = append(keys, s.keys(p.e, p.works)...)
	}
	leave, err := s.queue.enter(ctx, keys)
	if err != nil {
		return false, &core.Error{Code: core.Unavailable, Message: "Nothing was saved: others were writing the records all the time. Try again.", Cause: err}
	}
	defer leave()
	for attempt := 1; ; attempt++ {
		for _, p := range b.parts {
			s.prepare(ctx, p.e, p.works, dryRun)
		}
		s.together(b)
		if b.failed() >= 0 && !dryRun { // all that is wrong is told at once
			for _, p := range b.parts {
				s.unique(ctx, p.e, p.works, true)
			}
		}
		if b.failed() < 0 && !dryRun {
			committed, err = s.commitNumbered(ctx, b)
		}
		if committed || err != nil || attempt == maxAttempts || !b.again() {
			return committed, err
		}
		for _, w := range b.works {
			w.restart()
		}
	}
}

// commitNumbered gives numbers and commits, in its turn where the numbers must have no gap.
func (s *Session) commitNumbered(ctx context.Context, b *batch) (committed bool, err error) {
	var sequences []string
	for _, p := range b.parts {
		if p.e.Gapless() {
			sequences = append(sequences, s.sequencesOf(p.e, p.works...)...)
		}
	}
	leave, err := s.drawInTurn(ctx, "batch", sequences)
	if err != nil {
		return false, err
	}
	defer leave()
	for _, p := range b.parts {
		s.complete(ctx, p.e, p.works)
	}
	if b.failed() >= 0 {
		return false, nil
	}
	if committed, err = s.commitBatch(ctx, b); err != nil {
		return committed, err
	}
	for _, p := range b.parts {
		for _, w := range p.works {
			if err := s.noteDrawn(ctx, p.e, w, committed); err != nil {
				return committed, err
			}
		}
	}
	return committed, nil
}

// commitBatch hands all changes to the store.
func (s *Session) commitBatch(ctx context.Context, b *batch) (committed bool, err error) {
	to := core.Batch{ID: rand.Text()}
	var members []*work
	var entities []*schema.Entity
	for _, p := range b.parts {
		for _, w := range alive(p.works) {
			to.Steps = append(to.Steps, core.Step{Entity: p.e.Stored(), Change: w.change})
			members, entities = append(members, w), append(entities, p.e)
		}
	}
	if len(to.Steps) == 0 && b.key.Name == "" {
		return true, nil
	}
	if to.Once, err = s.once(b.key, b.members()...); err != nil {
		return false, err
	}
	b.tries.Records = nil
	for _, one := range to.Steps {
		b.tries.Records = append(b.tries.Records, member{Entity: one.Entity.Name, ID: one.After.ID})
	}
	b.tries.add(to.ID)
	if err := b.tries.remember(ctx); err != nil {
		return false, err
	}
	errs := s.Store.CommitAll(ctx, to)
	if s.Committed != nil {
		s.Committed()
	}
	if isDone(errs[0]) || len(members) == 0 {
		return errs[0] == nil, errs[0]
	}
	committed = true
	for i, w := range members {
		if errs[i] == nil {
			continue
		}
		committed = false
		w.result.Err = fmt.Errorf("save %s: %w", entities[i].Name, errs[i])
		s.explain(ctx, entities[i], w, errs[i])
	}
	return committed, nil
}

// failed is the first draft that is refused, -1 for none.
func (b *batch) failed() int {
	for i, w := range b.works {
		if w.failed() {
			return i
		}
	}
	return -1
}

// uncertain says whether something of the batch may have been left in the store.
func (b *batch) uncertain() bool {
	return slices.ContainsFunc(b.works, func(w *work) bool {
		code := core.CodeOf(w.result.Err)
		return code == core.Unavailable || code == core.Internal
	})
}

// again says whether all that stands in the way is that others were faster.
func (b *batch) again() bool {
	for _, w := range b.works {
		if w.failed() && !w.again {
			return false
		}
	}
	return b.failed() >= 0
}
