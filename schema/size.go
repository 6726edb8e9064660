package schema

import "github.com/openxrm/xrm/schema/strictyaml"

// Outline is what a definition says by itself: what it describes, and its fields.
// Of a file with mistakes it is what can be read; whoever loads it hears of them.
func Outline(s Source) *Entity {
	e := &Entity{}
	_ = strictyaml.Decode(s.File, s.Data, e)
	return e
}

// CountFields says how many fields a definition has, those in objects and lists
// included, and how many options these have.
func CountFields(s Source) (fields, options int) { return Outline(s).Fields.count() }

func (fs Fields) count() (fields, options int) {
	for _, f := range fs {
		fields, options = fields+1, options+len(f.Options)
		inner := f.Fields
		if f.Of != nil {
			inner = append(inner[:len(inner):len(inner)], f.Of)
		}
		more, values := inner.count()
		fields, options = fields+more, options+values
	}
	return fields, options
}
