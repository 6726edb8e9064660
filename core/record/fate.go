package record

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// MaxCascade is how many records a deletion takes or clears at most: they are
// looked at before the first is written.
const MaxCascade = 10_000

// atOnce is how many records are read, or looked for, at a time.
const atOnce = 200

// node is a record by its stored entity and its id.
type node struct {
	e  *schema.Entity
	id string
}

// loose is a reference that is cleared.
type loose struct {
	node
	to string
}

// fate is what becomes of the records that refer to one that is deleted, or to one
// that is deleted with it (onDelete).
type fate struct {
	root    node
	name    string // of the view by which it is deleted, for messages
	take    []node // deleted with it, those that refer to others of them later
	clear   []loose
	refuses []standing // what may stand in the way
	taken   map[node]bool
}

// standing is a reference that refuses, and the records that it may lead to.
type standing struct {
	schema.Reference
	to []string
}

func (f *fate) moves() bool { return len(f.take)+len(f.clear) > 0 }

// binding are the references to an entity's records that are not simply kept.
func (b Basis) binding(e *schema.Entity) []schema.Reference {
	return slices.DeleteFunc(slices.Clone(b.Model.ReferencesTo(e.Stored())), func(r schema.Reference) bool { return b.rule(r) == schema.DeleteKeep })
}

// fateOf looks at what refers to a record, and at what refers to that where it is
// taken. Others, which were taken before, are looked at as well. The records are those
// of the store: what the actor sees does not matter.
func (s *Session) fateOf(ctx context.Context, root node, others ...node) (*fate, error) {
	f := &fate{root: root, name: root.e.Name, taken: map[node]bool{root: true}}
	level := append([]node{root}, others...)
	for _, one := range others {
		f.taken[one] = true
	}
	for len(level) > 0 {
		before := len(f.take)
		for e, ids := range byEntity(level) {
			for _, r := range s.binding(e) {
				if err := s.follow(ctx, f, r, ids); err != nil {
					return nil, err
				}
			}
		}
		level = slices.Clone(f.take[before:])
	}
	f.clear = slices.DeleteFunc(f.clear, func(l loose) bool { return f.taken[l.node] })
	return f, nil
}

// follow notes what becomes of those who refer to these records by one reference.
func (s *Session) follow(ctx context.Context, f *fate, r schema.Reference, ids []string) error {
	if s.rule(r) == schema.DeleteRefuse {
		f.refuses = append(f.refuses, standing{r, ids})
		return nil
	}
	for found, err := range s.referrers(ctx, r, ids) {
		if err != nil {
			return err
		}
		for _, one := range found {
			f.note(r, s.rule(r), ids, one)
		}
		if len(f.take)+len(f.clear) > MaxCascade {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf(
				"The %s was not deleted: more than %d records would be deleted or changed with it. Delete some of them before.", f.name, MaxCascade)}
		}
	}
	return nil
}

// note is what becomes of one record that refers.
func (f *fate) note(r schema.Reference, rule string, ids []string, one *core.Record) {
	n := node{r.From, one.ID}
	if rule == schema.DeleteCascade {
		if !f.taken[n] {
			f.taken[n] = true
			f.take = append(f.take, n)
		}
		return
	}
	for _, to := range ReferredTo(one.Values, r.Path) {
		if slices.Contains(ids, to) {
			f.clear = append(f.clear, loose{n, to})
		}
	}
}

// referrers hands over the live records that refer to any of these, a page at a time in
// the order of their ids, with what they refer to. They may change meanwhile. An error
// comes alone, and last.
func (s *Session) referrers(ctx context.Context, r schema.Reference, ids []string) iter.Seq2[[]*core.Record, error] {
	return func(yield func([]*core.Record, error) bool) {
		q := core.Query{Filter: r.In(ids...), First: atOnce, Only: []string{r.Path}}
		for {
			found, err := s.Store.Find(ctx, r.From, q)
			if err != nil {
				yield(nil, fmt.Errorf("look for %s that refer: %w", r.From.Plural, err))
				return
			}
			if len(found) > 0 && !yield(found, nil) || len(found) < atOnce {
				return
			}
			q.After = []any{found[len(found)-1].ID}
		}
	}
}

// blockers are the references by which live records refuse the deletion, those that are
// taken with it aside.
func (s *Session) blockers(ctx context.Context, f *fate) ([]standing, error) {
	var all []standing
	for _, one := range f.refuses {
		stands := false
		for found, err := range s.referrers(ctx, one.Reference, one.to) {
			if err != nil {
				return nil, err
			}
			if stands = slices.ContainsFunc(found, func(r *core.Record) bool { return !f.taken[node{one.From, r.ID}] }); stands {
				break
			}
		}
		if stands {
			all = append(all, one)
		}
	}
	return all, nil
}

// byEntity hands over the ids of each entity's records, some at a time.
func byEntity(nodes []node) iter.Seq2[*schema.Entity, []string] {
	return func(yield func(*schema.Entity, []string) bool) {
		var order []*schema.Entity
		ids := map[*schema.Entity][]string{}
		for _, n := range nodes {
			if ids[n.e] == nil {
				order = append(order, n.e)
			}
			ids[n.e] = append(ids[n.e], n.id)
		}
		for _, e := range order {
			for some := range slices.Chunk(ids[e], atOnce) {
				if !yield(e, some) {
					return
				}
			}
		}
	}
}
