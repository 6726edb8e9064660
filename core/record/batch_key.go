package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// members are what is kept under the key.
func (b *batch) members() []member {
	members := make([]member, len(b.works))
	for i, w := range b.works {
		members[i] = member{Entity: b.wishes[i].Entity.Name, ID: w.change.After.ID, Asked: w.draft.ID, Done: w.result.Done}
	}
	return members
}

// doneBefore answers with what came of a batch with this key, if there was one.
func (s *Session) doneBefore(ctx context.Context, b *batch, results []Result) (bool, error) {
	what, done, err := s.doneWith(ctx, b.key)
	if err != nil || !done {
		return false, err
	}
	members := what.Members
	same := what.Asked == b.key.Asked && slices.EqualFunc(members, b.wishes, func(m member, one Wish) bool { return m.Entity == one.Entity.Name && m.Asked == one.ID })
	if !same {
		return false, core.Refused(schema.OtherRequest(b.key.Name))
	}
	for _, p := range b.parts {
		if err := s.readMembers(ctx, p.e, b, members, results); err != nil {
			return false, err
		}
	}
	return true, nil
}

// readMembers reads the records of one entity as they are now. Of one that the actor does
// not see, or not any more, he learns no more than its id.
func (s *Session) readMembers(ctx context.Context, e *schema.Entity, b *batch, members []member, results []Result) error {
	var ids []string
	for i, one := range b.wishes {
		if one.Entity == e {
			ids = append(ids, members[i].ID)
		}
	}
	found, err := s.writtenBefore(ctx, e, ids)
	if err != nil {
		return err
	}
	for i, one := range b.wishes {
		if one.Entity != e {
			continue
		}
		results[i] = Result{Done: members[i].Done, Record: &core.Record{Entity: e.Stored().Name, ID: members[i].ID, Values: map[string]any{}}}
		for _, r := range found {
			if r.ID == members[i].ID {
				results[i].Record = r
			}
		}
	}
	return nil
}

// resumeBatch brings a batch to its end whose process has died, and looks whether what its
// records refer to lives still, as whoever commits does afterwards.
func (s *Service) resumeBatch(ctx context.Context, on Basis, i intent) error {
	for _, id := range i.Batches {
		if err := s.Store.EndBatch(ctx, id); err != nil {
			return err
		}
	}
	session := s.As(i.Actor, on).Unbound()
	for _, m := range i.Records {
		e := on.Model.Entity(m.Entity)
		if e == nil {
			return &core.Error{Code: core.Internal, Message: fmt.Sprintf("What was begun with the %s %s cannot go on: there is no such entity at the moment.", m.Entity, m.ID)}
		}
		found, err := s.Store.Find(ctx, e, core.Query{Filter: ByIDs([]string{m.ID}), First: 1})
		if err != nil {
			return err
		}
		for _, r := range found {
			w := &work{result: &Result{}, draft: &Draft{}, change: core.Change{Action: core.Created, After: r}}
			w.bindTo(on.Model.References(e))
			gone, err := session.living(ctx, []*work{w})
			if err != nil {
				return err
			}
			for _, n := range gone {
				if _, err := session.settle(ctx, n, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func batchOf(n int) string { return fmt.Sprintf("a batch of %d records", n) }
