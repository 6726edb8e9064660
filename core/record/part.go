package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// part looks before the commit at what refers to the records that are to be deleted,
// and at what comes back with those that are restored: it refuses, or takes and clears
// (onDelete), and the record itself comes last. The commit of a store that can look at
// several records holds it all once more; on any other lookAgain does.
func (s *Session) part(ctx context.Context, e *schema.Entity, works []*work, dryRun bool) {
	if len(s.binding(e)) == 0 {
		return
	}
	s.step(alive(works), func(w *work) error {
		switch {
		case w.change.Action == core.Restored:
			return s.returning(ctx, e, w, dryRun)
		case w.change.Action != core.Deleted || w.draft.with != "":
			return nil
		}
		if err := s.Knowing(); err != nil {
			return err
		}
		return s.parting(ctx, e, w, dryRun)
	})
}

func (s *Session) parting(ctx context.Context, e *schema.Entity, w *work, dryRun bool) error {
	f, err := s.fateOf(ctx, node{e.Stored(), w.change.After.ID})
	if err != nil {
		return err
	}
	f.name = e.Name
	in, err := s.blockers(ctx, f)
	if err == nil && len(in) > 0 {
		err = s.referred(ctx, f, in)
	}
	if err != nil {
		return err
	}
	w.fate, w.change.Unreferred = f, s.binding(e)
	unbound := s.Unbound()
	if f.moves() {
		if err := unbound.carryOut(ctx, f, true); err != nil {
			return err
		}
	}
	if dryRun {
		return nil
	}
	if err := s.lapsed(e); err != nil {
		return err
	}
	if f.moves() || !s.Store.Joined() {
		if err := s.remember(ctx, w); err != nil {
			return err
		}
	}
	w.moved = w.moved || f.moves()
	return unbound.carryOut(ctx, f, false) // what it has done is undone by lookAgain, if something fails from here on
}

// carryOut deletes and clears what refers to a record, or with dryRun asks all rules.
func (s *Session) carryOut(ctx context.Context, f *fate, dryRun bool) error {
	for e, some := range inRuns(f.clear, func(l loose) *schema.Entity { return l.e }) {
		var drafts []Draft
		for _, l := range some {
			drafts = append(drafts, Draft{Action: core.Updated, ID: l.id, Redirect: &Redirect{From: l.to}, within: true})
		}
		if err := s.each(ctx, f, e, drafts, dryRun, "refers to it"); err != nil {
			return err
		}
	}
	backwards := slices.Clone(f.take)
	slices.Reverse(backwards)
	for e, some := range inRuns(backwards, func(n node) *schema.Entity { return n.e }) {
		var drafts []Draft
		for _, n := range some {
			drafts = append(drafts, Draft{Action: core.Deleted, ID: n.id, with: f.root.id, within: true})
		}
		if err := s.each(ctx, f, e, drafts, dryRun, "is deleted with it"); err != nil {
			return err
		}
	}
	return nil
}

// each saves what goes with a deletion. What is gone already needs no more.
func (s *Session) each(ctx context.Context, f *fate, e *schema.Entity, drafts []Draft, dryRun bool, which string) error {
	for i, r := range s.Save(ctx, e, drafts, dryRun) {
		if r.Err != nil && core.CodeOf(r.Err) != core.NotFound {
			return s.inTheWay(ctx, f.name, "deleted", node{e, drafts[i].ID}, which, r.Err)
		}
	}
	return nil
}

// inTheWay says which record a deletion or restoration came to its end at, if the
// actor may see it.
func (s *Session) inTheWay(ctx context.Context, name, done string, at node, which string, err error) error {
	why := "The " + at.e.Name + " " + at.id + ", which " + which + ", does not allow it."
	code, violations := core.CodeOf(err), schema.Violations(nil)
	seen, problem := s.asReader().Find(ctx, at.e, core.Query{Filter: ByIDs([]string{at.id}), First: 1, Deleted: true, Only: []string{}})
	ours, told := err.(*core.Error) //nolint:errorlint // what is wrapped is told to nobody
	switch {
	case problem != nil || len(seen) == 0:
		why = "A record which " + which + ", and which you may not see, does not allow it."
	case told:
		why, violations = "The "+at.e.Name+" "+at.id+" "+which+": "+ours.Message, ours.Violations
	}
	if code == core.Internal {
		return fmt.Errorf("%s %s, which %s: %w", at.e.Name, at.id, which, err)
	}
	return &core.Error{Code: code, Message: fmt.Sprintf("The %s was not %s. %s", name, done, why), Violations: violations, Cause: err}
}

// inRuns hands over what follows each other of one entity, some at a time.
func inRuns[T any](all []T, of func(T) *schema.Entity) func(yield func(*schema.Entity, []T) bool) {
	return func(yield func(*schema.Entity, []T) bool) {
		for len(all) > 0 {
			n := 1
			for n < len(all) && n < atOnce && of(all[n]) == of(all[0]) {
				n++
			}
			if !yield(of(all[0]), all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}
