package file_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/record"
)

func TestWhatNoRecordHasIsGoneADayLater(t *testing.T) {
	onBothStores(t, func(w *world) {
		taken, left, twice := w.upload(admin, "taken", "1"), w.upload(admin, "left", "2"), w.upload(admin, "twice", "3")
		r := w.create(admin, map[string]any{"scan": taken.ID, "pages": []any{twice.ID}})
		second := w.create(admin, map[string]any{"pages": []any{twice.ID, twice.ID}})
		w.later(23 * time.Hour)
		w.wantContent("before the day is over", map[core.File]bool{taken: true, left: true, twice: true})
		w.later(2 * time.Hour)
		w.wantContent("a day later", map[core.File]bool{taken: true, left: false, twice: true})

		w.update(r.ID, map[string]any{"scan": nil, "pages": nil})
		w.later(23 * time.Hour)
		w.wantContent("just after it left the field", map[core.File]bool{taken: true, twice: true})
		w.later(2 * time.Hour)
		w.wantContent("a day after it left the field", map[core.File]bool{taken: false, twice: true})

		if _, err := w.save(admin, record.Draft{Action: core.Deleted, ID: second.ID}); err != nil {
			t.Fatal(err)
		}
		w.later(100 * time.Hour)
		w.wantContent("in a deleted record, which may be restored", map[core.File]bool{twice: true})
		if _, err := w.save(admin, record.Draft{Action: core.Restored, ID: second.ID}); err != nil {
			t.Fatal(err)
		}
		w.update(second.ID, map[string]any{"pages": nil})
		w.later(25 * time.Hour)
		w.wantContent("out of the last record", map[core.File]bool{twice: false})
		if left, err := w.Timers(t.Context(), file.Owner, 10, ""); len(left) > 0 || err != nil {
			t.Errorf("timers are left: %v, %v", left, err)
		}
	})
}

func TestWhatIsTakenJustBeforeItIsLookedAtStays(t *testing.T) {
	onBothStores(t, func(w *world) {
		f := w.upload(admin, "a", "1")
		w.clock = w.clock.Add(25 * time.Hour)
		r := w.create(admin, map[string]any{"scan": f.ID})
		w.fire()
		w.wantContent("when it fires", map[core.File]bool{f: true})
		w.later(25 * time.Hour)
		w.wantContent("a day later", map[core.File]bool{f: true})
		w.update(r.ID, map[string]any{"scan": nil})
		w.update(r.ID, map[string]any{"title": "x"})
		w.later(25 * time.Hour)
		w.wantContent("in the end", map[core.File]bool{f: false})
	})
}

// A record takes the file in the middle of its removal: either the file stays, or the
// write is refused.
func TestARemovalAndAWriteDoNotBothSucceed(t *testing.T) {
	onBothStores(t, func(w *world) {
		for step := range 4 {
			f := w.upload(admin, "race", strings.Repeat("x", step+1))
			w.clock = w.clock.Add(25 * time.Hour)
			var r *core.Record
			var refused error
			between := &interrupted{Store: w.Database, at: step, do: func() {
				r, refused = w.save(admin, record.Draft{Action: core.Created, Set: map[string]any{"scan": f.ID}})
			}}
			looking := *w.Service
			looking.Store = between
			if err := looking.Look(t.Context(), w.on, core.Timer{Plugin: file.Owner, Key: f.ID}); err != nil {
				t.Fatal(err)
			}
			switch {
			case between.at >= 0:
				t.Errorf("step %d: there is no such step", step)
			case refused == nil && (r == nil || !w.has(f.ID)):
				t.Errorf("step %d: the record has the file, and its content is gone", step)
			case refused != nil && core.CodeOf(refused) != core.Invalid:
				t.Errorf("step %d: %v; want INVALID", step, refused)
			}
		}
	})
}

// A process that dies between any two steps leaves nothing that a later look does not
// bring to its end, and takes nothing from a record.
func TestADeathBetweenAnyTwoStepsLosesNothingAndLeavesNothing(t *testing.T) {
	onBothStores(t, func(w *world) {
		for step := range 12 {
			w.clock = w.clock.Add(time.Minute)
			keep := w.upload(admin, "keep", strings.Repeat("k", step+1))
			r := w.create(admin, map[string]any{"pages": []any{keep.ID}})
			dying := &interrupted{Store: w.Database, at: step, dead: true}
			mortal := *w.Service
			mortal.Store = dying
			w.Records.Files = &mortal
			f, err := mortal.Upload(t.Context(), admin, file.Said{Name: "f"}, strings.NewReader(strings.Repeat("f", step+1)))
			id := dying.id
			if err == nil {
				id = f.ID
				_, err = w.save(admin, record.Draft{ID: r.ID, Set: map[string]any{"pages": []any{f.ID}}})
			}
			w.Records.Files = w.Service
			has := map[string]bool{}
			found, failed := w.Records.As(admin, w.on).Find(t.Context(), w.e, core.Query{Filter: record.ByIDs([]string{r.ID}), First: 1})
			if failed != nil {
				t.Fatal(failed)
			}
			for _, page := range found[0].Values["pages"].([]any) {
				has[core.FileOf(page.(map[string]any)).ID] = true
			}
			w.later(25 * time.Hour)
			w.later(25 * time.Hour)
			for _, one := range []string{keep.ID, id} {
				if one != "" && w.has(one) != has[one] {
					t.Errorf("death at step %d (%v): the record has the file: %v, the content is there: %v", step, err, has[one], w.has(one))
				}
			}
			if id != "" && !has[id] {
				if _, err := w.PutContent(t.Context(), id, strings.NewReader("")); err != nil {
					t.Errorf("death at step %d: a part of the content is left: %v", step, err)
				}
			}
			if left, err := w.Timers(t.Context(), file.Owner, 10, ""); len(left) > 0 || err != nil {
				t.Errorf("death at step %d: timers are left: %v, %v", step, left, err)
			}
		}
	})
}

// interrupted is a store at one of whose steps, counted from 0, something happens: do, or
// the process dies, so that nothing is done from then on.
type interrupted struct {
	file.Store
	at   int
	do   func()
	dead bool
	id   string // of the last content that was put
}

var errDead = errors.New("the process is dead")

// lethal ends whoever reads it.
type lethal struct{}

func (lethal) Read([]byte) (int, error) {
	runtime.Goexit()
	return 0, io.EOF
}

func (i *interrupted) step() error {
	i.at--
	switch {
	case i.dead && i.at < 0:
		return errDead
	case !i.dead && i.at == -1:
		i.do()
	}
	return nil
}

func (i *interrupted) State(ctx context.Context, owner, key string) ([]byte, int64, error) {
	if err := i.step(); err != nil {
		return nil, 0, err
	}
	return i.Store.State(ctx, owner, key)
}

func (i *interrupted) PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (int64, error) {
	if err := i.step(); err != nil {
		return 0, err
	}
	return i.Store.PutState(ctx, owner, key, value, ifVersion, expires)
}

func (i *interrupted) DeleteState(ctx context.Context, owner, key string, ifVersion int64) error {
	if err := i.step(); err != nil {
		return err
	}
	return i.Store.DeleteState(ctx, owner, key, ifVersion)
}

func (i *interrupted) PutContent(ctx context.Context, id string, from io.Reader) (int64, error) {
	i.id = id
	if err := i.step(); err != nil {
		if i.at == -1 { // it dies in the middle
			killed := make(chan struct{})
			go func() {
				defer close(killed)
				_, _ = i.Store.PutContent(ctx, id, io.MultiReader(strings.NewReader("half of"), lethal{}))
			}()
			<-killed
		}
		return 0, err
	}
	return i.Store.PutContent(ctx, id, from)
}

func (i *interrupted) RemoveContent(ctx context.Context, id string) error {
	if err := i.step(); err != nil {
		return err
	}
	return i.Store.RemoveContent(ctx, id)
}

func (i *interrupted) Schedule(ctx context.Context, t core.Timer) error {
	if err := i.step(); err != nil {
		return err
	}
	return i.Store.Schedule(ctx, t)
}

func (i *interrupted) Cancel(ctx context.Context, plugin, key string) (bool, error) {
	if err := i.step(); err != nil {
		return false, err
	}
	return i.Store.Cancel(ctx, plugin, key)
}

// stubborn does not remove contents the first time.
type stubborn struct {
	file.Store
	id   string
	done bool
}

func (s *stubborn) RemoveContent(ctx context.Context, id string) error {
	if !s.done {
		s.id, s.done = id, true
		return errors.New("input/output error")
	}
	return s.Store.RemoveContent(ctx, id)
}

func TestWhatCannotBeRemovedAtOnceIsRemovedByTheTimer(t *testing.T) {
	onBothStores(t, func(w *world) {
		stubborn := &stubborn{Store: w.Service.Store}
		w.Service.Store = stubborn
		_, err := w.Upload(t.Context(), admin, file.Said{Name: "a.pdf", SHA256: strings.Repeat("0", 64)}, strings.NewReader("another content"))
		if err == nil || !stubborn.done || !w.has(stubborn.id) {
			t.Fatalf("the upload ends with %v, and its content is there: %t", err, w.has(stubborn.id))
		}
		w.later(25 * time.Hour)
		if w.has(stubborn.id) {
			t.Error("its content is still there a day later")
		}
	})
}
