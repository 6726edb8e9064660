package integrity_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
)

func TestDuplicatesThatLeadNowhereAreFound(t *testing.T) {
	onBothStores(t, func(w *world) {
		put := func(id string, deleted bool, into string) {
			values := map[string]any{"kind": "person", "displayName": id}
			if into != "" {
				values["mergedInto"] = into
			}
			w.put("party", id, deleted, values)
		}
		put("a", false, "")
		put("b", true, "a")
		put("c", true, "b")
		put("d", true, "gone")
		put("e", true, "d")
		put("f", true, "g")
		put("g", true, "f")
		put("h", true, "f")
		put("i", true, "j") // whose party was deleted since, and may be restored
		put("j", true, "")
		const lost = ": its id and its unique values lead nowhere; restore that one from a backup"
		const circle = ", which leads back in a circle, so none of them stands for the others; merge one of them again into another, which restores that"
		w.finds(
			"LOST party d: it was merged into gone, which does not exist"+lost,
			"LOST party e: it was merged into d, and that at last into gone, which does not exist"+lost,
			"LOST party f: it was merged into g"+circle,
			"LOST party g: it was merged into f"+circle,
			"LOST party h: it was merged into f"+circle,
		)
	})
}

func TestWhatDidNotComeBackWithTheRecordThatItWasDeletedWithIsFound(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.become("entity: house\nfields: {name: {type: text}}\n", "entity: room\nfields: {house: {type: reference, to: house, onDelete: cascade}}\n",
			"entity: chair\nfields: {room: {type: reference, to: room, onDelete: cascade}}\n")
		w.prepare()
		w.put("house", "1", false, map[string]any{"name": "lives"})
		w.put("house", "2", true, map[string]any{"name": "is gone"})
		w.put("room", "1", true, map[string]any{"house": "1", "deletedWith": "1"})
		w.put("room", "2", true, map[string]any{"house": "2", "deletedWith": "2"})
		w.put("room", "3", true, map[string]any{"house": "1"})
		w.put("chair", "1", true, map[string]any{"room": "1", "deletedWith": "1"})
		w.finds(
			"STUCK chair 1: it was deleted with the house 1, which lives, and did not come back with it; restore it",
			"STUCK room 1: it was deleted with the house 1, which lives, and did not come back with it; restore it",
		)
	})
}

func TestWhatWasBegunIsToldWithHowFarItHasCome(t *testing.T) {
	onBothStores(t, func(w *world) {
		due := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		w.Records.Now = func() time.Time { return due.Add(-time.Minute) }
		schedule := func(owner, key string, payload any, failed int) {
			w.Helper()
			text, err := json.Marshal(payload)
			if err != nil {
				w.Fatal(err)
			}
			if err := w.store.Schedule(w.Context(), core.Timer{Plugin: owner, Key: key, DueAt: due, Payload: text}); err != nil {
				w.Fatal(err)
			}
			for range failed {
				for _, t := range w.timers(owner) {
					if t.Key == key {
						if err := w.store.PostponeTimer(w.Context(), owner, key, t.Rev, due); err != nil {
							w.Fatal(err)
						}
					}
				}
			}
		}
		schedule(party.TimerOwner, "merge a", map[string]any{"From": "a", "Into": "b"}, 0)
		schedule(party.TimerOwner, "merge c", map[string]any{"From": "c", "Into": "d"}, 2)
		schedule(party.TimerOwner, "merge e", map[string]any{"From": "e", "Into": "f", "Merged": true}, 0)
		schedule(party.TimerOwner, "merge g", map[string]any{"From": "g", "Into": "h", "Merged": true}, 1)
		schedule(party.TimerOwner, "erase i", map[string]any{"Erase": "i"}, 0)
		schedule(record.TimerOwner, "visit 1 X", map[string]any{"Entity": "visit", "ID": "1", "Action": "deleted", "Took": true}, 3)
		schedule(record.TimerOwner, "visit 2 X", map[string]any{"Entity": "visit", "ID": "2", "Action": "restored"}, 0)
		schedule(record.TimerOwner, "visit 3 X", []any{"of another form"}, 0)
		schedule(record.TimerOwner, "batch X", map[string]any{"Batches": []string{"b"}, "Records": []any{map[string]any{"Entity": "visit", "ID": "4"}, map[string]any{"Entity": "party", "ID": "j"}}}, 1)
		const at, again = "2026-03-01T12:00:00.000Z", " and is tried again at 2026-03-01T12:00:00.000Z; the log says why"
		found, _, _ := w.find(1)
		same(w.T, found,
			"UNDER_WAY party i: its erasure is under way, and is looked at again at "+at,
			"UNDER_WAY party a: its merge into b is under way, and is looked at again at "+at,
			"STUCK party c: its merge into d is not done: it has failed 2 times"+again,
			"STUCK party g: what others wrote while it was merged or deleted is not done: it has failed once"+again,
			"STUCK visit 4: a batch of 2 records is not done: it has failed once"+again,
			"STUCK visit 1: its deletion with what goes with it is not done: it has failed 3 times"+again,
			"UNDER_WAY visit 2: its restoration with what was deleted with it is under way, and is looked at again at "+at,
			"STUCK core:record visit 3 X: what is to be done cannot be read: an older or newer xrm has begun it",
		)
		w.Records.Now = func() time.Time { return due.Add(time.Hour) }
		found, _, _ = w.find(1)
		if want := "STUCK party a: its merge into b is not done: it was due at " + at + ", and nobody has tried; see in the log whether the server does its work"; len(found) < 2 || found[1] != want {
			w.Errorf("an hour later: %q, want %s", found, want)
		}
	})
}
