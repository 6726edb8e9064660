package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// operations is the API as the holder of a key sees it.
type operations struct {
	types map[string]typ
	roots []root
}

type root struct {
	kind string // "query" or "mutation"
	field
}

type typ struct {
	Name, Kind  string
	Fields      []field
	InputFields []value
	EnumValues  []struct{ Name string }
}

type field struct {
	Name string
	Args []value
	Type ref
}

type value struct {
	Name string
	Type ref
}

type ref struct {
	Kind, Name string
	OfType     *ref
}

// named is the type without lists and the like.
func (r ref) named() string {
	for r.OfType != nil {
		r = *r.OfType
	}
	return r.Name
}

func (r ref) required() bool { return r.Kind == "NON_NULL" }

func (r ref) isList() bool { return r.Kind == "LIST" || r.required() && r.OfType.Kind == "LIST" }

// operations asks for the API of a key.
func (h *house) operations(ctx context.Context, key string) (operations, error) {
	const name = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"
	var answer struct {
		Schema struct {
			QueryType, MutationType struct{ Name string }
			Types                   []typ
		} `json:"__schema"`
	}
	err := h.to(key).Send(ctx, client.Request{Query: "{ __schema { queryType { name } mutationType { name } types { name kind " +
		"fields { name args { name type { " + name + " } } type { " + name + " } } inputFields { name type { " + name + " } } enumValues { name } } } }"}, &answer)
	if err != nil {
		return operations{}, fmt.Errorf("%s: ask for the API: %w", h.name, err)
	}
	o := operations{types: map[string]typ{}}
	for _, t := range answer.Schema.Types {
		o.types[t.Name] = t
	}
	for _, f := range o.types[answer.Schema.QueryType.Name].Fields {
		o.roots = append(o.roots, root{"query", f})
	}
	for _, f := range o.types[answer.Schema.MutationType.Name].Fields {
		o.roots = append(o.roots, root{"mutation", f})
	}
	return o, nil
}

// any makes a request for one of the operations, with arguments that might fit.
func (o operations) any(known *ledger) string {
	r := o.roots[rand.IntN(len(o.roots))]
	m := maker{o, known}
	return r.kind + " { " + m.call(r.field, 4) + " }"
}

// maker makes a request.
type maker struct {
	operations
	known *ledger
}

func (m maker) call(f field, depth int) string {
	var args []string
	for _, a := range f.Args {
		if a.Type.required() || rand.IntN(3) == 0 {
			args = append(args, a.Name+": "+m.value(a.Type, a.Name, 3))
		}
	}
	text := f.Name
	if len(args) > 0 {
		text += "(" + strings.Join(args, ", ") + ")"
	}
	return text + m.selection(f.Type.named(), depth)
}

// selection asks for all that is simple, and some of the rest.
func (m maker) selection(name string, depth int) string {
	t := m.types[name]
	if t.Kind == "UNION" || t.Kind == "INTERFACE" {
		return " { __typename }"
	}
	if len(t.Fields) == 0 {
		return ""
	}
	parts := []string{"__typename"}
	for _, f := range t.Fields {
		simple := len(m.types[f.Type.named()].Fields) == 0
		if simple && rand.IntN(2) == 0 || !simple && depth > 0 && rand.IntN(4) == 0 {
			parts = append(parts, m.call(f, depth-1))
		}
	}
	return " { " + strings.Join(parts, " ") + " }"
}

var words = []string{"", "a", "C", "twin", "note", "0", "SQLite", "MongoDB", "admin"}

// value is a literal that might fit.
func (m maker) value(r ref, name string, depth int) string {
	if r.isList() && depth > 0 {
		inner := r
		for inner.Kind == "NON_NULL" || inner.Kind == "LIST" {
			list := inner.Kind == "LIST"
			if inner = *inner.OfType; list {
				break
			}
		}
		return "[" + m.value(inner, name, depth-1) + "]"
	}
	t := m.types[r.named()]
	switch t.Kind {
	case "ENUM":
		return t.EnumValues[rand.IntN(len(t.EnumValues))].Name
	case "INPUT_OBJECT":
		var parts []string
		for _, f := range t.InputFields {
			if f.Type.required() || depth > 0 && rand.IntN(max(3, len(t.InputFields)/2)) == 0 {
				parts = append(parts, f.Name+": "+m.value(f.Type, f.Name, depth-1))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	switch t.Name {
	case "Int":
		return fmt.Sprint(rand.IntN(6))
	case "Float":
		return "1.5"
	case "Boolean":
		return fmt.Sprint(rand.IntN(2) == 0)
	case "ID":
		return quoted(m.known.some(""))
	}
	if strings.HasSuffix(strings.ToLower(name), "id") || rand.IntN(6) == 0 {
		return quoted(m.known.some(""))
	}
	return quoted(words[rand.IntN(len(words))])
}

func quoted(text string) string { return `"` + text + `"` }
