package record

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// member is a record of a batch: what is remembered of it.
type member struct {
	Entity string // or role
	ID     string
	Asked  string      `json:",omitempty"` // the id that was asked for, "" for a new record
	Done   core.Action `json:",omitempty"`
}

// batchKey is under which the store keeps the key of a batch. Each actor has keys of his
// own, and all who use a plugin share those of the plugin.
func (s *Session) batchKey(key string) string {
	if key == "" {
		return ""
	}
	whose := "user " + s.Actor.ID
	if s.Actor.Via != "" {
		whose = "plugin " + s.Actor.Via
	}
	sum := sha256.Sum256([]byte(whose + "\x00" + key))
	return hex.EncodeToString(sum[:])
}

// result is what is kept under the key. It has no values: these are read again.
func (b *batch) result() ([]byte, error) {
	if b.key == "" {
		return nil, nil
	}
	members := make([]member, len(b.works))
	for i, w := range b.works {
		members[i] = member{Entity: b.wishes[i].Entity.Name, ID: w.change.After.ID, Asked: w.draft.ID, Done: w.result.Done}
	}
	kept, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("keep what came of a batch: %w", err)
	}
	return kept, nil
}

// doneBefore answers with what came of a batch with this key, if there was one.
func (s *Session) doneBefore(ctx context.Context, b *batch, results []Result) (bool, error) {
	kept, version, err := s.Store.State(ctx, core.BatchOwner, b.key)
	if err != nil || version == 0 {
		return false, err
	}
	var members []member
	if err := json.Unmarshal(kept, &members); err != nil {
		return false, fmt.Errorf("read what came of a batch: %w", err)
	}
	same := slices.EqualFunc(members, b.wishes, func(m member, one Wish) bool { return m.Entity == one.Entity.Name && m.Asked == one.ID })
	if !same {
		return false, core.Refused(schema.OtherBatch())
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
	found, err := s.Find(ctx, e, core.Query{Filter: ByIDs(ids), First: -1, Deleted: true})
	if err != nil && core.CodeOf(err) != core.Forbidden {
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

// rememberBatch sets the timer that ends the batch if the process dies.
func (s *Session) rememberBatch(ctx context.Context, b *batch, to core.Batch) error {
	if s.Timers == nil || s.Store.Joined() {
		return nil
	}
	b.tries = append(b.tries, to.ID)
	if b.timer == "" {
		b.timer = "batch " + rand.Text()
	}
	i := intent{Actor: s.Actor, Batches: b.tries}
	for _, one := range to.Steps {
		i.Records = append(i.Records, member{Entity: one.Entity.Name, ID: one.After.ID})
	}
	payload, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("keep what is to be done: %w", err)
	}
	return s.Timers.Schedule(ctx, core.Timer{Plugin: TimerOwner, Key: b.timer, DueAt: s.Now().Add(lookLater), Payload: payload})
}

// endTries makes sure that all that is decided is applied. Where it cannot be, the timer
// has to stay, which goes on with it and shows it.
func (s *Session) endTries(ctx context.Context, b *batch) error {
	for _, id := range b.tries {
		if err := s.Store.EndBatch(context.WithoutCancel(ctx), id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) forgetBatch(ctx context.Context, b *batch) {
	if b.timer != "" {
		_, _ = s.Timers.Cancel(context.WithoutCancel(ctx), TimerOwner, b.timer) // or it fires, and finds nothing to do
	}
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
