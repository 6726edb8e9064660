package schema

import "strings"

// Lookup returns the value at a dotted path within objects, or nil. The path
// "" is the value itself.
func Lookup(value any, path string) any {
	for path != "" && value != nil {
		var name string
		name, path, _ = strings.Cut(path, ".")
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// Put writes a value at a dotted path within objects, making those that are
// missing on the way; nil removes what is there.
func Put(values map[string]any, path string, value any) {
	name, rest, inside := strings.Cut(path, ".")
	if !inside {
		if value == nil {
			delete(values, name)
		} else {
			values[name] = value
		}
		return
	}
	object, ok := values[name].(map[string]any)
	if !ok {
		if value == nil {
			return
		}
		object = map[string]any{}
		values[name] = object
	}
	Put(object, rest, value)
}
