package sqlite

import (
	"database/sql/driver"
	"errors"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// wordsFunction is the SQL function that says whether a record, by its entity
// and its document, has a word that one of the alternatives begins.
const wordsFunction = "xrm_has_word"

func (s *Store) hasWord(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	name, _ := args[0].(string)
	doc, _ := args[1].(string)
	list, _ := args[2].(string)
	t := (*s.tables.Load())[name]
	if t == nil {
		return nil, errors.New("the words of " + name + " are not known")
	}
	values, err := decodeObject(doc)
	if err != nil {
		return nil, err
	}
	alternatives, err := decode(list)
	if err != nil {
		return nil, err
	}
	words := t.entity.SearchWords(values)
	return slices.ContainsFunc(alternatives.([]any), func(alternative any) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, alternative.(string)) })
	}), nil
}
