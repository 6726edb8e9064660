package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// unknown names what was sent and is no field. What lies there under such a name
// is no matter of who sends the rest.
func (c *checker) unknown(fields Fields, raw, stored map[string]any, prefix string) {
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if hasField(fields, name) {
			continue
		}
		if was, lies := stored[name]; lies && reflect.DeepEqual(was, raw[name]) {
			continue
		}
		c.add(prefix+name, "unknown", "is no field"+strictyaml.Suggest(name, fieldNames(fields)))
	}
}

// keepUnknown takes over what lies there and is no field: it is shared with stored.
func keepUnknown(fields Fields, checked, stored map[string]any) {
	for name, value := range stored {
		if !hasField(fields, name) {
			checked[name] = value
		}
	}
}

// pairItems finds for items of a list, by their index, the stored ones that they
// are: the same in all that fields know, each once. An item that was changed is
// another one: whether what is hidden in the former holds for it, nobody knows. It
// is nil where nothing is hidden.
func pairItems(of *Field, items, stored []any) map[int]any {
	if of.Type != "object" || !slices.ContainsFunc(stored, of.hides) {
		return nil
	}
	left := map[string][]any{}
	for _, was := range stored {
		key := fmt.Sprint(of.known(was))
		left[key] = append(left[key], was)
	}
	pairs := map[int]any{}
	for i, item := range items {
		item = of.known(item)
		key := fmt.Sprint(item)
		if k := slices.IndexFunc(left[key], func(was any) bool { return reflect.DeepEqual(item, of.known(was)) }); k >= 0 {
			pairs[i] = left[key][k]
			left[key] = slices.Delete(left[key], k, k+1)
		}
	}
	return pairs
}

// Known are the canonical values of a stored entity without what no field knows:
// what was stored when there was such a field. What is known is shared with values.
func (e *Entity) Known(values map[string]any) map[string]any {
	known, _ := (&Field{Type: "object", Fields: e.Stored().Fields}).Known(values).(map[string]any)
	return known
}

// Known is Known of a value of the field; nil for none.
func (f *Field) Known(value any) any {
	if !f.hides(value) {
		return value
	}
	return f.known(value)
}

// isUnknownRole says whether an item of a list is a role that is gone.
func (f *Field) isUnknownRole(item any) bool {
	name, isText := item.(string)
	return isText && !slices.ContainsFunc(f.Of.Options, func(o Option) bool { return o.Value == name })
}

// keepsRoles says whether the field is the list of roles that a record holds.
func (f *Field) keepsRoles() bool { return f.System && f.Name == RolesField && f.Type == "list" }

// hides says whether there is something in a value that no field knows.
func (f *Field) hides(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if f.Type != "object" {
			return false
		}
		known := 0
		for _, sub := range f.Fields {
			inner, has := v[sub.Name]
			if has {
				known++
			}
			if sub.hides(inner) {
				return true
			}
		}
		return known < len(v)
	case []any:
		if f.keepsRoles() {
			return slices.ContainsFunc(v, f.isUnknownRole)
		}
		return f.Of != nil && f.Of.Type == "object" && slices.ContainsFunc(v, f.Of.hides)
	}
	return false
}

// known is a value without what no field knows of it.
func (f *Field) known(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if f.Type != "object" {
			return value
		}
		left := make(map[string]any, len(v))
		for _, sub := range f.Fields {
			if inner := v[sub.Name]; inner != nil {
				left[sub.Name] = sub.known(inner)
			}
		}
		return left
	case []any:
		if f.keepsRoles() {
			return slices.DeleteFunc(slices.Clone(v), f.isUnknownRole)
		}
		if f.Of == nil || f.Of.Type != "object" {
			return value
		}
		left := make([]any, len(v))
		for i, item := range v {
			left[i] = f.Of.known(item)
		}
		return left
	}
	return value
}
