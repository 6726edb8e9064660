package forms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

func TestWhoWritesMeanwhileWins(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"name": "Mu\u0308ller", "note": "u\u0308", "needed": "y"})
		w.put("2", false, values{"name": "Mu\u0308ller", "needed": "y"})
		once := false
		w.on.Hooks = []record.Hook{hook(func(changes []core.Change) []error {
			if once {
				return nil
			}
			once = true
			for id, r := range map[string]*core.Record{"1": w.get("1"), "2": w.get("2")} { // another instance
				c := core.Change{Action: core.Updated, At: time.Now(), Before: r.Clone(), After: r}
				if r.Version++; id == "1" {
					r.Values["note"] = "new"
				} else {
					c.Action, r.DeletedAt = core.Deleted, time.Now()
				}
				if errs := w.Commit(w.Context(), w.contact(), []core.Change{c}); errs[0] != nil {
					w.Fatal(errs[0])
				}
			}
			return nil
		})}
		w.must()
		if r := w.get("1"); r.Values["note"] != "new" || r.Values["name"] != "Müller" || r.Version != 3 {
			w.Errorf("the record is %+v", r)
		}
		if r := w.get("2"); !r.Deleted() || r.Values["name"] != "Müller" || r.Version != 3 {
			w.Errorf("the deleted record is %+v", r)
		}
	})
}

func TestARuleMayRefuseARecord(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"name": "Mu\u0308ller", "needed": "y"})
		w.on.Hooks = []record.Hook{hook(func([]core.Change) []error {
			return []error{&core.Error{Code: core.Invalid, Message: "The contact is closed."}}
		})}
		w.must()
		if r := w.get("1"); r.Version != 1 || !strings.Contains(w.log.String(), `since it cannot be saved. Mend that, and change the record" entity=contact id=1 why="The contact is closed."`) {
			w.Errorf("it is %+v, and the log says %s", r, &w.log)
		}
	})
}

// The fields and records of a plugin that was not there get their forms when it is back.
func TestWhatNobodyKnewGetsItsFormOnceItIsKnown(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"name": "Müller", "needed": "y", "nick": "u\u0308"})
		w.put("2", false, values{"name": "Müller", "needed": "y"})
		w.must()
		w.start(contact+"  nick: {type: text}\n", visit, "entity: other\nfields: {name: {type: text}}\n")
		if !w.due() {
			w.Error("nothing is due")
		}
		w.must()
		if w.last.Done != 1 || w.get("1").Values["nick"] != "ü" || w.get("2").Version != 1 {
			w.Errorf("of %+v it is %+v", w.last, w.get("1"))
		}
		w.start(contact, visit)
		if w.due() {
			w.Error("it is due without the plugin")
		}
	})
}
