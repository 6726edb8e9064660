package importer

import (
	"reflect"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// Map is a map file: how the columns of a file become the fields of an
// entity. README.md explains every key; a test keeps the two together.
type Map struct {
	Entity    string   `yaml:"entity"`    // what the rows are; --entity may say it instead
	Key       string   `yaml:"key"`       // the unique field by which a record is found again; without it every row is a new record
	Group     string   `yaml:"group"`     // each row is one item of this list; rows with the same key are one record
	CSV       CSV      `yaml:"csv"`       // how the file separates its cells
	Missing   []string `yaml:"missing"`   // texts that mean: no value
	Empty     string   `yaml:"empty"`     // what no value does to a record that has one: leave (the default) or clear
	Dates     Forms    `yaml:"dates"`     // how dates are written: DD.MM.YYYY hh:mm; or a list of such forms
	YearsFrom int      `yaml:"yearsFrom"` // years of two digits lie in the hundred years from this one
	TimeZone  string   `yaml:"timeZone"`  // in which zone times are meant that name none: Europe/Berlin
	Decimal   string   `yaml:"decimal"`   // the decimal sign; a point by default
	Thousands string   `yaml:"thousands"` // the sign between groups of digits; none by default
	Currency  string   `yaml:"currency"`  // of amounts: EUR
	Fields    Sources  `yaml:"fields"`    // field: where its value comes from
	Ignore    []string `yaml:"ignore"`    // columns that are left out on purpose

	file string
}

// CSV is how a file separates its cells and encodes its texts.
type CSV struct {
	Separator      string `yaml:"separator"`      // one character, or tab; found out from the header by default
	NotBeforeSpace bool   `yaml:"notBeforeSpace"` // a separator followed by a space is a part of the text
	HeaderLine     int    `yaml:"headerLine"`     // the line that names the columns, if it is not the first
	Encoding       string `yaml:"encoding"`       // utf-8 (the default), windows-1252 or iso-8859-1
}

// Source is where a field's value comes from and what is done with it, in the
// order of these keys.
type Source struct {
	Column   string    `yaml:"column"`   // a column
	Join     []string  `yaml:"join"`     // several columns, those without a value left out
	With     string    `yaml:"with"`     // between joined columns; a space by default
	Text     string    `yaml:"text"`     // a text with columns in braces: "contact-{customerID}"
	Constant *string   `yaml:"constant"` // the same for every row
	FirstOf  []*Source `yaml:"firstOf"`  // several sources, of which the first counts that has a value
	When     string    `yaml:"when"`     // only for rows that have a value in this column
	Default  *string   `yaml:"default"`  // for rows without a value

	Pattern   string            `yaml:"pattern"`   // a regular expression; its first group is taken, or the whole match
	Split     string            `yaml:"split"`     // the separator of several values in one cell
	Part      string            `yaml:"part"`      // of a split text: first, last, or a number from 1
	Values    map[string]string `yaml:"values"`    // text in the file: value of the field
	Otherwise string            `yaml:"otherwise"` // what becomes of a text that does not fit: reject (the default), skip or keep

	Lookup    string `yaml:"lookup"`    // of a reference: the unique field of the target; or entity.field, or id
	Dates     Forms  `yaml:"dates"`     // instead of the map's
	YearsFrom int    `yaml:"yearsFrom"` // instead of the map's
	Past      *bool  `yaml:"past"`      // whether a date of the future is refused; by default where the field is a date of birth
	TimeZone  string `yaml:"timeZone"`  // instead of the map's
	Currency  string `yaml:"currency"`  // instead of the map's

	path string
	line int
}

// Forms are the ways in which dates are written.
type Forms []string

// DecodeNode reads one form, or a list.
func (f *Forms) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		*f = Forms{node.Value}
		return
	}
	d.Decode(node, reflect.ValueOf((*[]string)(f)).Elem())
}

// Sources are the fields of a map in the order of the file.
type Sources []*Source

// DecodeNode reads a mapping from field to source.
func (s *Sources) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	d.EachEntry(node, func(key, value *yaml.Node) {
		source := &Source{}
		d.Decode(value, reflect.ValueOf(source).Elem())
		source.path, source.line = key.Value, key.Line
		*s = append(*s, source)
	})
}

// DecodeNode reads a column's name or a mapping.
func (s *Source) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		s.Column = node.Value
		return
	}
	type keys Source // without this method
	d.Decode(node, reflect.ValueOf((*keys)(s)).Elem())
}

// ReadMap reads a map file. The error lists every mistake with its line.
func ReadMap(name string, data []byte) (*Map, error) {
	m := &Map{file: name}
	if err := strictyaml.Decode(name, data, m).Err(); err != nil {
		return nil, err
	}
	return m, nil
}
