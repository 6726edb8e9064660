package schema

import (
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// Text is a text by language ("en", "de"). English is what is shown where a
// language is missing.
type Text map[string]string

// DecodeNode reads a mapping from language to text, or a text alone, which is
// then shown in every language.
func (t *Text) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		var one string
		d.Decode(node, reflect.ValueOf(&one).Elem())
		*t = Text{"en": one}
		return
	}
	*t = Text{}
	d.EachEntry(node, func(key, value *yaml.Node) { t.decodeEntry(d, key, value) })
}

func (t Text) decodeEntry(d *strictyaml.Decoder, key, value *yaml.Node) {
	checkLanguage(d, key)
	var text string
	d.Decode(value, reflect.ValueOf(&text).Elem())
	t[key.Value] = text
}

func checkLanguage(d *strictyaml.Decoder, key *yaml.Node) {
	if _, err := language.Parse(key.Value); err != nil {
		d.Add(key, "%q is no language such as en or de", key.Value)
	}
}

// In returns the text in a language, else in English, else "".
func (t Text) In(language string) string {
	if s, ok := t[language]; ok {
		return s
	}
	return t["en"]
}

// Label is the name of an entity for people, in the singular and the plural.
type Label struct {
	One  string `yaml:"one" doc:"The singular, for example Customer."`
	Many string `yaml:"many" doc:"The plural, for example Customers."`
}

// Labels are the names of an entity for people, by language.
type Labels map[string]Label

// DecodeNode reads a mapping from language to label.
func (l *Labels) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	*l = Labels{}
	d.EachEntry(node, func(key, value *yaml.Node) {
		checkLanguage(d, key)
		var label Label
		d.Decode(value, reflect.ValueOf(&label).Elem())
		(*l)[key.Value] = label
	})
}

// Index asks the store for an index over several fields in this order.
// A leading minus means descending, for example -createdAt.
type Index []string

// Entity is one kind of record, or a view of one: the role customer of a
// party is an Entity of its own whose Base is the party. An Entity that a
// Model returned never changes.
type Entity struct {
	Name        string  `yaml:"entity" doc:"The entity's name: singular, camelCase, for example serviceVisit."`
	RoleName    string  `yaml:"role" doc:"Instead of entity: the name of a role, for example customer."`
	Extends     string  `yaml:"extend" doc:"Instead of entity: the name of an entity or role that gets more fields and indexes."`
	Of          string  `yaml:"of" doc:"For a role: the entity whose records hold it, for example party."`
	Plural      string  `yaml:"plural" doc:"The plural of the name, as it appears in the API; by default the name with an s."`
	Labels      Labels  `yaml:"labels" doc:"The name for people, by language."`
	Description Text    `yaml:"description" doc:"What the entity is for, by language."`
	Title       string  `yaml:"title" doc:"The field that a record is shown by; by default the first searchable text."`
	Filterable  string  `yaml:"filterable" doc:"indexed (the default): only indexed fields can be filtered and sorted; all: every field, at the price of slow queries."`
	Fields      Fields  `yaml:"fields" doc:"The fields, by name, in the order in which people see them."`
	Indexes     []Index `yaml:"indexes" doc:"Further indexes, each a list of fields; a leading minus means descending."`

	Layer   string  `yaml:"-"` // who brought it: Source.Layer
	Version int     `yaml:"-"` // the form of its records: Source.Version
	File    string  `yaml:"-"` // where it was read from
	Line    int     `yaml:"-"`
	Base    *Entity `yaml:"-"` // the entity that stores the records of this role; nil for an entity of its own

	gone    bool           // Source.Gone
	traced  bool           // no model has it any more: it is what is left of a Gone one
	broken  bool           // its file has mistakes that make others look like mistakes too
	lines   map[string]int // where each key stands in its file
	indexAt []place        // where each of Indexes was read
}

// Stored is the entity whose records are stored: the base of a role, or the
// entity itself.
func (e *Entity) Stored() *Entity {
	if e.Base != nil {
		return e.Base
	}
	return e
}

// IsRole says whether the entity is a view of another by role.
func (e *Entity) IsRole() bool { return e.Base != nil }

// Field returns the field of that name, a system field included, or nil.
func (e *Entity) Field(name string) *Field {
	for _, f := range e.Fields {
		if f.Name == name {
			return f
		}
	}
	for _, f := range SystemFields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// At returns the leaf or inner field at a storage path such as
// "customer.creditLimit.amount" or "lines.product", looking through lists,
// or nil. A list on the way, or at its end, is reported.
func (e *Entity) At(path string) (f *Field, inList bool) {
	name, rest, _ := strings.Cut(path, ".")
	f = e.Stored().Field(name)
	for f != nil {
		if f.Type == "list" {
			inList = true
			if rest == "" {
				return f.Of, true
			}
			f = f.Of
		}
		if rest == "" {
			return f, inList
		}
		name, rest, _ = strings.Cut(rest, ".")
		f = f.Sub(name)
	}
	return nil, inList
}

// CanFilter says whether a field may be filtered and sorted by.
func (e *Entity) CanFilter(f *Field) bool {
	return e.Stored().Filterable == "all" || f.Indexed() || slices.Contains(SystemFields, f) || e.leads(f) || e.Stored().leads(f)
}

// leads says whether one of the entity's further indexes begins with a field.
func (e *Entity) leads(f *Field) bool {
	return slices.ContainsFunc(e.Indexes, func(i Index) bool {
		first := e.Field(strings.TrimPrefix(i[0], "-"))
		return first != nil && first.StoragePath() == f.StoragePath()
	})
}

// Kept yields every field that the records of a stored entity keep, and those
// of its roles, with their storage paths.
func (e *Entity) Kept() iter.Seq2[string, *Field] {
	return func(yield func(string, *Field) bool) {
		for _, f := range e.Stored().Fields {
			if !yield(f.Name, f) {
				return
			}
			if e.RoleIn(f) == "" {
				continue
			}
			for _, inner := range f.Fields {
				if !yield(f.Name+"."+inner.Name, inner) {
					return
				}
			}
		}
	}
}

// UniqueFields lists the fields that identify a live record, in order.
func (e *Entity) UniqueFields() []*Field {
	var unique []*Field
	for _, f := range e.Fields {
		if f.Unique {
			unique = append(unique, f)
		}
	}
	return unique
}

// TitleField is the field that a record is shown by, or nil.
func (e *Entity) TitleField() *Field {
	if e.Title != "" {
		return e.Field(e.Title)
	}
	for _, f := range e.Fields {
		if f.Type == "text" && f.Search {
			return f
		}
	}
	return nil
}

// fieldNames lists the names that a message may suggest.
func (e *Entity) fieldNames() []string {
	names := make([]string, 0, len(e.Fields))
	for _, f := range e.Fields {
		names = append(names, f.Name)
	}
	return names
}
