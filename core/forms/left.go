package forms

import "github.com/openxrm/xrm/schema"

// mostTold is how many lines the log gets of an entity: enough to see what is wrong.
const mostTold = 100

// left is a value that stays as it lies there, or with no path a record whose values do.
type left struct {
	id, path string
	value    any    // what it would be
	other    string // the record that has that already
	why      string // or what else speaks against it
}

// tell names what is left in the log, and says what to do about it.
func (r *run) tell(e *schema.Entity, all []left) {
	for _, one := range all {
		if r.told[e.Name]++; r.told[e.Name] > mostTold {
			if r.told[e.Name] == mostTold+1 {
				r.Log.Warn("more values stay in an older form; only the number of them is told, with the job", "entity", e.Name)
			}
			return
		}
		switch {
		case one.other != "" || one.why == "":
			r.Log.Warn("a value stays in its older form, since another record has what it would be: filters do not find it. Change one of the two, or merge them",
				"entity", e.Name, "id", one.id, "field", one.path, "value", one.value, "other", one.other)
		case one.path != "":
			r.Log.Warn("a value stays as it is, since it fits no form of today. Correct it", "entity", e.Name, "id", one.id, "field", one.path, "why", one.why)
		default:
			r.Log.Warn("a record stays in its older form, since it cannot be saved. Mend that, and change the record", "entity", e.Name, "id", one.id, "why", one.why)
		}
	}
}
