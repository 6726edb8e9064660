package record

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Key says what something is asked for, so that it is done once: who comes with the key
// again gets the first answer. Each actor has keys of his own, and all who use a plugin
// share those of the plugin.
type Key struct {
	Name  string        // as the caller has chosen it; "" for none
	Asked string        // all that was asked for, in a form that can be compared; "" where nothing has to be
	Keep  time.Duration // how long it is known; core.KeyKept when 0
}

// NewKey is a key for something with arguments, as its caller has chosen it. One that
// cannot be kept is refused.
func NewKey(name, what string, arguments map[string]any) (Key, error) {
	if err := schema.CheckKey(name); err != nil {
		return Key{}, core.Refused(err)
	}
	asked, err := Asked(what, arguments)
	return Key{Name: name, Asked: asked}, err
}

// Asked says what something with arguments asks for, shorter than they do.
func Asked(what string, arguments map[string]any) (string, error) {
	encoded, err := json.Marshal([]any{what, arguments})
	if err != nil {
		return "", fmt.Errorf("compare what %s is asked for: %w", what, err)
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), nil
}

// kept is what is known of a key. It has no values of records: these are read again.
type kept struct {
	Asked   string `json:",omitempty"`
	Members []member
}

// member is a record that was written with a key.
type member struct {
	Entity string // or role
	ID     string
	Asked  string      `json:",omitempty"` // the id that was asked for, "" for a new record
	Done   core.Action `json:",omitempty"`
}

// once is what the store keeps of a key.
func (s *Session) once(k Key, members ...member) (core.Once, error) {
	if k.Name == "" {
		return core.Once{}, nil
	}
	result, err := json.Marshal(kept{Asked: k.Asked, Members: members})
	if err != nil {
		return core.Once{}, fmt.Errorf("keep what came of a key: %w", err)
	}
	o := core.Once{Key: s.stored(k), Result: result, Keep: k.Keep, ID: rand.Text()}
	if o.Keep == 0 {
		o.Keep = core.KeyKept
	}
	return o, nil
}

// stored is under which the store keeps a key.
func (s *Session) stored(k Key) string {
	whose := "user " + s.Actor.ID
	if s.Actor.Via != "" {
		whose = "plugin " + s.Actor.Via
	}
	sum := sha256.Sum256([]byte(whose + "\x00" + k.Name))
	return hex.EncodeToString(sum[:])
}

// doneWith returns what was done with a key, if anything was.
func (s *Session) doneWith(ctx context.Context, k Key) (what kept, done bool, err error) {
	value, version, err := s.Store.State(ctx, core.OnceOwner, s.stored(k))
	if err != nil || version == 0 {
		return what, false, err
	}
	if err := json.Unmarshal(value, &what); err != nil {
		return what, false, fmt.Errorf("read what came of a key: %w", err)
	}
	return what, true, nil
}

// answered gives the drafts their first answers that were made before with their keys, and
// returns the others.
func (s *Session) answered(ctx context.Context, e *schema.Entity, works []*work) (rest []*work) {
	for _, w := range works {
		if w.draft.Key.Name == "" {
			rest = append(rest, w)
			continue
		}
		switch done, err := s.answer(ctx, e, w); {
		case err != nil:
			*w.result = Result{Err: err}
		case !done:
			rest = append(rest, w)
		}
	}
	return rest
}

// overtook says whether another one with the key of a draft that has failed was faster: the
// answer to that is the answer.
func (s *Session) overtook(ctx context.Context, e *schema.Entity, w *work) bool {
	if !w.failed() || w.draft.Key.Name == "" {
		return false
	}
	done, err := s.answer(ctx, e, w)
	if core.CodeOf(err) == core.Conflict {
		w.result.Err = err // the key is of another request
	}
	return done
}

// answer gives a draft its answer from before, if there is one.
func (s *Session) answer(ctx context.Context, e *schema.Entity, w *work) (bool, error) {
	what, done, err := s.doneWith(ctx, w.draft.Key)
	if err == nil && done && (what.Asked != w.draft.Key.Asked || len(what.Members) != 1) {
		err = core.Refused(schema.OtherRequest(w.draft.Key.Name))
	}
	if err != nil || !done {
		return false, err
	}
	m := what.Members[0]
	found, err := s.writtenBefore(ctx, e, []string{m.ID})
	*w.result = Result{Done: m.Done, Err: err}
	if len(found) > 0 {
		w.result.Record = found[0]
	}
	return true, nil
}

// writtenBefore reads records that were written with a key, as they are now, as far as the
// actor sees them. Of one whose role was withdrawn it is what has no role.
func (s *Session) writtenBefore(ctx context.Context, e *schema.Entity, ids []string) ([]*core.Record, error) {
	all := core.Query{Filter: ByIDs(ids), First: -1, Deleted: true}
	found, err := s.Find(ctx, e, all)
	if err == nil && len(found) < len(ids) && e.IsRole() {
		all.Filter = ByIDs(slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
			return slices.ContainsFunc(found, func(r *core.Record) bool { return r.ID == id })
		}))
		var others []*core.Record
		others, err = s.Find(ctx, e.Stored(), all)
		found = append(found, others...)
	}
	if core.CodeOf(err) == core.Forbidden {
		err = nil
	}
	return found, err
}

// giveKeys puts the keys of drafts into their changes. On a store that needs several
// writes for that, a timer ends what is left of them if the process dies.
func (s *Session) giveKeys(ctx context.Context, e *schema.Entity, works []*work) (tries *tries, err error) {
	tries = s.newTries()
	for _, w := range works {
		m := member{Entity: e.Name, ID: w.change.After.ID, Asked: w.draft.ID, Done: w.result.Done}
		if w.change.Once, err = s.once(w.draft.Key, m); err != nil {
			return nil, err
		}
		if w.change.Once.Key != "" {
			tries.add(w.change.Once.ID, m)
		}
	}
	return tries, tries.remember(ctx)
}

// keepUnchanged keeps the keys of drafts that change nothing: what somebody else makes of
// the record until they come again stays.
func (s *Session) keepUnchanged(ctx context.Context, e *schema.Entity, works []*work) {
	s.step(works, func(w *work) error {
		if w.result.Done != Unchanged || w.draft.Key.Name == "" {
			return nil
		}
		once, err := s.once(w.draft.Key, member{Entity: e.Name, ID: w.change.After.ID, Asked: w.draft.ID, Done: Unchanged})
		if err != nil {
			return err
		}
		return s.Store.CommitAll(ctx, core.Batch{ID: once.ID, Once: once})[0]
	})
}

// isDone says whether a store has refused a change or batch because of its key.
func isDone(err error) bool {
	var ours *core.Error
	return errors.As(err, &ours) && ours.Code == core.Conflict && len(ours.Violations) > 0 && ours.Violations[0].Rule == "key"
}
