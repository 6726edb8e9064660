package gorecords

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// object writes a struct, and how it is read and written.
func (w *writer) object(name string, f *schema.Field) kind {
	name = w.types.take(name)
	var members, reads, writes strings.Builder
	taken := names{}
	for _, sub := range f.Fields {
		member, key := taken.take(exported(sub.Name)), fmt.Sprintf("%q", sub.Name)
		k := w.kind(name+exported(sub.Name), sub)
		goType, read, write := k.goType, k.read("r", key, "r.Values["+key+"]"), k.write("o."+member)
		if k.whole && !sub.Required {
			goType, read, write = "*"+goType, fmt.Sprintf("given(r.Values[%s] != nil, %s)", key, read), fmt.Sprintf("givenValue(o.%s)", member)
		}
		fmt.Fprintf(&members, "%s %s", member, goType)
		if about := comment("", sub.Description); about != "" {
			fmt.Fprintf(&members, " // %s", about)
		}
		fmt.Fprintln(&members)
		fmt.Fprintf(&reads, "%s: %s,\n", member, read)
		fmt.Fprintf(&writes, "%q: %s,\n", sub.Name, write)
	}
	fmt.Fprintf(&w.later, "\n// %s is what lies in %s.\ntype %s struct {\n%s}\n", name, f.Name, name, members.String())
	fmt.Fprintf(&w.later, "\nfunc read%s(value any) %s {\nvalues, _ := value.(map[string]any)\nr := &sdk.Record{Values: values}\nreturn %s{\n%s}\n}\n", name, name, name, reads.String())
	fmt.Fprintf(&w.later, "\nfunc (o %s) value() any {\nreturn objectValue(map[string]any{\n%s})\n}\n", name, writes.String())
	return kind{
		goType: name,
		clears: " The zero value takes it away.",
		read:   func(_, _, value string) string { return fmt.Sprintf("read%s(%s)", name, value) },
		write:  func(value string) string { return value + ".value()" },
	}
}

// list writes how a list is read and written.
func (w *writer) list(name string, f *schema.Field) kind {
	of, name := name, w.types.take(name)
	if len(f.Of.Fields) > 0 || f.Of.Type == "enum" {
		of += "Item"
	}
	item := *f.Of
	item.Name = f.Name
	k := w.kind(of, &item)
	read := k.read("item", `"item"`, `item.Values["item"]`)
	fmt.Fprintf(&w.later, "\nfunc read%s(value any) []%s {\nvar all []%s\nfor _, item := range itemsOf(value) {\nall = append(all, %s)\n}\nreturn all\n}\n", name, k.goType, k.goType, read)
	fmt.Fprintf(&w.later, "\nfunc write%s(all []%s) any {\nvar list []any\nfor _, value := range all {\nlist = append(list, %s)\n}\nreturn listValue(list)\n}\n", name, k.goType, k.write("value"))
	return kind{
		goType: "[]" + k.goType,
		clears: " None takes it away.",
		read:   func(_, _, value string) string { return fmt.Sprintf("read%s(%s)", name, value) },
		write:  func(value string) string { return fmt.Sprintf("write%s(%s)", name, value) },
	}
}
