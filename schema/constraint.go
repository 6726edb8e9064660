package schema

// Constraint says in words how a field binds whoever writes the record that it
// belongs to, whether they know of it or not: "is required". It is "" for a field
// that leaves a record alone which has no value of it.
func (f *Field) Constraint() string {
	switch {
	case f.Type == "state":
		return "is a state"
	case f.Type == "autonumber":
		return "is an autonumber"
	case f.Required:
		return "is required"
	case f.Unique:
		return "is unique"
	case f.Default != nil:
		return "has a default"
	case f.Immutable:
		return "is immutable"
	}
	return ""
}

// release takes from fields of a layer that is gone what binds the records that
// they lie in, which are another layer's. What is read stays as it was: the types,
// what can be filtered by, and what says something about a person.
func (fs Fields) release(layer string) {
	for _, f := range fs {
		if f.layer != layer {
			continue // a later layer's, which is still there
		}
		if f.Type == "state" {
			f.Type = "enum"
			for i := range f.Options {
				f.Options[i].Next, f.Options[i].Initial = nil, false
			}
		}
		f.Index = f.Index || f.Unique
		f.Required, f.Unique, f.Immutable, f.Default = false, false, false, nil
		f.Min, f.Max, f.Scale, f.MaxSize, f.Accept = nil, nil, nil, nil, nil
		f.OtherThan = ""
		f.released = true
		f.Fields.release(layer)
		if f.Of != nil {
			Fields{f.Of}.release(layer)
		}
	}
}
