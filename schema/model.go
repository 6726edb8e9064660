package schema

import (
	"slices"
	"strings"
)

// RolesField is the list of the roles that a record holds now. It exists on
// every entity that has roles.
const RolesField = "roles"

// MergedField is the id of the record that stands for a duplicate since the
// two were merged. It exists on every entity that has roles.
const MergedField = "mergedInto"

// DeletedWithField is the id of the record that this one was deleted with, since its
// reference cascades: what is restored with it. It exists on every entity that has
// such a reference.
const DeletedWithField = "deletedWith"

// Model is a set of entities that fit together: every reference finds its
// target, every role its base. It never changes.
type Model struct {
	entities  []*Entity
	byName    map[string]*Entity
	referring map[*Entity][]Reference // by their other side
	region    string                  // see In
}

// Entity returns the entity or role of that name, or nil.
func (m *Model) Entity(name string) *Entity {
	if m == nil {
		return nil
	}
	return m.byName[name]
}

// Entities lists all entities and roles, in the order in which they were
// loaded. The caller must not change the list.
func (m *Model) Entities() []*Entity { return m.entities }

// Stored lists the entities that have records of their own.
func (m *Model) Stored() []*Entity {
	return slices.DeleteFunc(slices.Clone(m.entities), (*Entity).IsRole)
}

// Roles lists the roles of a base entity.
func (m *Model) Roles(base *Entity) []*Entity {
	var roles []*Entity
	for _, e := range m.entities {
		if e.Base == base {
			roles = append(roles, e)
		}
	}
	return roles
}

// References lists the references that an entity stores.
func (m *Model) References(e *Entity) []Reference {
	var refs []Reference
	var walk func(fields Fields, prefix string, inList bool)
	walk = func(fields Fields, prefix string, inList bool) {
		for _, f := range fields {
			path, leaf, list := prefix+f.Name, f, inList
			if f.Type == "list" {
				leaf, list = f.Of, true
			}
			switch leaf.Type {
			case "reference":
				refs = append(refs, Reference{From: e, Path: path, InList: list, Field: leaf, To: m.Entity(leaf.To), Inverse: inverseOf(e, leaf)})
			case "object":
				walk(leaf.Fields, path+".", list)
			}
		}
	}
	walk(e.Stored().Fields, "", false)
	return refs
}

// ReferencesTo lists the references whose other side is e or, when e is a
// base, one of its roles, or when e is a role, its base. The caller must not
// change the list.
func (m *Model) ReferencesTo(e *Entity) []Reference { return m.referring[e] }

// relate looks once for what ReferencesTo is asked about each entity.
func (m *Model) relate() {
	m.referring = map[*Entity][]Reference{}
	for _, from := range m.Stored() {
		for _, r := range m.References(from) {
			for _, e := range m.views(r.To) {
				m.referring[e] = append(m.referring[e], r)
			}
		}
	}
}

// views lists what shows the records of e on the other side of a reference:
// itself, the base of a role, and the roles of a base.
func (m *Model) views(e *Entity) []*Entity {
	views := []*Entity{e}
	if e.IsRole() {
		views = append(views, e.Base)
	}
	return append(views, m.Roles(e)...)
}

func inverseOf(e *Entity, f *Field) string {
	if f.Inverse != "" {
		return f.Inverse
	}
	return e.Plural
}

// roleField is the object under which the base stores what a role adds.
func roleField(role *Entity) *Field {
	fields := Fields{
		{Name: "since", Type: "datetime", System: true, Description: Text{"en": "When the role was granted.", "de": "Wann die Rolle vergeben wurde."}},
		{Name: "until", Type: "datetime", System: true, Description: Text{"en": "When the role was withdrawn; empty while it is held.", "de": "Wann die Rolle entzogen wurde; leer, solange sie gilt."}},
	}
	labels := Text{}
	for language, l := range role.Labels {
		labels[language] = l.One
	}
	return &Field{
		Name: role.Name, Type: "object", Labels: labels, Description: role.Description,
		Fields: append(fields, role.Fields...), System: true, Line: role.Line,
	}
}

// compose gives every base its roles and every role the fields of its base.
func (m *Model) compose() {
	for _, base := range m.Stored() {
		roles := m.Roles(base)
		if len(roles) == 0 {
			continue
		}
		var options Options
		for _, role := range roles {
			base.Fields = append(base.Fields, roleField(role))
			options = append(options, Option{Value: role.Name, Labels: base.Field(role.Name).Labels})
		}
		base.Fields = append(base.Fields, &Field{
			Name: RolesField, Type: "list", System: true, Index: true,
			Of:          &Field{Type: "enum", Options: options, Index: true},
			Labels:      Text{"en": "Roles", "de": "Rollen"},
			Description: Text{"en": "The roles that are held now.", "de": "Die Rollen, die zurzeit gelten."},
		}, &Field{
			Name: MergedField, Type: "text", System: true,
			Labels:      Text{"en": "Merged into", "de": "Aufgegangen in"},
			Description: Text{"en": "The id of the record that stands for this one since they were merged.", "de": "Die Id des Datensatzes, der seit der Zusammenführung für diesen steht."},
		})
	}
	for _, e := range m.Stored() {
		if e.Fields.cascade() {
			e.Fields = append(e.Fields, &Field{
				Name: DeletedWithField, Type: "text", System: true, Index: true,
				Labels:      Text{"en": "Deleted with", "de": "Gelöscht mit"},
				Description: Text{"en": "The id of the record that this one was deleted with, and is restored with.", "de": "Die Id des Datensatzes, mit dem dieser gelöscht wurde und wiederhergestellt wird."},
			})
		}
	}
	for _, role := range m.entities {
		if role.IsRole() {
			role.view()
		}
	}
}

// view makes a role's fields those of the base followed by its own, each with
// the path under which the base stores it.
func (role *Entity) view() {
	own := role.Fields
	role.Fields = nil
	for _, f := range role.Base.Fields {
		if !f.System || f.Type != "object" {
			role.Fields = append(role.Fields, f)
		}
	}
	for _, f := range append(role.Base.Field(role.Name).Fields[:2:2], own...) {
		at := *f
		at.Path = role.Name + "." + f.Name
		role.Fields = append(role.Fields, &at)
	}
	if role.Title == "" {
		role.Title = role.Base.Title
	}
}

// FromStorage is the name under which a view shows a storage path, for
// messages: "customer.creditLimit" is "creditLimit" to a customer.
func (e *Entity) FromStorage(path string) string {
	if e.IsRole() {
		return strings.TrimPrefix(path, e.Name+".")
	}
	return path
}

// ToStorage is the storage path of what a view shows under a name, for
// requests: "creditLimit.amount" of a customer is
// "customer.creditLimit.amount". A name that is unknown stays as it is.
func (e *Entity) ToStorage(name string) string {
	first, _, _ := strings.Cut(name, ".")
	if f := e.Field(first); f != nil {
		return f.StoragePath() + strings.TrimPrefix(name, first)
	}
	return name
}
