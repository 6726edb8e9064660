package wording

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"golang.org/x/text/language"
)

// English is the language in which everything is written.
const English = "en"

// Catalog has the texts of several languages, by their BCP 47 tags. English needs none. It
// never changes.
type Catalog map[string]*Texts

// File is the texts of one language: LANGUAGE.yaml, wherever it lies.
type File struct {
	Path string
	Data []byte
}

// Load reads files, and returns every mistake in them at once.
func Load(files []File) (Catalog, strictyaml.Problems) {
	c := Catalog{}
	var problems strictyaml.Problems
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f.Path), path.Ext(f.Path))
		tag, err := language.Parse(name)
		if err != nil || tag.String() == English {
			problems = append(problems, strictyaml.Problem{File: f.Path, Message: "texts are in LANGUAGE.yaml, such as de.yaml, and English ones need no file"})
			continue
		}
		t, wrong := Read(f.Path, f.Data)
		problems = append(problems, wrong...)
		c = c.With(Catalog{tag.String(): t})
	}
	return c, problems
}

// With returns a catalog with the texts of both; where both have one, the first has.
func (c Catalog) With(other Catalog) Catalog {
	all := maps.Clone(c)
	for tag, texts := range other {
		all[tag] = all[tag].with(texts)
	}
	return all
}

// Choose returns the language of the catalog, or English, that fits best what a user
// reads, as the header Accept-Language says it (RFC 9110, section 12.5.4).
func (c Catalog) Choose(acceptLanguage string) string {
	if acceptLanguage == "" || len(acceptLanguage) > longest {
		return English
	}
	have := append([]string{English}, slices.Sorted(maps.Keys(c))...)
	tags := make([]language.Tag, len(have))
	for i, name := range have {
		tags[i] = language.Make(name)
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return English
	}
	_, i, _ := language.NewMatcher(tags).Match(wanted...)
	return have[i]
}

// Say returns an English text in a language, or as it is where there is none.
func (c Catalog) Say(in, english string, called Names) string {
	said, _ := c[in].Say(english, called)
	return said
}
