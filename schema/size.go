package schema

import "github.com/openxrm/xrm/schema/strictyaml"

// CountFields says how many fields a definition has, those in objects and lists
// included, and how many options these have. Of a file that cannot be read it
// counts what can.
func CountFields(s Source) (fields, options int) {
	e := &Entity{}
	_ = strictyaml.Decode(s.File, s.Data, e) // whoever loads it hears of the mistakes
	return e.Fields.count()
}

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
