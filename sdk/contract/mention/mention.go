// Package mention finds the names of entities in what a plugin describes, and
// says which of them nobody has. It is apart from pluginpb because a plugin has
// no model to look in, and need not link what a model needs.
package mention

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Mention is a place in a description that names an entity or role.
type Mention struct {
	Where  string // in the words of the sdk: "BeforeSave", "Computed visit.rating", "Returns of closeVisit"
	Entity string
}

// In lists every name of an entity in a description, in its order,
// except those in the entity files: these are checked with the model.
func In(d *pluginpb.DescribeResponse) []Mention {
	var all []Mention
	for _, name := range d.GetBeforeSave() {
		all = append(all, Mention{"BeforeSave", name})
	}
	for _, name := range d.GetBeforeDelete() {
		all = append(all, Mention{"BeforeDelete", name})
	}
	for _, o := range d.GetOperations() {
		for _, right := range o.GetNeeds() {
			entity, _, _ := strings.Cut(right, ".")
			all = append(all, Mention{"Needs of " + o.GetName(), entity})
		}
		all = append(all, typeMentions("Returns of "+o.GetName(), o.GetReturns())...)
	}
	for _, f := range d.GetFields() {
		name := f.GetEntity() + "." + f.GetName()
		all = append(all, Mention{"Computed " + name, f.GetEntity()})
		all = append(all, typeMentions("Returns of "+name, f.GetReturns())...)
	}
	for _, o := range d.GetObjects() {
		for _, m := range o.GetMembers() {
			all = append(all, typeMentions(o.GetName()+"."+m.GetName(), m.GetType())...)
		}
	}
	return all
}

func typeMentions(where string, t *pluginpb.Type) []Mention {
	for t.GetList() != nil {
		t = t.GetList()
	}
	if t.GetEntity() == "" {
		return nil
	}
	return []Mention{{where, t.GetEntity()}}
}

// Unknown is an error with a line for each mention of an entity that
// is not there. It is a schema.ErrNoEntity.
type Unknown []string

// Error lists the mentions, one on each line.
func (u Unknown) Error() string { return strings.Join(u, "\n") }

// Is makes it a schema.ErrNoEntity.
func (u Unknown) Is(target error) bool { return target == schema.ErrNoEntity }

// Check returns Unknown unless the model has all that is
// mentioned.
func Check(m *schema.Model, mentions []Mention) error {
	var names []string
	for _, e := range m.Entities() {
		names = append(names, e.Name)
	}
	var unknown Unknown
	for _, mention := range mentions {
		if m.Entity(mention.Entity) == nil {
			unknown = append(unknown, fmt.Sprintf("%s: there is no entity or role %q%s",
				mention.Where, mention.Entity, strictyaml.Suggest(mention.Entity, names)))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return unknown
}
