package schema

import (
	"errors"
	"maps"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Check brings the values of a stored entity into the canonical form, fills
// in defaults when the record is new, and reports every violation by its
// path, as Violations. The input is not changed. Region is the country whose
// national phone numbers are understood where the record names none.
//
// What needs other records (unique, references) is not checked here.
func (e *Entity) Check(values map[string]any, isNew bool, region string) (map[string]any, error) {
	c := &checker{isNew: isNew, region: region}
	checked := c.object(e.Stored().Fields, values, "")
	return checked, c.violations.Err()
}

type checker struct {
	isNew      bool
	region     string
	violations Violations
}

func (c *checker) add(at, rule, message string) {
	c.violations = append(c.violations, Violation{Field: at, Rule: rule, Message: message})
}

func (c *checker) object(fields Fields, raw map[string]any, prefix string) map[string]any {
	checked := make(map[string]any, len(raw))
	known := 0
	for _, f := range fields {
		value, given := raw[f.Name]
		if given {
			known++
		}
		if value == nil && c.isNew && f.Default != nil {
			value = f.Default
		}
		at := prefix + f.Name
		if value = c.value(f, value, raw, at); value != nil {
			checked[f.Name] = value
		} else if f.Required && !c.reported(at) {
			c.add(at, "required", "is required")
		}
	}
	if known < len(raw) {
		for _, name := range slices.Sorted(maps.Keys(raw)) {
			if !hasField(fields, name) {
				c.add(prefix+name, "unknown", "is no field"+strictyaml.Suggest(name, fieldNames(fields)))
			}
		}
	}
	return checked
}

// value returns the canonical form, or nil for no value.
func (c *checker) value(f *Field, raw any, siblings map[string]any, at string) any {
	if raw == nil {
		return nil
	}
	if s, ok := raw.(string); ok && s == "" {
		return nil
	}
	value, err := f.Kind().Parse(f, raw, Scope{Siblings: siblings, Region: c.region})
	if err != nil {
		v := Violation{Field: at, Rule: f.Type, Message: err.Error()}
		if m := (mismatch{}); errors.As(err, &m) {
			v.Unquoted = m.unquoted
		}
		c.violations = append(c.violations, v)
		return nil
	}
	switch v := value.(type) {
	case []any:
		return c.list(f, v, siblings, at)
	case map[string]any:
		if f.Type == "object" {
			if object := c.object(f.Fields, v, at+"."); len(object) > 0 {
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

func (c *checker) list(f *Field, items []any, siblings map[string]any, at string) any {
	checked := make([]any, 0, len(items))
	for i, item := range items {
		faults := len(c.violations)
		value := c.value(f.Of, item, siblings, index(at, i))
		if value == nil {
			if len(c.violations) == faults {
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
