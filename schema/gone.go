package schema

import (
	"encoding/json"
	"slices"
)

// Gone are fields that a stored entity had and has no longer, each as it was last:
// values of them may lie in its records. An object or a list that is still there is
// among them for the sake of what is gone from inside it.
type Gone struct {
	Entity string
	Fields Fields
}

// trace is what a field that is gone leaves: what tells how its values are read.
type trace struct {
	Name    string   `json:"name,omitempty"` // none for the items of a list
	Type    string   `json:"type"`
	Options []string `json:"options,omitempty"`
	Of      *trace   `json:"of,omitempty"`
	Fields  []trace  `json:"fields,omitempty"`
}

type goneJSON struct {
	Entity string  `json:"entity"`
	Fields []trace `json:"fields"`
}

// MarshalJSON writes the names and the types alone.
func (g Gone) MarshalJSON() ([]byte, error) {
	return json.Marshal(goneJSON{g.Entity, traces(g.Fields)})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (g *Gone) UnmarshalJSON(data []byte) error {
	var read goneJSON
	err := json.Unmarshal(data, &read)
	*g = Gone{read.Entity, traced(read.Fields)}
	return err
}

func traces(fields Fields) []trace {
	var list []trace
	for _, f := range fields {
		list = append(list, f.trace())
	}
	return list
}

func (f *Field) trace() trace {
	t := trace{Name: f.Name, Type: f.Type, Fields: traces(f.Fields)}
	if len(f.Options) > 0 {
		t.Options = f.Options.Values()
	}
	if f.Of != nil {
		of := f.Of.trace()
		t.Of = &of
	}
	return t
}

func traced(list []trace) (fields Fields) {
	for _, t := range list {
		fields = append(fields, t.field())
	}
	return fields
}

func (t trace) field() *Field {
	f := &Field{Name: t.Name, Type: t.Type, Fields: traced(t.Fields), traced: true}
	for _, value := range t.Options {
		f.Options = append(f.Options, Option{Value: value})
	}
	if t.Of != nil {
		f.Of = t.Of.field()
	}
	return f
}

// lost lists what is left of fields in none of others.
func (fs Fields) lost(others Fields) (left Fields) {
	for _, f := range fs {
		is := findField(others, f.Name)
		switch {
		case is == nil:
			left = append(left, f.trace().field())
		case f.inside(is):
			if inner := f.lost(is); inner != nil {
				left = append(left, inner)
			}
		}
	}
	return left
}

// lost is what another field of the same name has not inside it; nil for nothing.
func (f *Field) lost(is *Field) *Field {
	left := trace{Name: f.Name, Type: f.Type}.field()
	switch {
	case f.Type == "list" && f.Of.inside(is.Of):
		left.Of = f.Of.lost(is.Of)
	case f.Type == "object":
		left.Fields = f.Fields.lost(is.Fields)
	}
	if left.Of == nil && len(left.Fields) == 0 {
		return nil
	}
	return left
}

// inside says whether two fields, or the items of both, have fields inside them.
func (f *Field) inside(other *Field) bool {
	return f.Type == other.Type && slices.Contains([]string{"object", "list"}, f.Type)
}

// with is all of some fields, and what others have besides.
func (fs Fields) with(others Fields) Fields {
	all := slices.Clone(fs)
	for _, f := range others {
		i := slices.IndexFunc(all, func(own *Field) bool { return own.Name == f.Name })
		if i < 0 {
			all = append(all, f)
		} else {
			all[i] = all[i].with(f)
		}
	}
	return all
}

// with is a field, and inside it what another of the same name has besides. Of
// different types the other holds no values any more.
func (f *Field) with(other *Field) *Field {
	if !f.inside(other) {
		return f
	}
	both := *f
	both.Fields = f.Fields.with(other.Fields)
	if f.Of != nil {
		both.Of = f.Of.with(other.Of)
	}
	return &both
}
