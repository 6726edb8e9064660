package contract

import (
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Search is what a plugin wants to find, in the terms of the language.
type Search struct {
	Filter  schema.Filter
	Words   [][]string // schema.SearchTerms
	OrderBy []schema.Order
	After   []any // a schema.Position; nil for the first page
	Limit   int   // most records in one page
}

// MaxPage is the most records in one answer to a plugin.
const MaxPage = 1000

// ReadSearch reads a question whose answer has at most so many records.
func ReadSearch(m *schema.Model, e *schema.Entity, r *pluginpb.FindRequest, most int) (Search, error) {
	s := Search{Limit: most}
	if n := int(r.GetLimit()); n > 0 {
		s.Limit = min(n, most)
	}
	var err error
	if s.Filter, err = ReadFilter(m, e, r.GetFilter()); err != nil {
		return s, err
	}
	if s.Words, err = readWords(e, r.GetSearch()); err != nil {
		return s, err
	}
	for _, o := range r.GetOrderBy() {
		key, err := e.SortKey(o.GetField(), o.GetDescending())
		if err != nil {
			return s, err
		}
		s.OrderBy = append(s.OrderBy, key)
	}
	if r.GetAfter() == "" {
		return s, nil
	}
	s.After, err = schema.ReadCursor(s.OrderBy, r.GetAfter())
	switch {
	case errors.Is(err, schema.ErrOtherOrder):
		return s, invalid("The cursor " + err.Error() + ".")
	case err != nil:
		return s, invalid("The cursor is none of this query. Pass on what came with the page before.")
	}
	return s, nil
}

// readWords refuses to search where nothing is searched: that would find nothing.
func readWords(e *schema.Entity, text string) ([][]string, error) {
	terms := e.SearchTerms(text)
	switch {
	case len(terms) > schema.MaxSearchWords:
		return nil, invalid(fmt.Sprintf("A search has at most %d words, not %d.", schema.MaxSearchWords, len(terms)))
	case len(terms) > 0 && !slices.ContainsFunc(e.Stored().Fields, (*schema.Field).Searched):
		return nil, invalid(fmt.Sprintf("No field of %s is searched: search: true in its definition says which are.", e.Plural))
	}
	return terms, nil
}

// Next is the cursor of the page behind a record of this one.
func (s Search) Next(last func(path string) any) string {
	return schema.Cursor(s.OrderBy, schema.Position(s.OrderBy, last))
}

// ReadFilter reads a filter of a plugin; nothing is every record.
func ReadFilter(m *schema.Model, e *schema.Entity, encoded []byte) (schema.Filter, error) {
	raw, err := pluginpb.Decode(encoded)
	if err != nil {
		return schema.Filter{}, invalid("The filter cannot be read.")
	}
	filter, err := m.ParseFilter(e, raw, false)
	if err != nil {
		return filter, unfit("The filter does not fit "+e.Plural+".", err)
	}
	return filter, nil
}

func invalid(message string) error { return &schema.Refusal{Code: schema.Invalid, Message: message} }

// unfit carries the violations over.
func unfit(message string, err error) error {
	r := &schema.Refusal{Code: schema.Invalid, Message: message}
	errors.As(err, &r.Violations)
	return r
}
