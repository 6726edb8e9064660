package schema

import (
	"maps"
	"reflect"
)

// FormNow returns the values of a stored entity as they would be stored if they
// were written now, and why some could not be. What was stored before a rule of a
// form came has the form of that time. Those that do not fit, and those that no field
// knows, stay as they are. The input is not changed. Region is as in Check.
func (e *Entity) FormNow(values map[string]any, region string) (now map[string]any, left Violations) {
	now = maps.Clone(values)
	for _, f := range e.Stored().Fields {
		if now[f.Name] == nil {
			continue
		}
		c := &checker{region: region, all: true}
		if value := c.value(f, values[f.Name], values[f.Name], values, f.Name); len(c.violations) > 0 {
			left = append(left, c.violations...)
		} else if value != nil {
			now[f.Name] = value
		} else {
			delete(now, f.Name) // nothing of it can be seen
		}
	}
	return now, left
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
