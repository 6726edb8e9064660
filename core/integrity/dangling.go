package integrity

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// MaxPart is how many records are looked at in one part at most.
const MaxPart = 1000

// Dangling is a reference that leads nowhere, to a party that was merged into another,
// or from a living record to a deleted one although its definition does not keep it.
type Dangling struct {
	Entity string // whose record refers
	ID     string
	Path   string // the storage path of the reference
	To     string // the entity or role that it refers to
	Target string // the id that it has
	Into   string // the party that the target was merged into; "" when there is none

	Deleted bool // the target is there, and deleted
}

// Part is what was found among some records.
type Part struct {
	Checked  int // records
	Dangling []Dangling
	Next     string // where the next part begins; "" when all was looked at
}

// Service looks for what should not be. Safe for concurrent use.
type Service struct {
	Records *record.Service
}

// Dangling looks at the references of some records, deleted ones included, from
// where the part before has ended: "" for the first one. The policy of the basis
// decides what is looked at; administrators see all. A reference to a deleted record
// is in order where its definition says onDelete: keep, and in a record that is deleted
// itself: both may be restored.
func (s *Service) Dangling(ctx context.Context, on record.Basis, a core.Actor, after string, first int) (Part, error) {
	if !slices.Contains(a.Roles, core.AdminRole) {
		return Part{}, &core.Error{Code: core.Forbidden, Message: "References are checked by administrators: the role " + core.AdminRole + "."}
	}
	session := s.Records.As(a, on)
	name, id, _ := strings.Cut(after, "/")
	part := Part{}
	for _, e := range referring(on.Model) {
		if e.Name < name {
			continue
		}
		q := core.Query{First: min(first, MaxPart) - part.Checked, Deleted: true}
		if e.Name == name && id != "" {
			q.After = []any{id}
		}
		found, err := session.Find(ctx, e, q)
		if err != nil {
			return Part{}, err
		}
		if err := part.look(ctx, session, e, found); err != nil {
			return Part{}, err
		}
		if len(found) == q.First {
			part.Next = e.Name + "/" + found[len(found)-1].ID
			return part, nil
		}
	}
	return part, nil
}

// referring are the stored entities that refer to any, by name.
func referring(m *schema.Model) []*schema.Entity {
	list := slices.DeleteFunc(slices.Clone(m.Stored()), func(e *schema.Entity) bool { return len(m.References(e)) == 0 })
	slices.SortFunc(list, func(a, b *schema.Entity) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// look looks at the references of records of one entity, with one query for each
// entity that they refer to.
func (p *Part) look(ctx context.Context, session *record.Session, e *schema.Entity, found []*core.Record) error {
	p.Checked += len(found)
	to, binds := map[*schema.Entity][]Dangling{}, map[string]bool{} // by path: whether the target must live
	for _, r := range session.Model.References(e) {
		binds[r.Path] = r.Rule() != schema.DeleteKeep
		for _, one := range found {
			for _, target := range record.ReferredTo(one.Values, r.Path) {
				stored := r.To.Stored()
				to[stored] = append(to[stored], Dangling{Entity: e.Name, ID: one.ID, Path: r.Path, To: r.To.Name, Target: target, Deleted: one.Deleted()})
			}
		}
	}
	for target, list := range to {
		into, err := targets(ctx, session, target, list)
		if err != nil {
			return fmt.Errorf("look for what %s refer to: %w", e.Plural, err)
		}
		for _, d := range list {
			at, exists := into[d.Target]
			bound := binds[d.Path] && !d.Deleted
			d.Into, d.Deleted = at.into, at.deleted
			switch {
			case d.Target == d.ID && exists: // what a duplicate says of itself has gone with it
			case !exists, d.Into != "", d.Deleted && bound:
				p.Dangling = append(p.Dangling, d)
			}
		}
	}
	slices.SortFunc(p.Dangling, func(a, b Dangling) int {
		return strings.Compare(a.Entity+" "+a.ID+" "+a.Path, b.Entity+" "+b.ID+" "+b.Path)
	})
	return nil
}

// state is what became of a record that is referred to.
type state struct {
	deleted bool
	into    string // the record that it was merged into
}

// targets are the records that are referred to, by id.
func targets(ctx context.Context, session *record.Session, target *schema.Entity, list []Dangling) (map[string]state, error) {
	ids := map[string]bool{}
	for _, d := range list {
		ids[d.Target] = true
	}
	into := map[string]state{}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(ids)), MaxPart) {
		found, err := session.Find(ctx, target, core.Query{Filter: record.ByIDs(some), First: -1, Deleted: true})
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			at := state{deleted: one.Deleted()}
			if target.KeepsRoles() && at.deleted {
				at.into, _ = one.Values[schema.MergedField].(string)
			}
			into[one.ID] = at
		}
	}
	return into, nil
}
