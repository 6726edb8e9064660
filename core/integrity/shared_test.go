package integrity_test

import (
	"fmt"
	"testing"
)

func TestUniqueValuesThatLivingRecordsShareAreFoundInEachOfThem(t *testing.T) {
	onBothStores(t, func(w *world) {
		const plain = "entity: thing\nfields:\n  code: {type: text}\n  rate: {type: decimal}\n"
		w.become(plain)
		w.prepare()
		for i := range 6 {
			w.put("thing", fmt.Sprint("a", i), false, map[string]any{"code": "A"})
		}
		w.put("thing", "b0", false, map[string]any{"code": "B", "rate": "1.5"})
		w.put("thing", "b1", false, map[string]any{"code": "b", "rate": "1.5"})
		w.put("thing", "b2", true, map[string]any{"code": "B", "rate": "1.5"})
		w.put("thing", "c0", false, map[string]any{"rate": "2"})
		w.put("thing", "c1", false, nil)
		w.finds()
		w.become("entity: thing\nfields:\n  code: {type: text, unique: true}\n  rate: {type: decimal, unique: true}\n")
		shares := func(id, others string) string {
			return "SHARED thing " + id + ": code is A, as in 5 other living records: " + others + " and more; change all but one"
		}
		w.finds(
			shares("a0", "a1, a2, a3"), shares("a1", "a0, a2, a3"), shares("a2", "a0, a1, a3"),
			shares("a3", "a0, a1, a2"), shares("a4", "a0, a1, a2"), shares("a5", "a0, a1, a2"),
			"SHARED thing b0: rate is 1.5, as in another living record: b1; change all but one",
			"SHARED thing b1: rate is 1.5, as in another living record: b0; change all but one",
		)
	})
}

func TestUniqueValuesOfARoleAreHeldAgainstEachOther(t *testing.T) {
	onBothStores(t, func(w *world) {
		const role = "role: member\nof: person\nfields:\n  number: {type: text%s}\n"
		w.become("entity: person\nfields: {name: {type: text}}\n", fmt.Sprintf(role, ""))
		w.prepare()
		for _, id := range []string{"a", "b"} {
			w.put("person", id, false, map[string]any{"name": id, "roles": []any{"member"}, "member": map[string]any{"number": "7"}})
		}
		w.become("entity: person\nfields: {name: {type: text}}\n", fmt.Sprintf(role, ", unique: true"))
		w.finds(
			"SHARED person a: member.number is 7, as in another living record: b; change all but one",
			"SHARED person b: member.number is 7, as in another living record: a; change all but one",
		)
	})
}
