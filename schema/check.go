package schema

import (
	"errors"
	"reflect"
	"slices"
)

// Check brings the values of a stored entity into the canonical form, fills
// in defaults when the record is new, and reports every violation by its
// path, as Violations. The input is not changed. Region is the country whose
// national phone numbers are understood where the record names none.
//
// What needs other records (unique, references) is not checked here.
func (e *Entity) Check(values map[string]any, isNew bool, region string) (map[string]any, error) {
	c := &checker{isNew: isNew, region: region}
	checked := c.object(e.Stored().Fields, values, nil, "")
	return checked, c.violations.Err()
}

// CheckChange is Check for a record that has been stored with the values of
// before. What is as it lies there is not checked: the definition may have
// changed since. What no field knows stays, even where the object that it lies
// in is sent without it; of a list, with the items that are sent as they were.
// A required field that has a default and never had a value gets it.
func (e *Entity) CheckChange(before, values map[string]any, region string) (map[string]any, error) {
	c := &checker{region: region}
	checked := c.object(e.Stored().Fields, values, before, "")
	return checked, c.violations.Err()
}

type checker struct {
	isNew      bool
	region     string
	all        bool // what lies there is checked too
	lies       bool // and nothing else: what does not fit stays, and nothing is filled in
	violations Violations
}

func (c *checker) add(at, rule, message string) {
	c.violations = append(c.violations, Violation{Field: at, Rule: rule, Message: message})
}

// object checks the fields of an object; stored is the one in whose place it
// comes, nil for none.
func (c *checker) object(fields Fields, raw, stored map[string]any, prefix string) map[string]any {
	checked := make(map[string]any, len(raw))
	known, lying := 0, 0
	for _, f := range fields {
		value, given := raw[f.Name]
		if given {
			known++
		}
		was, had := stored[f.Name]
		if had {
			lying++
		}
		if value == nil && f.Default != nil && (c.isNew || f.Required && !had) && !c.lies {
			value = f.Default
		}
		at := prefix + f.Name
		if value = c.value(f, value, was, raw, at); value != nil {
			checked[f.Name] = value
		} else if f.Required && !c.lies && !c.reported(at) {
			c.add(at, "required", "is required")
		}
	}
	if known < len(raw) {
		c.unknown(fields, raw, stored, prefix)
	}
	if lying < len(stored) {
		keepUnknown(fields, checked, stored)
	}
	return checked
}

// value returns the canonical form, or nil for no value.
func (c *checker) value(f *Field, raw, stored any, siblings map[string]any, at string) any {
	if raw == nil {
		return nil
	}
	if s, ok := raw.(string); ok && s == "" {
		return nil
	}
	value, err := f.Kind().Parse(f, raw, Scope{Siblings: siblings, Region: c.region, Stored: c.lies})
	if err != nil {
		if stored != nil && !c.all && reflect.DeepEqual(raw, stored) {
			return stored
		}
		return c.misfit(f, raw, at, err)
	}
	if !c.all && sameText(raw, stored, value) {
		return stored // in whatever form it lies there: another one might be taken
	}
	switch v := value.(type) {
	case []any:
		return c.list(f, v, stored, siblings, at)
	case map[string]any:
		if f.Type == "object" {
			was, _ := stored.(map[string]any)
			if object := c.object(f.Fields, v, was, at+"."); len(object) > 0 {
				return object
			}
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return value
}

// misfit notes why a value does not fit, and returns what is in its place.
func (c *checker) misfit(f *Field, raw any, at string, err error) any {
	v := Violation{Field: at, Rule: f.Type, Message: err.Error()}
	if m := (mismatch{}); errors.As(err, &m) {
		v.Unquoted = m.unquoted
	}
	c.violations = append(c.violations, v)
	if c.lies {
		return raw
	}
	return nil
}

// sameText says whether what is sent is the text that lies there, and is one still.
func sameText(raw, stored, value any) bool {
	sent, isText := raw.(string)
	_, stays := value.(string)
	return isText && stays && stored == any(sent)
}

func (c *checker) list(f *Field, items []any, stored any, siblings map[string]any, at string) any {
	checked := make([]any, 0, len(items))
	were, _ := stored.([]any)
	pairs := pairItems(f.Of, items, were)
	for i, item := range items {
		faults := len(c.violations)
		value := c.value(f.Of, item, pairs[i], siblings, index(at, i))
		if len(c.violations) > faults && !c.all && slices.ContainsFunc(were, func(was any) bool { return reflect.DeepEqual(item, was) }) {
			value, c.violations = item, c.violations[:faults] // it lies there
		}
		if value == nil {
			if len(c.violations) == faults && !c.lies {
				c.add(index(at, i), "required", "is empty; leave it out")
			}
			continue
		}
		checked = append(checked, value)
	}
	if len(checked) == 0 {
		return nil
	}
	return checked
}

func (c *checker) reported(at string) bool {
	for _, v := range c.violations {
		if v.Field == at {
			return true
		}
	}
	return false
}

func hasField(fields Fields, name string) bool { return findField(fields, name) != nil }
