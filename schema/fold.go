package schema

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Fold makes a text comparable for people: lower case, without accents, ß as
// ss, so that "Strasse" finds "Straße" and "sao" finds "São".
func Fold(s string) string {
	if isPlain(s) { // as nearly all words are, which all writes fold
		return strings.ToLower(s)
	}
	// A transformer has a state: one for each call.
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		plain = s
	}
	return folded.Replace(strings.ToLower(plain))
}

// isPlain says whether a text is ASCII, which has no accents and nothing to take apart.
func isPlain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// folded are letters that no decomposition takes apart.
var folded = strings.NewReplacer("ß", "ss", "ø", "o", "æ", "ae", "œ", "oe", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ı", "i", "ς", "σ")

// Words splits a text into its folded words of letters and digits.
func Words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// WordsVersion is raised when SearchWords makes other words of a text: then stores
// make the words of all records anew.
const WordsVersion = "3"

// spelled are letters that have another spelling where a keyboard lacks them.
var spelled = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "å", "aa", "Å", "Aa", "ø", "oe", "Ø", "Oe")

// spellings are the words of a text in both spellings: those of Words, where ü is u,
// and those where it is ue.
func spellings(s string) (plain, spelledOut []string) {
	plain = Words(s)
	if isPlain(s) {
		return plain, nil
	}
	composed := norm.NFC.String(s)
	if out := spelled.Replace(composed); out != composed {
		return plain, Words(out)
	}
	return plain, nil
}

// SearchWords lists the words under which a record is found, each once, in
// order. The values are those of the stored entity. The search looks also into the
// places that others have, by their SearchPlaces, whose model is another one.
func (e *Entity) SearchWords(values map[string]any, others ...string) []string {
	var words []string
	for _, place := range others {
		words = append(words, WordsAt(values, place)...)
	}
	for _, f := range e.Stored().Fields {
		role := e.roleMark(f)
		for _, word := range searchWords(f, values[f.Name]) {
			words = append(words, role+word)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// roleMark goes before the words that a role adds, so that a search finds them
// only where the role may be seen.
func (e *Entity) roleMark(f *Field) string {
	if role := e.RoleIn(f); role != "" {
		return role + ":"
	}
	return ""
}

// RoleIn is the name of the role whose data a stored entity keeps in the
// field, or "".
func (e *Entity) RoleIn(f *Field) string {
	if f.System && f.Type == "object" {
		return f.Name
	}
	return ""
}

// Searched says whether the full text search looks into the field, or into
// something inside it.
func (f *Field) Searched() bool {
	return f.Search || f.Of != nil && f.Of.Searched() || slices.ContainsFunc(f.Subs(), (*Field).Searched)
}

// MaxSearchWords is more than anybody types; each word costs an index range.
const MaxSearchWords = 20

// Found says whether what SearchTerms made of a text finds the values of a stored
// entity. A store looks into an index instead.
func (e *Entity) Found(values map[string]any, terms [][]string) bool {
	if len(terms) == 0 {
		return true
	}
	words := e.SearchWords(values)
	begins := func(alternative string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, alternative) })
	}
	return !slices.ContainsFunc(terms, func(alternatives []string) bool { return !slices.ContainsFunc(alternatives, begins) })
}

// SearchTerms turns a text into what a query looks for: for each of its words
// the alternatives under which SearchWords keeps it. A view looks into its own
// role, a base into all of them.
func (e *Entity) SearchTerms(text string) [][]string {
	var terms [][]string
	if form, err := compared(text); err == nil {
		text = form
	}
	plain, out := spellings(text)
	for i, word := range plain {
		alternatives := []string{word}
		if len(out) == len(plain) && out[i] != word {
			alternatives = append(alternatives, out[i])
		}
		for _, word := range slices.Clone(alternatives) {
			for _, f := range e.Stored().Fields {
				if mark := e.roleMark(f); mark != "" && f.Searched() && (!e.IsRole() || f.Name == e.Name) {
					alternatives = append(alternatives, mark+word)
				}
			}
		}
		terms = append(terms, alternatives)
	}
	return terms
}

func searchWords(f *Field, value any) []string {
	var words []string
	switch v := value.(type) {
	case string:
		if f.Search {
			plain, out := spellings(v)
			words = append(plain, out...)
		}
	case []any:
		if f.Of == nil {
			return nil // it was stored when the field was a list
		}
		of := *f.Of
		of.Search = of.Search || f.Search
		for _, item := range v {
			words = append(words, searchWords(&of, item)...)
		}
	case map[string]any:
		if f.Type == "phone" && f.Search {
			return phoneWords(v)
		}
		for _, sub := range f.Subs() {
			words = append(words, searchWords(sub, v[sub.Name])...)
		}
	}
	return words
}

// phoneWords finds a number by its digits, however they are grouped: as a
// whole, with the country's code or without, and group by group as typed.
func phoneWords(phone map[string]any) []string {
	isNoDigit := func(r rune) bool { return r < '0' || r > '9' }
	raw, _ := phone["raw"].(string)
	words := strings.FieldsFunc(raw, isNoDigit)
	words = append(words, strings.Join(words, ""))
	if e164, ok := phone["e164"].(string); ok {
		words = append(words, strings.TrimPrefix(e164, "+"))
		if number, err := phonenumbers.Parse(e164, ""); err == nil {
			words = append(words, phonenumbers.GetNationalSignificantNumber(number))
		}
	}
	return words
}
