// Package texts has what the core says in other languages than English, and knows in
// which one a request wants to be answered.
package texts

import (
	"context"
	_ "embed"
	"maps"
	"net/http"
	"sync"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/wording"
)

//go:embed de.yaml
var german []byte

// Own are the texts of the core. A mistake in them is one of the program's.
func Own() (wording.Catalog, error) {
	c, problems := wording.Load([]wording.File{{Path: "core/texts/de.yaml", Data: german}})
	return c, problems.Err()
}

// NewSpeaker says what catalogs have, the first before the others, and what definitions
// say in several languages.
func NewSpeaker(m *schema.Model, catalogs ...wording.Catalog) *Speaker {
	all := wording.Catalog{}
	for _, c := range append(catalogs, described(m)) {
		all = all.With(c)
	}
	return &Speaker{catalog: all, model: m}
}

// described are the descriptions of entities and fields.
func described(m *schema.Model) wording.Catalog {
	byLanguage := map[string]map[string]string{}
	add := func(t schema.Text) {
		english := t[wording.English]
		for in, said := range t {
			if english != "" && in != wording.English {
				if byLanguage[in] == nil {
					byLanguage[in] = map[string]string{}
				}
				byLanguage[in][english] = said
			}
		}
	}
	var walk func(fields schema.Fields)
	walk = func(fields schema.Fields) {
		for _, f := range fields {
			add(f.Description)
			walk(f.Fields)
			if f.Of != nil {
				walk(schema.Fields{f.Of})
			}
		}
	}
	for _, e := range m.Entities() {
		add(e.Description)
		walk(e.Fields)
	}
	c := wording.Catalog{}
	for in, texts := range byLanguage {
		c[in] = wording.Plain(texts)
	}
	return c
}

type wantedKey struct{}

// wanted is what a request wants, and what it has got: an introspection asks for
// thousands of texts.
type wanted struct {
	languages string

	mu  sync.Mutex
	of  *Speaker
	say func(english string) string
}

// Wanting gives requests a context that knows in which languages they want to be answered.
func Wanting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if languages := r.Header.Get("Accept-Language"); languages != "" {
			r = r.WithContext(context.WithValue(r.Context(), wantedKey{}, &wanted{languages: languages}))
		}
		next.ServeHTTP(w, r)
	})
}

// Speaker says texts in the language of the request that a context belongs to. It never
// changes.
type Speaker struct {
	catalog wording.Catalog
	model   *schema.Model // whose entities have names in several languages
}

// For returns what says texts to the request; nil where it wants English.
func (s *Speaker) For(ctx context.Context) func(english string) string {
	w, _ := ctx.Value(wantedKey{}).(*wanted)
	if w == nil || s == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of != s {
		w.of, w.say = s, s.in(s.catalog.Choose(w.languages))
	}
	return w.say
}

// Error says the message of an error, and those of its violations.
func (s *Speaker) Error(ctx context.Context, message string, extensions map[string]any) (string, map[string]any) {
	say := s.For(ctx)
	if say == nil {
		return message, extensions
	}
	if all, has := extensions["violations"].(schema.Violations); has {
		extensions = maps.Clone(extensions)
		extensions["violations"] = all.Said(say)
	}
	return say(message), extensions
}

// in says texts in a language; nil for English.
func (s *Speaker) in(in string) func(english string) string {
	if in == wording.English {
		return nil
	}
	called := func(entity string, several bool) string {
		if e := s.model.Entity(entity); e != nil && !several {
			return e.Labels[in].One
		}
		for _, e := range s.model.Entities() {
			if several && e.Plural == entity {
				return e.Labels[in].Many
			}
		}
		return ""
	}
	return func(english string) string { return s.catalog.Say(in, english, called) }
}
