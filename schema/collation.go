package schema

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/openxrm/xrm/schema/strictyaml"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// DefaultCollation sorts by DIN 5007-1: ä as a, ß as ss, and what is still the
// same by accents, then by case.
const DefaultCollation = "de"

// collationVersion is raised when Key makes other keys of a text, such as with a
// golang.org/x/text that has newer tables: then stores make theirs anew.
const collationVersion = "1"

// KeyedCharacters is how many characters of a text decide its place in an order.
// Texts that have them in common go by their ids.
const KeyedCharacters = 200

// Collation is how names sort as the people of a language sort them. It makes
// keys that a store compares byte by byte, so that every database sorts alike and
// an ordinary index serves the order. It is safe for concurrent use. Make one with
// NewCollation.
type Collation struct {
	tag       language.Tag
	collators sync.Pool // one collator serves one caller at a time
	trims     bool
	numeric   bool     // 2 comes before 10
	apart     sync.Map // by a character: whether it keeps its place whatever follows
}

type collator struct {
	*collate.Collator
	buffer collate.Buffer
}

// NewCollation returns the collation of a BCP 47 tag such as de, sv or
// de-u-co-phonebk, which is DIN 5007-2. The error completes "… must be a language
// whose order is known".
func NewCollation(name string) (*Collation, error) {
	tag, err := language.Parse(name)
	if err != nil || !hasOrder(tag) {
		return nil, fmt.Errorf("such as de, sv or de-u-co-phonebk, not %q%s", name, strictyaml.Suggest(name, collations()))
	}
	c := &Collation{tag: tag, trims: tag.TypeForKey("ka") == "", numeric: isNumeric(tag)}
	var options []collate.Option
	if c.numeric {
		options = append(options, collate.Numeric)
	}
	c.collators.New = func() any { return &collator{Collator: collate.New(tag, options...)} }
	return c, nil
}

// StandardCollation is that of DefaultCollation.
func StandardCollation() *Collation {
	c, err := NewCollation(DefaultCollation)
	if err != nil {
		panic(err) // it is among those that the library has
	}
	return c
}

// Name says what keys depend on besides the text.
func (c *Collation) Name() string { return c.tag.String() + " " + collationVersion }

// collations are the tags whose order differs from that of all others.
func collations() []string {
	var names []string
	for _, tag := range collate.Supported() {
		if tag != language.Und {
			names = append(names, tag.String())
		}
	}
	return names
}

// hasOrder says whether a tag names a language and, if it names a special order, one
// that this language has.
func hasOrder(tag language.Tag) bool {
	base, _, _ := tag.Raw()
	if base.String() == "und" {
		return false
	}
	order := tag.TypeForKey("co")
	return order == "" || order == "standard" || slices.ContainsFunc(collate.Supported(), func(known language.Tag) bool {
		language, _, _ := known.Raw()
		return language == base && known.TypeForKey("co") == order
	})
}

// isNumeric says whether a tag has kn or kn-true, of which the library knows neither.
func isNumeric(tag language.Tag) bool {
	unicode, _ := tag.Extension('u')
	words := unicode.Tokens()
	i := slices.Index(words, "kn")
	return i >= 0 && (i+1 == len(words) || words[i+1] != "false")
}

// Key is the sort key of a text: never empty, without characters that need an
// escape, and at most some 1,300 bytes.
func (c *Collation) Key(text string) string { return ordered.EncodeToString(c.key(text)) }

// Compare puts two texts in order by their keys.
func (c *Collation) Compare(a, b string) int {
	if a == b {
		return 0
	}
	return strings.Compare(c.Key(a), c.Key(b))
}

// ordered is an encoding whose texts sort as the bytes do.
var ordered = base64.NewEncoding("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz").WithPadding(base64.NoPadding)

func (c *Collation) key(text string) []byte {
	k := c.collators.Get().(*collator)
	defer c.collators.Put(k)
	k.buffer.Reset()
	key := k.KeyFromString(&k.buffer, norm.NFC.String(beginning(text)))
	if c.trims {
		key = trimmed(key)
	}
	return slices.Clone(key)
}

// beginning is what of a text is sorted by.
func beginning(text string) string {
	if len(text) <= KeyedCharacters {
		return text
	}
	n := 0
	for i := range text {
		if n == KeyedCharacters {
			return text[:i]
		}
		n++
	}
	return text
}

// The weights of a letter without an accent, and of a small one: no others are less.
const (
	plainAccent = 0x20
	plainCase   = 0x02
)

// trimmed leaves out what most letters have at the end of the second and third
// level of a key, which is about half of it. A level that ends sorts before one that
// goes on, and so does the least weight.
func trimmed(key []byte) []byte {
	accents := primary(key)
	if len(key) < accents+2 {
		return key
	}
	cases := accents + 2
	for cases+1 < len(key) && (key[cases] != 0 || key[cases+1] != 0) {
		cases += 2
	}
	end := cases
	for end > accents+2 && key[end-2] == 0 && key[end-1] == plainAccent {
		end -= 2
	}
	last := len(key)
	for last > cases+2 && key[last-1] == plainCase {
		last--
	}
	return append(key[:end:end], key[min(cases, last):last]...)
}

// primary is the length of the first level of a key: the letters as such. A weight
// has two bytes, or three that begin with a high one; two zeros end the level.
func primary(key []byte) int {
	i := 0
	for i+1 < len(key) && (key[i] != 0 || key[i+1] != 0) {
		if key[i] >= 0x80 {
			i++
		}
		i += 2
	}
	return min(i, len(key))
}

// Beginning is a stretch of keys, without its end, within which lie those of all
// texts that begin with this one, or with one of another case if that may be; ok is
// false where it would be all keys.
func (c *Collation) Beginning(text string, anyCase bool) (from, to string, ok bool) {
	key := c.key(c.keeping(norm.NFC.String(beginning(text)), anyCase))
	key = key[:primary(key)]
	next := slices.Clone(key)
	for len(next) > 0 && next[len(next)-1] == 0xFF {
		next = next[:len(next)-1]
	}
	if len(next) == 0 {
		return "", "", false
	}
	next[len(next)-1]++
	return ordered.EncodeToString(key), ordered.EncodeToString(next), true
}
