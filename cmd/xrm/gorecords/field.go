package gorecords

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// field writes the methods of a field.
func (w *writer) field(owner string, methods names, f *schema.Field) {
	name, key := methods.take(exported(f.Name)), fmt.Sprintf("%q", f.Name)
	k := w.kind(owner+exported(f.Name), f)
	about := comment(" ", f.Description)
	if f.Deprecated != "" {
		about += "\n//\n// Deprecated: " + inOneLine(f.Deprecated)
	}
	w.printf("\n// %s is the field %s%s\nfunc (r %s) %s() %s { return %s }\n", name, f.Name, ended(about), owner, name, k.goType, k.read("r.Record", key, "r.Record.Values["+key+"]"))
	if !f.Required {
		has := methods.take("Has" + name)
		w.printf("\n// %s says whether there is a value of %s.\nfunc (r %s) %s() bool { return r.Record.Values[%s] != nil }\n", has, f.Name, owner, has, key)
	}
	if f.Gapless {
		return // nobody gives it
	}
	set := methods.take("Set" + name)
	w.printf("\n// %s sets %s, to be stored by Create or Update.%s\nfunc (r %s) %s(value %s) { r.Record.Values[%s] = %s }\n", set, f.Name, k.clears, owner, set, k.goType, key, k.write("value"))
	if !f.Required {
		clear := methods.take("Clear" + name)
		w.printf("\n// %s takes the value of %s away.\nfunc (r %s) %s() { r.Record.Values[%s] = nil }\n", clear, f.Name, owner, clear, key)
	}
}

// ended puts a point where nothing is said.
func ended(about string) string {
	if about == "" || about[0] == '\n' {
		return "." + about
	}
	return ":" + about
}

// kind is how values of a field are in Go.
type kind struct {
	goType string
	clears string                                 // what is said of the zero value
	read   func(record, key, value string) string // an expression, of a record and the key in it, or of the value itself
	write  func(value string) string              // an expression for Record.Values
	whole  bool                                   // zero is a value of its own
}

// reader is the kind that a getter of sdk.Record reads.
func reader(getter, goType, write string) kind {
	return kind{
		goType: goType,
		clears: " The zero value takes it away.",
		read:   func(record, key, _ string) string { return fmt.Sprintf("%s.%s(%s)", record, getter, key) },
		write:  func(value string) string { return fmt.Sprintf(write, value) },
	}
}

// kind makes the kind of a field, and writes the types that it needs, which are called
// name.
func (w *writer) kind(name string, f *schema.Field) kind {
	switch f.Type {
	case "integer":
		return kind{"int64", "", reader("Int", "", "%s").read, func(value string) string { return value }, true}
	case "boolean":
		return kind{"bool", "", reader("Bool", "", "%s").read, func(value string) string { return value }, true}
	case "decimal":
		return reader("Decimal", "sdk.Decimal", "textValue(string(%s))")
	case "date":
		return reader("Date", "sdk.Date", "textValue(string(%s))")
	case "datetime":
		return reader("Time", "time.Time", "timeValue(%s)")
	case "money":
		return reader("Money", "sdk.Money", "moneyValue(%s)")
	case "file":
		return reader("File", "sdk.File", "fileValue(%s)")
	case "enum", "state":
		return w.enum(name, f)
	case "phone":
		k := reader("Text", "string", "phoneValue(%s)")
		k.read = func(record, key, _ string) string {
			return fmt.Sprintf("%s.Text(%s.raw\")", record, strings.TrimSuffix(key, `"`))
		}
		return k
	case "list":
		return w.list(name, f)
	case "object":
		return w.object(name, f)
	}
	return reader("Text", "string", "textValue(%s)")
}

// enum writes a type with its options.
func (w *writer) enum(name string, f *schema.Field) kind {
	name = w.types.take(name)
	fmt.Fprintf(&w.later, "\n// %s is what %s can be.\ntype %s string\n\n// The options of %s.\nconst (\n", name, f.Name, name, f.Name)
	for _, o := range f.Options {
		fmt.Fprintf(&w.later, "%s %s = %q", w.types.take(name+exported(o.Value)), name, o.Value)
		if o.Deprecated != "" {
			fmt.Fprintf(&w.later, " // Deprecated: %s", inOneLine(o.Deprecated))
		}
		fmt.Fprintln(&w.later)
	}
	fmt.Fprint(&w.later, ")\n")
	return kind{
		goType: name,
		clears: " The zero value takes it away.",
		read:   func(record, key, _ string) string { return fmt.Sprintf("%s(%s.Text(%s))", name, record, key) },
		write:  func(value string) string { return "textValue(string(" + value + "))" },
	}
}
