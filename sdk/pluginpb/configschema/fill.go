package configschema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// fill gives defaults to what is missing, in objects and in lists of them.
func fill(s *jsonschema.Schema, value any) {
	s = resolved(s)
	switch v := value.(type) {
	case map[string]any:
		for name, property := range s.Properties {
			if given, has := v[name]; has {
				fill(property, given)
			} else if missing, can := filling(property); can {
				v[name] = missing
			}
		}
	case []any:
		if s.Items2020 == nil {
			return
		}
		for _, item := range v {
			fill(s.Items2020, item)
		}
	}
}

// filling is the value of a property that is missing, if it can have one.
func filling(s *jsonschema.Schema) (value any, can bool) {
	s = resolved(s)
	if s.Default != nil {
		return *s.Default, true
	}
	if len(s.Properties) == 0 {
		return nil, false
	}
	object := map[string]any{}
	fill(s, object)
	lacks := slices.ContainsFunc(s.Required, func(name string) bool { _, has := object[name]; return !has })
	return object, !lacks
}

// resolved follows references.
func resolved(s *jsonschema.Schema) *jsonschema.Schema {
	for s.Ref != nil {
		s = s.Ref
	}
	return s
}
