package schema

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Reads says whether a stored value is of the kind that the field's type has in
// its canonical form. One that was stored when the field had another type, or
// another option, may not be. What else a rule asks of what is written, such as
// max, is not asked. Nil is a value of every field.
func (f *Field) Reads(value any) bool {
	if value == nil {
		return true
	}
	switch f.Type {
	case "integer":
		_, fits := value.(int64)
		return fits
	case "boolean":
		_, fits := value.(bool)
		return fits
	case "list":
		list, fits := value.([]any)
		return fits && !slices.ContainsFunc(list, func(item any) bool { return item == nil || !f.Of.Reads(item) })
	case "object", "money", "phone", "file":
		object, fits := value.(map[string]any)
		return fits && !slices.ContainsFunc(f.Subs(), func(sub *Field) bool { return !sub.Reads(object[sub.Name]) })
	}
	text, fits := value.(string)
	return fits && f.readsText(text)
}

func (f *Field) readsText(text string) (fits bool) {
	var err error
	switch f.Type {
	case "decimal":
		_, err = decimal.NewFromString(text)
	case "date":
		_, err = time.Parse(time.DateOnly, text)
	case "datetime":
		_, err = time.Parse(InstantFormat, text)
	case "enum", "state":
		return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == text })
	}
	return err == nil
}

// Misread says of a stored value that the field does not read what it is instead,
// and what can be done. It completes "The field NAME of ENTITY ID …".
func (f *Field) Misread(value any) string {
	what := "no " + f.Type
	if f.Type == "enum" || f.Type == "state" {
		what = "none of its options"
	}
	return fmt.Sprintf("holds %s, which is %s: it was stored when the field had another definition. Write a value that fits, or give the field its former definition.", show(value), what)
}
