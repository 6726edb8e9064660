package schema

import (
	"math"
	"reflect"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// Field describes one field of an entity or of an object. Which of the
// options a type understands is listed by Options of its Type.
type Field struct {
	Name        string   `yaml:"-"`
	Type        string   `yaml:"type" doc:"The type of the values."`
	Labels      Text     `yaml:"labels" doc:"The name for people, by language."`
	Description Text     `yaml:"description" doc:"What the field is for, by language."`
	Required    bool     `yaml:"required" doc:"A record without a value is refused."`
	Unique      bool     `yaml:"unique" doc:"No two live records have the same value. Implies an index."`
	Index       bool     `yaml:"index" doc:"Records can be filtered and sorted by the field."`
	Immutable   bool     `yaml:"immutable" doc:"The value is set once and never changes."`
	Search      bool     `yaml:"search" doc:"The full text search looks into the field."`
	PII         bool     `yaml:"pii" doc:"The values say something about a person: erasing the party that the record belongs or refers to erases them."`
	Default     any      `yaml:"default" doc:"The value that a new record gets where none is given."`
	Deprecated  string   `yaml:"deprecated" doc:"Why the field should not be used any more, and what to use."`
	Options     Options  `yaml:"options" doc:"enum and state: the values, as a list or as a mapping from value to labels. state: next to them where each leads. deprecated: true, or why, on one that nobody chooses any more."`
	To          string   `yaml:"to" doc:"reference: the entity or role that is referred to."`
	Inverse     string   `yaml:"inverse" doc:"reference: the name of the list on the other side; by default the plural of this entity."`
	OnDelete    string   `yaml:"onDelete" doc:"reference: what becomes of this record when the other is deleted: refuse (the default), clear, cascade or keep."`
	OtherThan   string   `yaml:"otherThan" doc:"reference: the reference beside it that must lead to another record; a merge deletes what would lead to one twice."`
	Of          *Field   `yaml:"of" doc:"list: what the items are."`
	Fields      Fields   `yaml:"fields" doc:"object: its fields."`
	Min         *int64   `yaml:"min" doc:"integer, decimal and money: the least value."`
	Max         *int64   `yaml:"max" doc:"integer, decimal and money: the greatest value. text: the most characters; without it, 1 MiB."`
	Scale       *int     `yaml:"scale" doc:"decimal and money: how many digits after the point, at the most."`
	Currency    string   `yaml:"currency" doc:"money: the currency of an amount that comes without one."`
	Format      string   `yaml:"format" doc:"autonumber: the pattern, for example C-{YYYY}-{00000}."`
	Gapless     bool     `yaml:"gapless" doc:"autonumber: the numbers follow each other without a gap, as invoices need it; nobody gives, changes or deletes one."`
	MaxSize     *int64   `yaml:"maxSize" doc:"file: how many bytes it has, at the most."`
	Accept      []string `yaml:"accept" doc:"file: the media types that may be there, such as application/pdf or image/*; all of them by default."`
	RegionFrom  string   `yaml:"regionFrom" doc:"phone: the country field beside it that says how a national number is read."`

	Path   string `yaml:"-"` // where the value is stored, when not under its name: "customer.creditLimit"
	System bool   `yaml:"-"` // set by the program, never by a caller
	Line   int    `yaml:"-"`

	file     string // where it was read
	layer    string // who brought it
	broken   bool   // what it says was not understood: what it seems to lack may stand there
	gone     bool   // who brought it is gone
	released bool   // who brought it is gone, and it binds nobody: an autonumber draws no more numbers
	traced   bool   // no model has it any more: it is what is left of a Gone one
}

// StoragePath is the dotted path of the value within a record's values.
func (f *Field) StoragePath() string {
	if f.Path != "" {
		return f.Path
	}
	return f.Name
}

// File is the name of the file in which the field stands, as in messages.
func (f *Field) File() string { return f.file }

// Layer says who brought the field, as Source does: an extension may be of
// another layer than its entity. It is "" for what the program adds.
func (f *Field) Layer() string { return f.layer }

// Indexed says whether the store keeps an index that starts with the field.
// References always have one, for their other side.
func (f *Field) Indexed() bool {
	return f.Index || f.Unique || f.Type == "reference" || f.Type == "list" && f.Of.Type == "reference"
}

// Kind is the field's type with its behavior. It is nil for an unknown type,
// which a loaded model never contains.
func (f *Field) Kind() Type { return typeByName(f.Type) }

// Sub returns the field inside an object, or inside a composite value such as
// money (amount, currency), or nil.
func (f *Field) Sub(name string) *Field { return findField(f.Subs(), name) }

func findField(fields Fields, name string) *Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Subs lists the fields inside an object or a composite value.
func (f *Field) Subs() Fields {
	switch f.Type {
	case "object":
		return f.Fields
	case "money":
		return moneyParts
	case "phone":
		return phoneParts
	case "file":
		return fileParts
	}
	return nil
}

// always is the part that a composite value never lacks, nil for other types. An
// index has it, and not the value as a whole.
func (f *Field) always() *Field {
	switch f.Type {
	case "money":
		return f.Sub("amount")
	case "phone":
		return f.Sub("raw")
	}
	return nil
}

// Label is the field's name for people in a language, or its name.
func (f *Field) Label(language string) string {
	if s := f.Labels.In(language); s != "" {
		return s
	}
	return f.Name
}

// Fields is an ordered mapping from name to field.
type Fields []*Field

// DecodeNode reads a mapping and keeps its order.
func (fs *Fields) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	d.EachEntry(node, func(key, value *yaml.Node) {
		f, before := &Field{Name: key.Value}, d.Count()
		d.Decode(value, reflect.ValueOf(f).Elem())
		f.Line, f.broken = key.Line, d.Count() > before
		*fs = append(*fs, f)
	})
}

// IsSystem says whether a name is that of a system field.
func IsSystem(name string) bool { return findField(SystemFields, name) != nil }

// SystemFields are on every record, kept by the program itself.
var SystemFields = Fields{
	{Name: "id", Type: "text", System: true, Index: true, Description: Text{"en": "The record's identity, for ever: a UUID that sorts by age.", "de": "Die Identität des Datensatzes, für immer: eine nach Alter sortierbare UUID."}},
	{Name: "version", Type: "integer", System: true, Min: new(int64(1)), Max: new(int64(math.MaxInt32)), Description: Text{"en": "Counts the changes, from 1. Send it as ifVersion to avoid overwriting somebody else's change.", "de": "Zählt die Änderungen, ab 1. Als ifVersion gesendet verhindert sie, fremde Änderungen zu überschreiben."}},
	{Name: "createdAt", Type: "datetime", System: true, Index: true, Description: Text{"en": "When the record was created.", "de": "Wann der Datensatz angelegt wurde."}},
	{Name: "createdBy", Type: "text", System: true, Description: Text{"en": "Who created the record.", "de": "Wer den Datensatz angelegt hat."}},
	{Name: "updatedAt", Type: "datetime", System: true, Index: true, Description: Text{"en": "When the record was changed last.", "de": "Wann der Datensatz zuletzt geändert wurde."}},
	{Name: "updatedBy", Type: "text", System: true, Description: Text{"en": "Who changed the record last.", "de": "Wer den Datensatz zuletzt geändert hat."}},
	{Name: "deletedAt", Type: "datetime", System: true, Description: Text{"en": "When the record was deleted; empty on a live one.", "de": "Wann der Datensatz gelöscht wurde; leer bei einem lebenden."}},
}
