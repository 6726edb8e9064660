package settings

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// filler gives defaults to what is missing. A schema that contains itself has
// defaults without end, so they are counted.
type filler struct {
	left int // values that may still be given
}

// maxDefaults is far more than any configuration has.
const maxDefaults = 10_000

// fill gives defaults to what is missing, in objects and in lists of them.
func (f *filler) fill(s *jsonschema.Schema, value any) {
	s = resolved(s)
	switch v := value.(type) {
	case map[string]any:
		for name, property := range s.Properties {
			if given, has := v[name]; has {
				f.fill(property, given)
			} else if missing, can := f.filling(property); can {
				v[name] = missing
			}
		}
	case []any:
		if s.Items2020 == nil {
			return
		}
		for _, item := range v {
			f.fill(s.Items2020, item)
		}
	}
}

// filling is the value of a property that is missing, if it can have one.
func (f *filler) filling(s *jsonschema.Schema) (value any, can bool) {
	if f.left == 0 {
		return nil, false
	}
	f.left--
	s = resolved(s)
	if s.Default != nil {
		return *s.Default, true
	}
	if len(s.Properties) == 0 {
		return nil, false
	}
	object := map[string]any{}
	f.fill(s, object)
	lacks := slices.ContainsFunc(s.Required, func(name string) bool { _, has := object[name]; return !has })
	return object, !lacks
}

// maxReferences is how many references may follow on each other.
const maxReferences = 100

// resolved follows references, as far as they lead somewhere.
func resolved(s *jsonschema.Schema) *jsonschema.Schema {
	for n := 0; s.Ref != nil && n < maxReferences; n++ {
		s = s.Ref
	}
	return s
}
