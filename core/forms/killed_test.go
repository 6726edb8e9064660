package forms_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/forms"
	"github.com/openxrm/xrm/core/record"
)

func TestAKilledJobGoesOnWhereItWas(t *testing.T) {
	onBothStores(t, func(w *world) {
		const n = 350
		for i := range n {
			w.put(fmt.Sprintf("c%03d", i), false, values{"name": fmt.Sprintf("u\u0308%d", i), "needed": "y"})
		}
		asked := map[string]int{}
		down := &core.Error{Code: core.Unavailable, Message: "The plugin is down."}
		kill := true
		w.on.Hooks = []record.Hook{hook(func(changes []core.Change) []error {
			errs := make([]error, len(changes))
			for i, c := range changes {
				if c.Actor.ID == forms.Owner {
					asked[c.After.ID]++
				}
				if kill && c.After.ID == "c250" {
					errs[i] = down
				}
			}
			return errs
		})}
		if err := w.do(); core.CodeOf(err) != core.Unavailable || !errors.Is(err, down) || !strings.Contains(err.Error(), "c250") {
			w.Fatalf("it ends with %v", err)
		}
		if w.last.Done != 200 || w.last.Total != n || !w.due() {
			w.Errorf("it is at %+v", w.last)
		}
		kill = false
		w.job = &forms.Service{Records: w.records, State: w.store, Log: w.job.Log} // of another process
		w.must()
		if w.last.Done != n || w.last.Total != n {
			w.Errorf("it ends at %+v", w.last)
		}
		for i := range n {
			id := fmt.Sprintf("c%03d", i)
			if r := w.get(id); r.Version != 2 || r.Values["name"] != fmt.Sprintf("ü%d", i) || asked[id] > 2 || i < 200 && asked[id] != 1 {
				w.Fatalf("%s was written %d times: %v", id, asked[id], r)
			}
		}
	})
}

func TestAJobThatIsKilledAtAnyWriteIsFinishedByTheNext(t *testing.T) {
	const n = 101 // more than are read at once
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		for step, died := 0, true; died; step++ {
			w := newWorld(t, open(t))
			var all []core.Change
			for i := range n {
				r := &core.Record{Entity: "contact", ID: fmt.Sprintf("c%03d", i), Version: 1, Values: values{"name": fmt.Sprintf("u\u0308%d", i), "code": fmt.Sprintf("c%d", i), "needed": "y"}}
				if i%10 == 9 {
					r.DeletedAt = time.Now()
				}
				all = append(all, core.Change{Action: core.Created, At: time.Now(), After: r})
			}
			all[4].After.Values["code"] = "c3\u200b" // which would be that of another
			if err := errors.Join(w.Commit(t.Context(), w.contact(), all)...); err != nil {
				t.Fatal(err)
			}
			m := &mortal{store: w.store, at: step}
			w.records.Store, w.job.State = m, m
			err := w.do()
			if died = m.dead; !died && (err != nil || step < 15) {
				t.Fatalf("not killed in %d moments, it ends with %v; want more moments, and no error", step, err)
			}
			if died && core.CodeOf(err) != core.Unavailable {
				t.Fatalf("killed at %d it ends with %v", step, err)
			}

			w.records = &record.Service{Store: w.store, Now: time.Now, Region: "DE"}
			w.start(contact, visit)
			note := w.must()
			if !strings.HasSuffix(note, "; values that are not in it, which the log names: 1") {
				t.Errorf("killed at %d, the next says %q; want one value that is not in its form", step, note)
			}
			found, err := w.Find(t.Context(), w.contact(), core.Query{First: -1, Deleted: true})
			if err != nil || len(found) != n {
				t.Fatal(len(found), err)
			}
			for i, r := range found {
				want := values{"name": fmt.Sprintf("ü%d", i), "code": fmt.Sprintf("c%d", i), "needed": "y"}
				if i == 4 {
					want["code"] = "c3\u200b"
				}
				if diff := cmp.Diff(want, r.Values); diff != "" || r.Version != 2 || r.Deleted() != (i%10 == 9) {
					t.Fatalf("killed at %d, %s is at version %d, deleted %v (-want +got):\n%s", step, r.ID, r.Version, r.Deleted(), diff)
				}
			}
			if !strings.Contains(w.log.String(), "entity=contact id=c004 field=code value=c3 other=c003\n") {
				t.Errorf("killed at %d, the log does not name what is left:\n%s", step, &w.log)
			}
		}
	})
}
