package wording

import (
	"cmp"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// Texts are those of one language. They never change.
type Texts struct {
	whole    map[string]string // what has no holes
	patterns []pattern         // those that say more come first
}

// pattern is a text with holes: "The {entity} was not saved: another one has the same {field}."
type pattern struct {
	english *regexp.Regexp
	holes   []string // in the order of the English text
	said    string
	literal int // how many bytes of it are no holes
}

// Names says what an entity is called in the language of the texts: for one of its
// records, or for several. It is "" where nobody knows.
type Names func(entity string, several bool) string

// The holes whose content is itself said in the language.
const (
	entityHole   = "entity"   // the name of an entity
	entitiesHole = "entities" // its plural
	textHole     = "text"     // another text
)

// hole is a part of a text that differs from time to time.
var hole = regexp.MustCompile(`\{([a-z][A-Za-z0-9]*)\}`)

// Read reads a file that maps English texts to those of one language, each with the same
// holes: {code} is any content, {entity} and {entities} are the names of an entity, and {text}
// is another text of the file. It returns every mistake at once.
func Read(file string, data []byte) (*Texts, strictyaml.Problems) {
	var entries entries
	problems := strictyaml.Decode(file, data, &entries)
	t := &Texts{whole: map[string]string{}}
	for _, e := range entries {
		refuse := func(message string) {
			problems = append(problems, strictyaml.Problem{File: file, Line: e.line, Message: message})
		}
		holes := names(e.english)
		switch {
		case e.said == "":
			refuse("what is said in this language is missing")
		case !slices.Equal(sorted(holes), sorted(names(e.said))):
			refuse("both texts must have the same holes: the English one has " + listed(holes) + ", this one has " + listed(names(e.said)))
		case len(holes) > 0 && !strings.ContainsFunc(hole.ReplaceAllString(e.english, ""), unicode.IsLetter):
			refuse("it has nothing but holes, so every text would fit")
		case len(slices.Compact(sorted(holes))) < len(holes):
			refuse("a hole comes twice; give each a name of its own")
		case len(holes) == 0:
			t.whole[e.english] = e.said
		default:
			t.patterns = append(t.patterns, compile(e.english, e.said, holes))
		}
	}
	slices.SortStableFunc(t.patterns, byLiteral)
	return t, problems
}

// with are the texts of both, so that a sentence of one may follow one of the other. Where
// both have one, t has.
func (t *Texts) with(other *Texts) *Texts {
	if t == nil {
		return other
	}
	all := &Texts{whole: maps.Clone(other.whole), patterns: slices.Concat(t.patterns, other.patterns)}
	maps.Copy(all.whole, t.whole)
	slices.SortStableFunc(all.patterns, byLiteral)
	return all
}

// byLiteral sorts what says more first.
func byLiteral(a, b pattern) int { return cmp.Compare(b.literal, a.literal) }

// Plain are texts without holes.
func Plain(texts map[string]string) *Texts { return &Texts{whole: texts} }

func compile(english, said string, holes []string) pattern {
	parts := hole.Split(english, -1)
	p := pattern{said: said, holes: holes}
	for i, part := range parts {
		p.literal += len(part)
		parts[i] = regexp.QuoteMeta(part)
	}
	p.english = regexp.MustCompile(`(?s)^` + strings.Join(parts, `(.*?)`) + `$`)
	return p
}

func names(text string) []string {
	var all []string
	for _, found := range hole.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func listed(holes []string) string {
	if len(holes) == 0 {
		return "none"
	}
	return "{" + strings.Join(holes, "}, {") + "}"
}

// entries are the texts of a file, in their order.
type entries []entry

type entry struct {
	english, said string
	line          int
}

// DecodeNode reads a mapping from English to another language.
func (all *entries) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	d.EachEntry(node, func(key, value *yaml.Node) {
		e := entry{english: key.Value, line: key.Line}
		d.Decode(value, reflect.ValueOf(&e.said).Elem())
		*all = append(*all, e)
	})
}
