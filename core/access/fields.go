package access

import (
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// fieldTable is an allow-list of fields, by storage path.
type fieldTable struct {
	on     *schema.Entity
	listed map[string]right
	rest   right // of fields that are not listed
}

func (c *compiled) fieldTable(m *schema.Model, r *role, rule *rule, e *schema.Entity) fieldTable {
	t := fieldTable{on: e, listed: map[string]right{}, rest: mayWrite}
	if rule.fields == nil {
		return t
	}
	t.rest = none
	for _, entry := range rule.fields.entries {
		if entry.name == everyEntity {
			t.rest = entry.right
			continue
		}
		path, fault := storagePath(m, e, entry.name)
		if fault != "" {
			c.fault(r, entry.line, "%s.fields: %s", rule.on, fault)
			continue
		}
		t.listed[path] = entry.right
	}
	return t
}

// storagePath finds a field by its name in a rule: a field of the entity or
// view, or, in the rule of a base entity, one of a role: customer.creditLimit.
func storagePath(m *schema.Model, e *schema.Entity, name string) (path, fault string) {
	first, rest, dotted := strings.Cut(name, ".")
	f, known := e.Field(first), names(e.Fields, "")
	if f != nil && dotted {
		role := m.Entity(first)
		if role == nil || role.Base != e {
			return "", "rights are given to " + first + " as a whole, not to " + name
		}
		f, known = f.Sub(rest), names(f.Fields, first+".")
	}
	if f == nil {
		return "", "there is no field \"" + name + "\"" + strictyaml.Suggest(name, known)
	}
	if schema.IsSystem(name) {
		return "", name + " belongs to every record; whoever sees a record sees it"
	}
	if dotted {
		return name, ""
	}
	return f.StoragePath(), ""
}

// right looks a storage path up, the nearest entry first: the field, the role
// that it belongs to, the rest. A rule on one role says nothing about what
// another role stores.
func (t fieldTable) right(m *schema.Model, path string) right {
	first, inner, dotted := strings.Cut(path, ".")
	if role := m.Entity(first); dotted && role != nil && role.Base == t.on.Stored() {
		if t.on.IsRole() && t.on != role {
			return none
		}
		if t.on == role && (inner == "since" || inner == "until") {
			return mayWrite // kept by the program when the role is granted or withdrawn
		}
		if own, listed := t.listed[path]; listed {
			return own
		}
		path = first
	}
	if own, listed := t.listed[path]; listed {
		return own
	}
	return t.rest
}

// visible lists the storage paths that may be read, in the form of
// record.Policy; nil when that is all of them.
func (t fieldTable) visible(m *schema.Model, e *schema.Entity) map[string]bool {
	if !e.IsRole() && t.rest >= mayRead && len(t.listed) == 0 {
		return nil
	}
	visible := systemPaths()
	for _, f := range e.Stored().Fields {
		role := m.Entity(f.Name)
		if role == nil || role.Base != e.Stored() {
			if t.right(m, f.Name) >= mayRead {
				visible[f.Name] = true
			}
			continue
		}
		for _, inner := range f.Fields {
			if path := f.Name + "." + inner.Name; t.right(m, path) >= mayRead {
				visible[path] = true
			}
		}
	}
	return visible
}

// systemPaths are visible to whoever may see the record at all.
func systemPaths() map[string]bool {
	paths := map[string]bool{}
	for _, f := range schema.SystemFields {
		paths[f.Name] = true
	}
	return paths
}

func names(fields schema.Fields, prefix string) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = prefix + f.Name
	}
	return names
}
