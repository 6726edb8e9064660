package importer

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// cellReader turns the cells of a row into the texts of one field, as its
// Source says, before they are converted.
type cellReader struct {
	source  *Source
	columns []int         // of column or join
	choices []*cellReader // of firstOf
	when    int           // -1 for always
	text    []textPart
	pattern *regexp.Regexp
	missing []string
}

// textPart is a literal, or a column.
type textPart struct {
	literal string
	column  int // -1 for the literal
}

// outcome is what a source makes of a row's cells.
type outcome struct {
	texts  []string // none for no value
	reason string   // why the text does not fit, completing "<field> …"
}

// read returns no texts when there is no value.
func (c *cellReader) read(cells []string) outcome {
	if c.when >= 0 && c.cell(cells, c.when) == "" {
		return outcome{}
	}
	text, reason := c.raw(cells)
	if reason != "" {
		return outcome{reason: reason}
	}
	if text == "" {
		if c.source.Default == nil {
			return outcome{}
		}
		return outcome{texts: []string{*c.source.Default}}
	}
	if c.pattern != nil {
		match := c.pattern.FindStringSubmatch(text)
		switch {
		case match != nil:
			text = strings.TrimSpace(match[min(1, len(match)-1)])
		case c.source.Otherwise != "keep":
			return outcome{reason: "must match the pattern " + c.source.Pattern + ", not " + strconv.Quote(text)}
		}
	}
	return c.translate(c.split(text))
}

// raw is the text before anything is done with it. Only a source within
// firstOf can have a reason why there is none.
func (c *cellReader) raw(cells []string) (text, reason string) {
	switch {
	case c.source.Constant != nil:
		return *c.source.Constant, ""
	case c.choices != nil:
		return c.firstOf(cells)
	case c.source.Text != "":
		var b strings.Builder
		for _, part := range c.text {
			text := part.literal
			if part.column >= 0 {
				if text = c.cell(cells, part.column); text == "" {
					return "", ""
				}
			}
			b.WriteString(text)
		}
		return strings.TrimSpace(b.String()), ""
	}
	var texts []string
	for _, column := range c.columns {
		if text := c.cell(cells, column); text != "" {
			texts = append(texts, text)
		}
	}
	with := c.source.With
	if with == "" {
		with = " "
	}
	return strings.Join(texts, with), ""
}

// inFile lists the texts of a row's cells that the source reads.
func (c *cellReader) inFile(cells []string) []string {
	columns := append([]int{}, c.columns...)
	for _, part := range c.text {
		columns = append(columns, part.column)
	}
	var texts []string
	for _, column := range columns {
		if column >= 0 && column < len(cells) {
			texts = append(texts, nonEmpty(strings.TrimSpace(cells[column]))...)
		}
	}
	for _, choice := range c.choices {
		texts = append(texts, choice.inFile(cells)...)
	}
	return texts
}

// firstOf takes the first source that has a value. One whose text does not fit
// is passed over if it says so: otherwise: skip.
func (c *cellReader) firstOf(cells []string) (text, reason string) {
	for _, choice := range c.choices {
		o := choice.read(cells)
		switch {
		case o.reason != "" && choice.source.Otherwise == "skip":
		case o.reason != "":
			return "", o.reason
		case len(o.texts) > 0:
			return o.texts[0], ""
		}
	}
	return "", ""
}

// cell is a cell's text, "" when it means no value.
func (c *cellReader) cell(cells []string, column int) string {
	text := unescaped(strings.TrimSpace(cells[column]))
	if slices.Contains(c.missing, text) {
		return ""
	}
	return text
}

// unescaped takes away what is written around a text so that a spreadsheet
// takes it neither for a number nor for a formula: ="0123", and an apostrophe
// before one of = + - @ (the advice of OWASP against CSV injection).
func unescaped(text string) string {
	if inner, ok := strings.CutPrefix(text, `="`); ok && strings.HasSuffix(inner, `"`) {
		return strings.TrimSpace(strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`))
	}
	if len(text) > 1 && text[0] == '\'' && strings.IndexByte("=+-@", text[1]) >= 0 {
		return text[1:]
	}
	return text
}

// withoutApostrophe takes away the apostrophe that tells a spreadsheet to
// leave digits as they are: '0123. Prose may begin with one ('68 was a year).
func withoutApostrophe(text string) string {
	if len(text) > 1 && text[0] == '\'' && text[1] >= '0' && text[1] <= '9' {
		return text[1:]
	}
	return text
}

func (c *cellReader) split(text string) outcome {
	if c.source.Split == "" {
		return outcome{texts: nonEmpty(text)}
	}
	var parts []string
	for _, part := range strings.Split(text, c.source.Split) {
		parts = append(parts, nonEmpty(strings.TrimSpace(part))...)
	}
	if c.source.Part == "" || len(parts) == 0 {
		return outcome{texts: parts}
	}
	switch c.source.Part {
	case "first":
		return outcome{texts: parts[:1]}
	case "last":
		return outcome{texts: parts[len(parts)-1:]}
	}
	if n, _ := strconv.Atoi(c.source.Part); n <= len(parts) {
		return outcome{texts: parts[n-1 : n]}
	}
	return outcome{}
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// translate looks the texts up in the map's values. A value that is empty
// there means no value; a text that is one of these values stays as it is.
func (c *cellReader) translate(o outcome) outcome {
	if c.source.Values == nil {
		return o
	}
	translated := o.texts[:0:0]
	for _, text := range o.texts {
		value, known := c.source.Values[text]
		switch {
		case known:
			translated = append(translated, nonEmpty(value)...)
		case c.source.Otherwise == "keep" || slices.Contains(slices.Collect(maps.Values(c.source.Values)), text):
			translated = append(translated, text)
		default:
			return outcome{reason: "must be one of the values in the map, not " + strconv.Quote(text) + strictyaml.Suggest(text, slices.Sorted(maps.Keys(c.source.Values)))}
		}
	}
	o.texts = translated
	return o
}
