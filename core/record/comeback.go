package record

import (
	"context"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// returning looks before a record comes back at those that were deleted with it, which
// come back too: what would keep one of them out refuses the restoration.
func (s *Session) returning(ctx context.Context, e *schema.Entity, w *work, dryRun bool) error {
	root := node{e.Stored(), w.change.After.ID}
	with, err := s.deletedWith(ctx, root)
	if err != nil || len(with) == 0 {
		return err
	}
	if failed := s.Unbound().comeBack(ctx, root, with, true); failed != nil {
		return s.inTheWay(ctx, e.Name, "restored", failed.node, "was deleted with it", failed.err)
	}
	w.comes = true
	if dryRun {
		return nil
	}
	return s.remember(ctx, w)
}

// failure is a record that could not be saved.
type failure struct {
	node
	err error
}

// comeBack restores what was deleted with a record, or with dryRun asks all rules. It
// returns the first that cannot come back, or nil.
func (s *Session) comeBack(ctx context.Context, root node, all []node, dryRun bool) (first *failure) {
	among := map[node]bool{root: true}
	for _, n := range all {
		among[n] = true
	}
	for e, some := range inRuns(all, func(n node) *schema.Entity { return n.e }) {
		drafts := make([]Draft, len(some))
		for i, n := range some {
			drafts[i] = Draft{Action: core.Restored, ID: n.id, among: among, within: true}
		}
		for i, r := range s.Save(ctx, e, drafts, dryRun) {
			if r.Err != nil && first == nil && !isLive(r.Err) {
				first = &failure{some[i], r.Err}
			}
		}
	}
	return first
}

// bringBack restores what was deleted with a record that lives.
func (s *Session) bringBack(ctx context.Context, root node) error {
	with, err := s.deletedWith(ctx, root)
	if err != nil {
		return err
	}
	if failed := s.comeBack(ctx, root, with, false); failed != nil {
		return fmt.Errorf("restore %s %s, which was deleted with %s %s: %w", failed.e.Name, failed.id, root.e.Name, root.id, failed.err)
	}
	return nil
}

// deletedWith finds the records that were deleted with one.
func (s *Session) deletedWith(ctx context.Context, root node) (all []node, err error) {
	for _, e := range s.cascading(root.e) {
		f := e.Field(schema.DeletedWithField)
		if f == nil {
			continue // whose plugin is gone
		}
		found, err := s.Store.Find(ctx, e, core.Query{
			Filter: schema.Filter{Path: schema.DeletedWithField, Op: schema.OpEq, Value: root.id, Field: f}, First: -1, Deleted: true, Only: []string{},
		})
		if err != nil {
			return nil, fmt.Errorf("look for %s that were deleted with %s: %w", e.Plural, root.e.Name, err)
		}
		for _, one := range found {
			if one.Deleted() {
				all = append(all, node{e, one.ID})
			}
		}
	}
	return all, nil
}

// cascading are the entities whose records may be deleted with one of an entity.
func (b Basis) cascading(e *schema.Entity) []*schema.Entity {
	known := map[*schema.Entity]bool{}
	var all []*schema.Entity
	for next := []*schema.Entity{e}; len(next) > 0; next = next[1:] {
		for _, r := range b.Model.ReferencesTo(next[0]) {
			if b.rule(r) == schema.DeleteCascade && !known[r.From] {
				known[r.From] = true
				all, next = append(all, r.From), append(next, r.From)
			}
		}
	}
	return all
}

// Taking are the stored entities with whose records those of an entity may be deleted:
// what they refer to by onDelete: cascade, and so on.
func (b Basis) Taking(e *schema.Entity) []*schema.Entity {
	known := map[*schema.Entity]bool{}
	var all []*schema.Entity
	for next := []*schema.Entity{e}; len(next) > 0; next = next[1:] {
		for _, r := range b.Model.References(next[0]) {
			if to := r.To.Stored(); b.rule(r) == schema.DeleteCascade && !known[to] {
				known[to] = true
				all, next = append(all, to), append(next, to)
			}
		}
	}
	return all
}

// undone takes back what was done of a deletion that has failed: if the record lives, so
// must what was deleted with it. If another deletion was faster, that holds, and takes
// what this one may have brought back.
func (s *Session) undone(ctx context.Context, root node, w *work) error {
	err := w.result.Err
	if core.CodeOf(err) == core.Unavailable {
		return err // it goes on by itself
	}
	ctx = context.WithoutCancel(ctx)
	lives, problem := s.lives(ctx, root)
	if problem == nil && lives {
		if problem = s.Unbound().bringBack(ctx, root); problem == nil {
			lives, problem = s.lives(ctx, root) // the other looks at what refers after it has deleted, and so does this one
		}
	}
	switch {
	case problem == nil && lives:
		s.forget(ctx, w)
	case problem == nil:
		_, problem = s.settle(ctx, root, true)
	}
	if problem != nil {
		return errors.Join(err, problem)
	}
	return err
}

func (s *Session) lives(ctx context.Context, n node) (bool, error) {
	found, err := s.Store.Find(ctx, n.e, core.Query{Filter: ByIDs([]string{n.id}), First: 1, Only: []string{}})
	if err != nil {
		return false, fmt.Errorf("look whether the %s lives: %w", n.e.Name, err)
	}
	return len(found) > 0, nil
}

// undo restores a record that was deleted while others began to refer to it, with all
// that was deleted with it. No rule is asked: it had better not have been deleted.
func (s *Session) undo(ctx context.Context, root node) error {
	unasked := *s.Unbound()
	unasked.Hooks = nil
	r := unasked.Save(ctx, root.e, []Draft{{Action: core.Restored, ID: root.id, within: true}}, false)[0]
	if r.Err != nil && !isLive(r.Err) {
		return fmt.Errorf("restore %s %s, which is referred to: %w", root.e.Name, root.id, r.Err)
	}
	return unasked.bringBack(ctx, root)
}

// revive restores a record that references are turned to.
func (s *Session) revive(ctx context.Context, w *work, id string) {
	for _, t := range w.change.Refers {
		if t.ID == id {
			_ = s.undo(ctx, node{t.Entity, id}) // or else the next look says what is wrong
			return
		}
	}
}

// isLive says whether a restoration was refused since the record lives.
func isLive(err error) bool {
	var ours *core.Error
	return errors.As(err, &ours) && ours.Code == core.Conflict && len(ours.Violations) == 0
}

// owner is the record that one was deleted with, or it itself.
func (s *Session) owner(ctx context.Context, n node, r *core.Record) (node, error) {
	id, _ := r.Values[schema.DeletedWithField].(string)
	if id == "" || n.e.Field(schema.DeletedWithField) == nil {
		return n, nil
	}
	for _, e := range s.Taking(n.e) {
		found, err := s.Store.Find(ctx, e, core.Query{Filter: ByIDs([]string{id}), First: 1, Deleted: true, Only: []string{}})
		if err != nil {
			return n, fmt.Errorf("find the %s that it was deleted with: %w", e.Name, err)
		}
		if len(found) > 0 {
			return node{e, id}, nil
		}
	}
	return n, nil
}
