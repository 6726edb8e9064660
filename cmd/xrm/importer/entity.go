package importer

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Entity is what the server says about an entity.
type Entity struct {
	Name   string   `json:"name"`
	Plural string   `json:"plural"`
	RoleOf string   `json:"roleOf"` // of a role: the entity whose records hold it
	Fields []*Field `json:"fields"`
}

// Field is what the server says about a field.
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Label    string   `json:"label"`
	German   string   `json:"german"`
	Required bool     `json:"required"`
	Unique   bool     `json:"unique"`
	System   bool     `json:"system"`
	To       string   `json:"to"`
	Options  []Option `json:"options"`
	Of       *Field   `json:"of"`
	Fields   []*Field `json:"fields"`
}

// Option is a value of an enum with its labels.
type Option struct {
	Value  string `json:"value"`
	Label  string `json:"label"`
	German string `json:"german"`
}

const entityQuery = `query ImportEntity($name: String!) {
  entity(name: $name) { name plural roleOf fields { ...Part of { ...Part fields { ...Part of { ...Part } fields { ...Part } } } fields { ...Part of { ...Part fields { ...Part } } fields { ...Part } } } }
  entities { name }
}
fragment Part on FieldInfo { name type label german: label(language: "de") required unique system to options { value label german: label(language: "de") } }`

// describe asks the server what an entity looks like.
func describe(ctx context.Context, c *client.Client, name string) (*Entity, error) {
	var answer struct {
		Entity   *Entity  `json:"entity"`
		Entities []Entity `json:"entities"`
	}
	err := c.Do(ctx, client.Request{Query: entityQuery, Variables: map[string]any{"name": name}}, &answer)
	if err != nil {
		return nil, err
	}
	if answer.Entity == nil {
		var names []string
		for _, e := range answer.Entities {
			names = append(names, e.Name)
		}
		return nil, fmt.Errorf("the server has no entity %q%s", name, strictyaml.Suggest(name, names))
	}
	return answer.Entity, nil
}

// same says whether two entities have the same records: one is a role of the
// other, or both are of a third.
func (e *Entity) same(other *Entity) bool {
	return cmp.Or(e.RoleOf, e.Name) == cmp.Or(other.RoleOf, other.Name)
}

// typeName is an entity's or a plural's name within the names of the API.
func typeName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// field returns the writable field of that name, or nil.
func field(fields []*Field, name string) *Field {
	for _, f := range fields {
		if f.Name == name && !f.System {
			return f
		}
	}
	return nil
}

func names(fields []*Field) []string {
	var list []string
	for _, f := range fields {
		if !f.System {
			list = append(list, f.Name)
		}
	}
	return list
}

// kind is the field as the entity language knows it, with the type's own
// rules for values. It is nil for a type that this program does not know; the
// server alone judges such values.
func (f *Field) kind() (*schema.Field, schema.Type) {
	s := &schema.Field{Name: f.Name, Type: f.Type, To: f.To}
	for _, o := range f.Options {
		s.Options = append(s.Options, schema.Option{Value: o.Value})
	}
	return s, s.Kind()
}

// defaultKey is the field by which people name a record: its number, or else
// its first unique field; nil when it has none.
func (e *Entity) defaultKey() *Field {
	var first *Field
	for _, f := range e.Fields {
		if f.Unique && f.Type == "autonumber" {
			return f
		}
		if f.Unique && first == nil {
			first = f
		}
	}
	return first
}
