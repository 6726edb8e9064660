package importer

import (
	"strings"

	"github.com/openxrm/xrm/schema"
)

// matcher finds the field that a column's header names, whatever its case,
// punctuation and accents: by the field's name or path, then by its label in
// English and German.
type matcher map[string]string // folded name: path

func newMatcher(e *Entity, group string) matcher {
	m := matcher{}
	// A label that two fields share names neither.
	labels, shared := map[string]string{}, map[string]bool{}
	each(e.Fields, "", group, func(path string, f *Field) {
		m.add(path, path)
		for _, label := range []string{fold(f.Label), fold(f.German)} {
			if label == "" || labels[label] == path {
				continue
			}
			shared[label] = shared[label] || labels[label] != ""
			labels[label] = path
		}
	})
	// The item's own fields need no prefix when each row is an item.
	if list := field(e.Fields, group); list != nil && list.Of != nil {
		for _, f := range list.Of.Fields {
			m.add(f.Name, group+"."+f.Name)
		}
	}
	for label, path := range labels {
		if !shared[label] {
			m.add(label, path)
		}
	}
	return m
}

// each calls f for every field that a column can fill.
func each(fields []*Field, prefix, group string, f func(path string, field *Field)) {
	for _, inner := range fields {
		path := prefix + inner.Name
		switch {
		case inner.System:
		case inner.Type == "object":
			each(inner.Fields, path+".", "", f)
		case inner.Type == "list" && inner.Of.Type == "object":
			if path == group {
				each(inner.Of.Fields, path+".", "", f)
			}
		default:
			f(path, inner)
		}
		if inner.Type == "money" {
			each(moneyParts, path+".", "", f)
		}
	}
}

func (m matcher) add(name, path string) {
	if name = fold(name); m[name] == "" {
		m[name] = path
	}
}

func (m matcher) path(column string) string { return m[fold(column)] }

// fold leaves the letters and digits of a name.
func fold(name string) string { return strings.Join(schema.Words(name), "") }
