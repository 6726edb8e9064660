package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/schedule"
	"github.com/openxrm/xrm/schema"
)

// Records refer to owners in every way that the language knows, and to each other.
var referringEntities = []string{`
entity: owner
fields:
  name: {type: text}
  code: {type: text, unique: true}
  parent: {type: reference, to: owner, inverse: children}
`, `
entity: deed
fields:
  owner: {type: reference, to: owner}
`, `
entity: leaf
plural: leaves
fields:
  stock: {type: integer, index: true}
  owner: {type: reference, to: owner, onDelete: clear}
  others: {type: list, of: {type: reference, to: owner, onDelete: clear, inverse: otherLeaves}}
  rows: {type: list, of: {type: object, fields: {owner: {type: reference, to: owner, onDelete: clear, inverse: rowLeaves}, n: {type: integer}}}}
`, `
entity: part
fields:
  name: {type: text}
  code: {type: text, unique: true}
  owner: {type: reference, to: owner, required: true, onDelete: cascade}
  beside: {type: reference, to: part, onDelete: cascade, inverse: neighbors}
`, `
entity: piece
fields:
  part: {type: reference, to: part, onDelete: cascade}
  other: {type: reference, to: part, inverse: otherPieces}
`, `
entity: trace
fields:
  owner: {type: reference, to: owner, onDelete: keep}
`}

const seeing = `
role: visitor
owner: {read: true, create: true, update: true, delete: true, fields: {"*": write}}
leaf: {read: true, fields: {"*": read}}
`

var visitor = core.Actor{ID: "visitor-1", Roles: []string{"visitor"}}

// steps is a store that says before each step what is to come, and after a commit that
// it is made. An error is what the caller gets from it instead.
type steps struct {
	referringStore
	before func(step string) error
}

type referringStore interface {
	record.Store
	record.Timers
	schedule.Timers
}

func (s *steps) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	if err := s.before("find " + e.Name); err != nil {
		return nil, err
	}
	return s.referringStore.Find(ctx, e, q)
}

func (s *steps) Commit(ctx context.Context, e *schema.Entity, changes []core.Change) []error {
	fail := func(err error) []error {
		errs := make([]error, len(changes))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	what := string(changes[0].Action) + " " + e.Name
	if err := s.before("commit " + what); err != nil {
		return fail(err)
	}
	errs := s.referringStore.Commit(ctx, e, changes)
	if err := s.before("made " + what); err != nil {
		return fail(err)
	}
	return errs
}

func (s *steps) CommitAll(ctx context.Context, b core.Batch) []error {
	errs := make([]error, max(1, len(b.Steps)))
	err := s.before("commit batch")
	if err == nil {
		errs = s.referringStore.CommitAll(ctx, b)
		err = s.before("made batch")
	}
	for i := range errs {
		if err != nil {
			errs[i] = err
		}
	}
	return errs
}

func (s *steps) Schedule(ctx context.Context, t core.Timer) error {
	if err := s.before("schedule"); err != nil {
		return err
	}
	return s.referringStore.Schedule(ctx, t)
}

func (s *steps) Cancel(ctx context.Context, plugin, key string) (bool, error) {
	if err := s.before("cancel"); err != nil {
		return false, err
	}
	return s.referringStore.Cancel(ctx, plugin, key)
}

var errKilled = &core.Error{Code: core.Unavailable, Message: "The process was killed."}

// land is a model on a store with as many instances as one likes.
type land struct {
	*testing.T
	on    record.Basis
	model *schema.Model
	store referringStore
	ids   atomic.Int64
	now   time.Time
	waits atomic.Int64 // by how many nanoseconds the clock has gone on since now

	from string // the ids that are checked begin here: what lies before was checked
}

// onEachStore runs a test on each store. Each call of open empties the database.
func onEachStore(t *testing.T, test func(t *testing.T, open func(t *testing.T, hooks ...record.Hook) *land)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		test(t, func(t *testing.T, hooks ...record.Hook) *land { return newLand(t, open(t), hooks...) })
	})
}

func newLand(t *testing.T, s referringStore, hooks ...record.Hook) *land {
	t.Helper()
	return newLandOf(t, s, referringEntities, hooks...)
}

// newLandOf is a land with these entities.
func newLandOf(t *testing.T, s referringStore, entities []string, hooks ...record.Hook) *land {
	t.Helper()
	var sources []schema.Source
	for i, text := range entities {
		sources = append(sources, schema.Source{Layer: "site", File: fmt.Sprint(i, ".yaml"), Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(m, []schema.Source{{Layer: "site", File: "visitor.yaml", Data: []byte(seeing)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return &land{T: t, on: record.Basis{Model: m, Policy: roles, Hooks: hooks}, model: m, store: s, now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
}

// instance is another process on the same database, which does before each step what is
// said.
func (l *land) instance(before func(step string) error) *record.Service {
	if before == nil {
		before = func(string) error { return nil }
	}
	s := &steps{l.store, before}
	return &record.Service{
		Store: s, Timers: s, Now: func() time.Time { return l.now.Add(time.Duration(l.waits.Load())) },
		Wait: func(_ context.Context, d time.Duration) {
			_ = before("wait") // whoever is killed here is killed at the next step
			l.waits.Add(int64(d))
		},
		NewID: func() string { return fmt.Sprintf("id-%06d", l.ids.Add(1)) },
	}
}

func (l *land) by(s *record.Service, a core.Actor, entity string, d record.Draft) error {
	l.Helper()
	return s.As(a, l.on).Save(core.OneRequest(l.Context()), l.model.Entity(entity), []record.Draft{d}, false)[0].Err
}

func (l *land) try(entity string, d record.Draft) error {
	l.Helper()
	return l.by(l.instance(nil), admin, entity, d)
}

func (l *land) must(entity string, d record.Draft) {
	l.Helper()
	if err := l.try(entity, d); err != nil {
		l.Fatalf("%s %s: %v", d.Action, entity, err)
	}
}

func (l *land) create(entity string, set map[string]any) string {
	l.Helper()
	r := l.instance(nil).As(admin, l.on).Save(l.Context(), l.model.Entity(entity), []record.Draft{{Action: core.Created, Set: set}}, false)[0]
	if r.Err != nil {
		l.Fatalf("create %s: %v", entity, r.Err)
	}
	return r.Record.ID
}

func (l *land) get(entity, id string) *core.Record {
	l.Helper()
	found, err := l.store.Find(l.Context(), l.model.Entity(entity), core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil || len(found) != 1 {
		l.Fatalf("%s %s: %v, %v", entity, id, found, err)
	}
	return found[0]
}

// fire lets all timers fire, on another instance, until none is left.
func (l *land) fire() {
	l.Helper()
	for range 5 {
		due, err := l.store.DueTimers(l.Context(), record.TimerOwner, l.now.Add(time.Hour), 1000)
		if err != nil {
			l.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, timer := range due {
			if err := l.instance(nil).Resume(l.Context(), l.on, timer); err != nil {
				l.Fatalf("resume %s: %v", timer.Key, err)
			}
			if err := l.store.DoneTimer(l.Context(), timer.Plugin, timer.Key, timer.Rev); err != nil {
				l.Fatal(err)
			}
		}
	}
	l.Fatal("timers fire for ever")
}

// holds checks that no live record refers to one that does not live, unless it may.
func (l *land) holds() {
	l.Helper()
	lives := map[string]bool{}
	var records []*core.Record
	for _, e := range l.model.Stored() {
		since := schema.Filter{Path: "id", Op: schema.OpGte, Value: l.from, Field: schema.SystemFields[0]}
		found, err := l.store.Find(l.Context(), e, core.Query{Filter: since, First: -1})
		if err != nil {
			l.Fatal(err)
		}
		for _, r := range found {
			lives[r.ID] = true
		}
		records = append(records, found...)
	}
	for _, r := range records {
		for _, ref := range l.model.References(l.model.Entity(r.Entity)) {
			for _, to := range record.ReferredTo(r.Values, ref.Path) {
				if !lives[to] && ref.Rule() != schema.DeleteKeep {
					l.Errorf("the live %s %s refers by %s to %s, which is deleted", r.Entity, r.ID, ref.Path, to)
				}
			}
		}
	}
}

func said(err error) string {
	var ours *core.Error
	if !errors.As(err, &ours) {
		return fmt.Sprint(err)
	}
	text := []string{string(ours.Code), ours.Message}
	for _, v := range ours.Violations {
		text = append(text, v.Field+" "+v.Message)
	}
	return strings.Join(text, "\n")
}

func deletion(id string) record.Draft    { return record.Draft{Action: core.Deleted, ID: id} }
func restoration(id string) record.Draft { return record.Draft{Action: core.Restored, ID: id} }
