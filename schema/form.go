package schema

import (
	"maps"
	"reflect"
)

// Forms counts the changes of the forms in which values are stored. Whoever changes
// what Parse of a type makes of a value that was stored before adds one, so that
// what lies in databases is brought into the new form.
const Forms = 1

// FormNow returns the values of a stored entity as they would be stored if they
// were written now, and why some could not be. What was stored before a rule of a
// form came has the form of that time. Those that do not fit, and those that no field
// knows, stay as they are, and so does what the program keeps itself; nothing is
// filled in that is missing. The input is not changed. Region is as in Check, but a
// phone number is read as one of the country that it was read as before.
func (e *Entity) FormNow(values map[string]any, region string) (now map[string]any, left Violations) {
	now = maps.Clone(values)
	c := &checker{region: region, all: true, lies: true}
	for _, f := range e.Stored().Fields {
		if now[f.Name] == nil || f.System && f.Type != "object" { // which the data of a role are
			continue
		}
		if value := c.value(f, values[f.Name], values[f.Name], values, f.Name); value != nil {
			now[f.Name] = value
		} else {
			delete(now, f.Name) // nothing of it can be seen
		}
	}
	return now, c.violations
}

// same says whether a value was stored that is this one in the form of today.
func (f *Field) same(was, now any) bool {
	if reflect.DeepEqual(was, now) {
		return true
	}
	if f.Type == "phone" { // how it is understood is no part of what is said
		was, now = Lookup(was, "raw"), Lookup(now, "raw")
		f = f.Sub("raw")
	}
	c := &checker{all: true}
	return was != nil && reflect.DeepEqual(c.value(f, was, was, nil, f.Name), now) && len(c.violations) == 0
}
