package integrity_test

import "testing"

const (
	loose = `entity: thing
fields:
  size: {type: text}
  color: {type: enum, options: [red, blue]}
  lines: {type: list, of: {type: object, fields: {count: {type: text}}}}
`
	strict = `entity: thing
fields:
  size: {type: integer}
  color: {type: enum, options: [red, green]}
  lines: {type: list, of: {type: object, fields: {count: {type: integer}}}}
`
)

func TestValuesThatDoNotFitTheirFieldsAreFoundWithWhatWouldBeRight(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.become(loose)
		w.prepare()
		w.put("thing", "1", false, map[string]any{"size": "x", "color": "blue", "lines": []any{map[string]any{"count": "1"}, map[string]any{}}})
		w.put("thing", "2", true, map[string]any{"size": "12", "color": "red"})
		w.put("thing", "3", false, map[string]any{"color": "red"})
		w.finds()
		w.become(strict)
		const mend = "; write such a value, or give the field its former definition"
		w.finds(
			"MISFIT thing 1: color holds the text blue, but must be one of red, green"+mend,
			"MISFIT thing 1: lines[0].count holds the text 1, but must be the integer 1"+mend,
			"MISFIT thing 1: size holds the text x, but must be a whole number"+mend,
			"MISFIT thing 2: size holds the text 12, but must be the integer 12"+mend,
		)
	})
}

// What cannot be read stops neither the check of the others nor that of the record.
func TestWhatNoXrmHasWrittenIsFoundWithItsField(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("person", "a", false, map[string]any{"name": "A", "last": "none"})
		w.put("person", "b", false, map[string]any{"name": "B"})
		w.put("person", "c", false, map[string]any{"name": "C", "last": "none"})
		w.raw(w.T, "person", "b", "name")
		w.finds(
			"MISSING person a: last is the visit none, which does not exist; let it refer to another record",
			"UNREADABLE person b: what lies in name cannot be read, since no xrm has written it; mend it in the database, or restore that from a backup",
			"MISSING person c: last is the visit none, which does not exist; let it refer to another record",
		)
		if _, checked, _ := w.find(2); checked != 3 {
			w.Errorf("%d records are checked, want 3", checked)
		}
	})
}
