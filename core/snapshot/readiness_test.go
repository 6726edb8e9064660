package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// numbered is what pets contribute when a name is a number.
func numbered() snapshot.Contribution {
	c := pets("oldestPet")
	c.Version = "2.0.0"
	c.Entities[0].Data = []byte(strings.Replace(petYAML, "{type: text}", "{type: integer}", 1))
	return c
}

// keep runs what makes the database ready until the test ends, and returns once
// it is.
func (w *world) keep() {
	w.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		w.readiness.Keep(ctx, func() { close(ready) })
	}()
	w.Cleanup(func() {
		stop()
		<-ended
	})
	select {
	case <-ready:
	case <-time.After(30 * time.Second):
		w.Fatalf("the database does not get ready:\n%s", w.log)
	}
}

func TestATypeThatChangedWhileTheDatabaseWasDownIsCheckedAgainstWhatIsStored(t *testing.T) {
	t.Parallel()
	first := newWorld(t, "", nil)
	first.admit(pets("oldestPet"))
	now := first.Current()
	if err := first.records.As(admin, now.Basis).Save(t.Context(), now.Model.Entity("pet"), []record.Draft{{Action: core.Created, Set: map[string]any{"name": "Rex"}}}, false)[0].Err; err != nil {
		t.Fatal(err)
	}

	first.store.down.Store(true)
	w := worldOn(t, first.store, "", nil) // the next start finds no database
	w.admit(pets("oldestPet"))            // as it is known from the run before
	before := w.Current()
	err := w.Admit(snapshot.Offer{Contribution: numbered()})
	const undecided = "The database cannot be reached, so nobody knows whether what is stored fits the changed types of fields. It is tried again."
	var shown *core.Error
	if !errors.As(err, &shown) || shown.Code != core.Unavailable || shown.Message != undecided || w.Current() != before {
		t.Errorf("Admit while nobody can look = %v, want UNAVAILABLE %s, and that everything is as before", err, undecided)
	}

	w.store.down.Store(false)
	w.keep()
	w.refused(numbered(), `the definitions of the plugin pets 2.0.0 do not fit: pet.yaml:3: field "name" was of type text and is of type integer now, but records of pet have values of it, and values are not converted; give the new field another name and leave the old one as it was (1 record)`)
	if err := w.readiness.Check(t.Context()); err != nil {
		t.Errorf("with the database back: %v", err)
	}
}

func TestAModelThatCannotBePreparedDoesNotBecomeCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.store.full.Store(true)
	before := w.Current()
	if err := w.Admit(snapshot.Offer{Contribution: pets("oldestPet")}); !errors.Is(err, errFull) {
		t.Errorf("Admit = %v, want that %v", err, errFull)
	}
	if w.Current() != before {
		t.Error("the snapshot has changed")
	}
}

func TestWhatAPluginOffersAgainIsNotPreparedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	for range 2 {
		w.admit(pets("oldestPet"))
	}
	if prepared := w.store.prepared.Load(); prepared != 2 {
		t.Errorf("prepared %d models, want 2: without the plugin, and with it", prepared)
	}
}

func TestAModelThatAsksNothingOfWhatIsStoredIsAdmittedWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.keep()
	w.store.down.Store(true)
	w.admit(pets("oldestPet"))
	if err := w.readiness.Check(t.Context()); err == nil || err.Error() != "the database is not prepared yet" {
		t.Errorf("ready: %v, want that the database is not prepared yet", err)
	}
	w.store.down.Store(false)
	w.keep()
	now := w.Current()
	if err := w.records.As(admin, now.Basis).Save(t.Context(), now.Model.Entity("pet"), []record.Draft{{Action: core.Created, Set: map[string]any{"name": "Rex"}}}, false)[0].Err; err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

// slow is a database that takes its time to be prepared.
type slow struct {
	snapshot.Database
	takes time.Duration
}

func (s slow) Prepare(context.Context, *schema.Model) error {
	time.Sleep(s.takes) // by the clock of the test
	return nil
}

func TestWhoWaitsForNewIndexesIsToldWhy(t *testing.T) {
	const told = `level=WARN msg="the database is being prepared: with many records, new indexes take minutes. Let it finish; what is stopped begins again with the next start"
level=INFO msg="the database is prepared" took=6m21s
`
	for takes, want := range map[time.Duration]string{4 * time.Second: "", 6*time.Minute + 21*time.Second: told} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}
			r := snapshot.NewReadiness(slow{takes: takes}, time.Second, nil, slog.New(slog.NewTextHandler(&log, timeless)))
			if err := r.Prepare(nil, &schema.Model{}); err != nil {
				t.Fatal(err)
			}
			if log.String() != want {
				t.Errorf("after %s the log is\n%s\nwant\n%s", takes, &log, want)
			}
		})
	}
}
