package importer

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binding is one field of the map, bound to the columns of the file.
type binding struct {
	target
	cells   *cellReader
	convert *converter
	exact   bool    // the texts are names of records or values, and no prose
	skip    bool    // a text that does not fit is left out
	lookup  *lookup // of a reference; nil when the texts are ids
	label   string  // for people: "number (column customerID)"
}

// binder binds sources to the header of one file.
type binder struct {
	m       *Map
	entity  *Entity
	header  []string
	used    map[int]bool // columns that a source reads
	numbers numbers
	now     time.Time
}

// bind returns what can be said against a source, if anything.
func (b *binder) bind(s *Source) (*binding, error) {
	t, err := parseTarget(b.entity, s.path, b.m.Group)
	if err != nil {
		return nil, err
	}
	cells, label, err := b.cells(s)
	if err != nil {
		return nil, err
	}
	convert, err := b.converter(s, t.field)
	if err != nil {
		return nil, err
	}
	if err := checkOtherwise(s); err != nil {
		return nil, err
	}
	switch {
	case t.field.Type == "list" && s.Part != "":
		return nil, fmt.Errorf("%s is a list; leave part out to take all values, or name one item: %s[0]", s.path, s.path)
	case t.field.Type != "list" && s.Split != "" && s.Part == "":
		return nil, errors.New("split makes several texts; say with part which one to take")
	case s.Lookup != "" && convert.field.Type != "reference":
		return nil, fmt.Errorf("lookup is for references, and %s is of type %s", s.path, convert.field.Type)
	}
	if label != "" && label != s.path {
		label = fmt.Sprintf("%s (column %s)", s.path, label)
	} else {
		label = s.path
	}
	return &binding{target: t, cells: cells, convert: convert, skip: s.Otherwise == "skip", label: label,
		exact: convert.field.Type != "text" || convert.field.Unique}, nil
}

// cells finds the columns of a source and how people name them.
func (b *binder) cells(s *Source) (*cellReader, string, error) {
	given := 0
	for _, is := range []bool{s.Column != "", s.Join != nil, s.Text != "", s.Constant != nil, len(s.FirstOf) > 0} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, "", errors.New("needs one of column, join, text, constant and firstOf")
	}
	c := &cellReader{source: s, when: -1, missing: b.m.Missing}
	named := append([]string{}, s.Join...)
	if s.Column != "" {
		named = []string{s.Column}
	}
	var err error
	if c.columns, err = b.columnsOf(named); err != nil {
		return nil, "", err
	}
	if s.When != "" {
		if c.when, err = b.column(s.When); err != nil {
			return nil, "", err
		}
	}
	if c.text, err = b.template(s.Text); err != nil {
		return nil, "", err
	}
	for _, part := range c.text {
		if part.column >= 0 {
			named = append(named, b.header[part.column])
		}
	}
	for n, choice := range s.FirstOf {
		reader, label, err := b.choice(choice)
		if err != nil {
			return nil, "", fmt.Errorf("firstOf, number %d: %w", n+1, err)
		}
		if c.choices = append(c.choices, reader); label != "" {
			named = append(named, label)
		}
	}
	if c.pattern, err = pattern(s.Pattern); err != nil {
		return nil, "", err
	}
	return c, strings.Join(named, ", "), checkPart(s.Part)
}

// choice is a source within firstOf: it gives one text, and what becomes of
// that is said by the field.
func (b *binder) choice(s *Source) (*cellReader, string, error) {
	switch {
	case s.Lookup != "" || s.Dates != nil || s.YearsFrom != 0 || s.Past != nil || s.TimeZone != "" || s.Currency != "":
		return nil, "", errors.New("lookup, dates, yearsFrom, past, timeZone and currency belong beside firstOf")
	case s.Split != "" && s.Part == "":
		return nil, "", errors.New("split makes several texts; say with part which one to take")
	}
	if err := checkOtherwise(s); err != nil {
		return nil, "", err
	}
	return b.cells(s)
}

func checkOtherwise(s *Source) error {
	switch {
	case !slices.Contains([]string{"", "reject", "skip", "keep"}, s.Otherwise):
		return fmt.Errorf("otherwise must be reject, skip or keep, not %q", s.Otherwise)
	case s.Otherwise == "keep" && s.Pattern == "" && s.Values == nil:
		return errors.New("otherwise: keep is for a text that pattern or values do not know")
	case s.Split == "" && s.Part != "":
		return errors.New("part needs split: the separator")
	}
	return nil
}

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

// template takes a text with columns in braces apart.
func (b *binder) template(text string) ([]textPart, error) {
	var parts []textPart
	end := 0
	for _, at := range braces.FindAllStringSubmatchIndex(text, -1) {
		column, err := b.column(text[at[2]:at[3]])
		if err != nil {
			return nil, err
		}
		parts = append(parts, textPart{literal: text[end:at[0]], column: -1}, textPart{column: column})
		end = at[1]
	}
	if text != "" && parts == nil {
		return nil, fmt.Errorf("the text %q names no column in braces; a text for every row is a constant", text)
	}
	return append(parts, textPart{literal: text[end:], column: -1}), nil
}

func pattern(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	p, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("pattern %q is no regular expression: %w", text, err)
	}
	return p, nil
}

// converter is that of the innermost type: of the items, for a list.
func (b *binder) converter(s *Source, f *Field) (*converter, error) {
	if f.Type == "list" {
		f = f.Of
	}
	c := &converter{field: f, numbers: b.numbers, currency: cmp.Or(s.Currency, b.m.Currency)}
	if f.Type != "date" && f.Type != "datetime" {
		return c, nil
	}
	c.dates = dates{now: b.now, yearsFrom: cmp.Or(s.YearsFrom, b.m.YearsFrom), past: isBirth(f)}
	if s.Past != nil {
		c.dates.past = *s.Past
	}
	forms := s.Dates
	if forms == nil {
		forms = b.m.Dates
	}
	for _, text := range forms {
		form, err := newDateForm(text)
		if err != nil {
			return nil, err
		}
		c.dates.forms = append(c.dates.forms, form)
	}
	zone := cmp.Or(s.TimeZone, b.m.TimeZone)
	var err error
	if c.dates.zone, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("timeZone %q is not known; write it like Europe/Berlin", zone)
	}
	return c, nil
}

// read makes the value of a row, nil for none. A reference's value is a text
// that is still to be looked up. The reason completes the label.
func (b *binding) read(cells []string) (value any, reason string) {
	o := b.cells.read(cells)
	var list []any
	for i := 0; i < len(o.texts) && o.reason == ""; i++ {
		converted, err := b.text(o.texts[i])
		if err != nil {
			o.reason = err.Error()
		}
		list = append(list, converted)
	}
	switch {
	case o.reason != "" && b.skip:
		return nil, ""
	case o.reason != "":
		return nil, o.reason
	case len(list) == 0:
		return nil, ""
	case b.field.Type == "list":
		return list, ""
	}
	return list[0], ""
}

func (b *binding) text(text string) (any, error) {
	if b.exact {
		text = withoutApostrophe(text)
	}
	if b.lookup != nil {
		return b.lookup.wanted(text, b.convert)
	}
	return b.convert.convert(text)
}

// asInFile adds the texts of the file to a reason that shows what was made of
// them: people look for what they wrote.
func (b *binding) asInFile(reason string, cells []string) string {
	if !strings.Contains(reason, ", not ") {
		return reason
	}
	var texts []string
	for _, text := range b.cells.inFile(cells) {
		if strings.Contains(reason, text) {
			return reason
		}
		texts = append(texts, strconv.Quote(text))
	}
	if texts == nil {
		return reason
	}
	return reason + " (the file has " + strings.Join(texts, ", ") + ")"
}
