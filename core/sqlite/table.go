package sqlite

import (
	"strings"
	"unicode"

	"github.com/openxrm/xrm/schema"
)

// table is how the records of one entity are stored. It never changes.
type table struct {
	entity  *schema.Entity
	name    string // quoted
	terms   string // quoted: the table of the values of which a record may have several
	sets    []termSet
	indexes []index
	roles   map[string]bool // those that its records may hold

	collation *schema.Collation
	collated  []string // the paths that sort keys are kept for
}

// newTable lays out an entity; roles are the roles that its records may hold.
func newTable(e *schema.Entity, roles []*schema.Entity, by *schema.Collation) *table {
	t := &table{collation: by, collated: e.Collated(roles), entity: e, name: quoted("entity_" + snake(e.Name)), terms: quoted("terms_" + snake(e.Name)), roles: map[string]bool{}}
	t.indexes = append(t.indexes, t.byID(), t.deleted())
	t.addIndex(false, key{path: "id"})
	for _, role := range roles {
		t.roles[role.Name] = true
		t.addIndex(false, key{role: role.Name})
	}
	if signature := wordsSignature(e.Fields, ""); signature != "" {
		t.sets = append(t.sets, termSet{path: wordsPath, signature: schema.WordsVersion + " " + signature})
	}
	t.layFields(e.Fields, "", false)
	for _, system := range schema.SystemFields {
		if system.Index && system.Name != "id" {
			t.addIndex(false, key{path: system.Name, field: system})
		}
	}
	for _, of := range append([]*schema.Entity{e}, roles...) {
		for _, names := range of.Indexes {
			t.layIndex(of, names)
		}
	}
	return t
}

// layFields finds what must be indexed: as a term where the path leads
// through a list, as an index elsewhere.
func (t *table) layFields(fields schema.Fields, prefix string, inList bool) {
	for _, f := range fields {
		path, leaf, list, indexed := prefix+f.Name, f, inList, f.Indexed()
		if f.Type == "list" {
			leaf, list, indexed = f.Of, true, indexed || f.Of.Indexed()
		}
		switch {
		case leaf.Type == "object":
			t.layFields(leaf.Fields, path+".", list)
		case !indexed:
		case len(leaf.Subs()) > 0:
			if f.Unique && !list {
				t.addIndex(true, key{path: path, field: leaf})
			}
			for _, part := range leaf.Subs() {
				// A few currencies among many records: an index would not narrow.
				if part.Name != "currency" && part.Indexed() {
					t.lay(path+"."+part.Name, part, list, false)
				}
			}
		default:
			t.lay(path, leaf, list, f.Unique && !list)
		}
	}
}

// lay lays one value of a field. A unique index knows no order among those that
// have no value, so there is an index for the order beside it.
func (t *table) lay(path string, f *schema.Field, inList, unique bool) {
	if inList {
		t.sets = append(t.sets, termSet{path: path, field: f, signature: f.Type})
		return
	}
	if unique {
		t.addIndex(true, key{path: path, field: f})
		if t.entity.KeepsRoles() { // a merged record is looked for by what it had
			t.indexes = append(t.indexes, index{name: t.deleted().name + " " + path, gone: true, keys: []key{{path: path, field: f}}})
		}
	}
	if t.collates(path) { // its filters go by the keys as well
		path = keyMark + path
	}
	t.addIndex(false, append(t.ofRole(path), key{path: path, field: f})...)
}

// ofRole is what an index over a role's own value begins with: the role. It has the
// records that hold it, in the order of their values, and of the others those that
// have kept a value.
func (t *table) ofRole(path string) []key {
	name, _, inside := strings.Cut(strings.TrimPrefix(path, keyMark), ".")
	if inside && t.roles[name] {
		return []key{{role: name}}
	}
	return nil
}

// layIndex adds an index over several fields. One over a list is left out:
// a list has an index of its own.
func (t *table) layIndex(of *schema.Entity, names schema.Index) {
	var keys []key
	if of.IsRole() {
		keys = append(keys, key{role: of.Name})
	}
	for _, name := range names {
		plain := strings.TrimPrefix(name, "-")
		f := of.Field(plain)
		if f == nil && of.Base != nil {
			f = of.Base.Field(plain)
		}
		if f == nil || f.Type == "list" || len(f.Subs()) > 0 {
			return
		}
		path := f.StoragePath()
		if t.collates(path) {
			path = keyMark + path
		}
		keys = append(keys, key{path: path, field: f, descending: plain != name})
	}
	t.addIndex(false, keys...)
}

// set returns the terms at a path, or nil.
func (t *table) set(path string) *termSet {
	for i := range t.sets {
		if t.sets[i].path == path {
			return &t.sets[i]
		}
	}
	return nil
}

// snake turns orderLine into order_line: names of tables do not tell case.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
