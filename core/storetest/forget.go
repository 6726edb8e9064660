package storetest

import "github.com/openxrm/xrm/core"

func forgetTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"what entries say about a person is gone wherever they lie": forgetEverywhere,
		"an entry that was forgotten stays so when it is moved":     forgetMoves,
		"other records keep theirs":                                 forgetApart,
	}
}

// personal are three changes of a thing, the latest last.
func (d *desk) personal() (*core.Record, []core.Entry) {
	d.t.Helper()
	first := d.creation(d.thing, values{
		"name": "Alps", "note": "met Ada", "email": "ada@example.com", "place": values{"city": "Ulm", "area": "2"},
		"lines": []any{values{"text": "for Ada", "quantity": "1"}, values{"text": "Ada"}},
	})
	second := d.next(core.Updated, first.After, values{"name": "Alps", "phone": "+49301234567", "place": values{"city": "Bonn"}, "lines": []any{values{"quantity": "1"}}})
	third := d.next(core.Updated, second.After, values{"name": "Andes", "note": "Ada again"})
	d.commit(d.thing, first)
	d.commit(d.thing, second)
	d.commit(d.thing, third)
	return third.After.Clone(), []core.Entry{first.Entry(d.thing), second.Entry(d.thing), third.Entry(d.thing)}
}

// forgotten are the entries of personal without the person.
func forgotten(entries []core.Entry) []core.Entry {
	one := []any{values{"quantity": "1"}}
	diffs := [][]core.Diff{
		{{Path: "email"}, {Path: "lines", To: one}, {Path: "name", To: "Alps"}, {Path: "note"}, {Path: "place.area", To: "2"}, {Path: "place.city"}},
		{{Path: "email"}, {Path: "lines", From: one, To: one}, {Path: "note"}, {Path: "phone"}, {Path: "place.area", From: "2"}, {Path: "place.city"}},
		{{Path: "lines", From: one}, {Path: "name", From: "Alps", To: "Andes"}, {Path: "note"}, {Path: "phone"}, {Path: "place.city"}},
	}
	left := make([]core.Entry, len(entries))
	for i, e := range entries {
		e.Diffs = diffs[i]
		left[len(left)-1-i] = e // latest first
	}
	return left
}

func forgetEverywhere(d *desk) {
	r, entries := d.personal()
	want := forgotten(entries)
	d.must(d.Append(d.ctx, entries[:2])) // the second is in both places
	d.must(d.Settle(d.ctx, entries[:1]))
	waits, dies := core.Delivery{Subscriber: "s", Event: entries[0].Event(), Due: d.clock}, core.Delivery{Subscriber: "s", Event: entries[1].Event(), Due: d.clock}
	d.enqueue(waits, dies)
	d.must(d.Bury(d.ctx, "s", dies.Event.ID, "no", d.now()))
	for _, time := range []string{"once", "twice"} {
		d.must(d.Forget(d.ctx, d.thing, []string{r.ID, d.id()}))
		d.same("history, forgotten "+time, d.history(d.thing, r.ID), want)
		pending := d.pending(10)
		d.same("pending", pending[len(pending)-1], want[0])
		found, err := d.Deliverable(d.ctx, "s", d.clock, 10)
		d.must(err)
		waits.Event = want[2].Event()
		d.same("deliverable", found, []core.Delivery{waits})
		d.same("dead letter", d.deadLetters(core.Delivery{}, 10)[0].Event, want[1].Event())
	}
	d.same("stored record", d.get(d.thing, r.ID), r)
}

func forgetMoves(d *desk) {
	r, entries := d.personal()
	d.must(d.Forget(d.ctx, d.thing, []string{r.ID}))
	d.relay(10)
	d.same("history", d.history(d.thing, r.ID), forgotten(entries))
}

func forgetApart(d *desk) {
	r, _ := d.personal()
	other, entries := d.personal()
	same := d.creation(d.person, values{"name": "Eva"})
	same.After.ID = r.ID // ids are unique by chance only, not by law
	d.commit(d.person, same)
	published := core.Delivery{Subscriber: "s", Due: d.clock, Event: core.Event{
		ID: d.id(), Topic: "plugin.told", Key: "thing/" + r.ID, Seq: 1, At: d.clock, Actor: actor(), Payload: []byte(`{"note":"Ada"}`),
	}}
	d.enqueue(published)
	d.must(d.Forget(d.ctx, d.thing, []string{r.ID}))
	d.same("history of another", d.history(d.thing, other.ID), []core.Entry{entries[2], entries[1], entries[0]})
	d.same("history of another entity", d.history(d.person, r.ID), []core.Entry{same.Entry(d.person)})
	found, err := d.Deliverable(d.ctx, "s", d.clock, 10)
	d.must(err)
	d.same("what a plugin has published", found, []core.Delivery{published})
}
