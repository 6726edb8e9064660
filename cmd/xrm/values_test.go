package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/client"
)

const oneContact = `
entity: contact
fields:
  key: {type: text, unique: true}
  name: {type: text, search: true, index: true}
  fixed: {type: text, immutable: true}
  email: {type: email, index: true, unique: true}
  phone: {type: phone, regionFrom: country, index: true}
  country: {type: country}
  score: {type: integer, index: true}
  site: {type: url, index: true}
  place: {type: object, fields: {city: {type: text, index: true}}}
  tags: {type: list, of: {type: text}, index: true}
  sites: {type: list, of: {type: object, fields: {host: {type: url, index: true}}}}
`

// contactServers runs a server with contacts on each store, with what asks it.
func contactServers(t *testing.T, f func(t *testing.T, s running, ask func(query string, variables ...any) string)) {
	stores(t, func(t *testing.T, flags ...string) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "contact.yaml"), oneContact)
		s := start(t, append(flags, "--entities", dir)...)
		c := newAsker(t, s).client
		f(t, s, func(query string, variables ...any) string {
			t.Helper()
			given := map[string]any{}
			for i := 0; i < len(variables); i += 2 {
				given[variables[i].(string)] = variables[i+1]
			}
			var answer json.RawMessage
			if err := c.Do(t.Context(), client.Request{Query: query, Variables: given}, &answer); err != nil {
				return err.Error()
			}
			return string(answer)
		})
	})
}

// What looks alike is the same, whichever way it comes in and whatever asks for it.
func TestTextThatLooksAlikeIsTheSame(t *testing.T) {
	t.Parallel()
	const apart, composed, dressed = "Mu\u0308ller", "M\u00fcller", "\ufeffMül\u200bler\u00a0"
	contactServers(t, func(t *testing.T, s running, ask func(query string, variables ...any) string) {
		says := func(want, query string, variables ...any) {
			t.Helper()
			if got := ask(query, variables...); got != want {
				t.Errorf("%s with %+q\n got %s\nwant %s", query, variables, got, want)
			}
		}
		file := write(t, filepath.Join(t.TempDir(), "in.csv"), "key,name\n"+apart+",one\n"+composed+",two\n")
		status, out, complaints := command(t, s.environ(), "import", file, "--entity", "contact", "--key", "key")
		if status != 2 || complaints != `line 3 is rejected: key is "Müller" in line 2 already; leave one of the two out`+"\n" {
			t.Errorf("import: status %d: %s%s", status, out, complaints)
		}
		upsert := `mutation ($data: [ContactInput!]!) { upsertContacts(by: key, data: $data) { outcome contact { key name } } }`
		says(`{"upsertContacts":[{"outcome":"updated","contact":{"key":"Müller","name":"three"}},{"outcome":"updated","contact":{"key":"Müller","name":"four"}}]}`,
			upsert, "data", []any{map[string]any{"key": apart, "name": "three"}, map[string]any{"key": dressed, "name": "four"}})
		says(`{"upsertContacts":[{"outcome":"created","contact":{"key":"é","name":"Zoé"}},{"outcome":"updated","contact":{"key":"é","name":"x"}}]}`,
			upsert, "data", []any{map[string]any{"key": "e\u0301", "name": "Zoe\u0301"}, map[string]any{"key": "é", "name": "x"}})
		says("The contact was not saved: another one has the same key. key is taken: another contact has Müller already", `mutation ($key: String) { createContact(data: {key: $key}) { outcome } }`, "key", dressed)
		says(`{"contactBy":{"name":"four"}}`, `query ($key: String!) { contactBy(key: {key: $key}) { name } }`, "key", apart)

		says(`{"createContact":{"contact":{"fixed":"ü","email":"jürgen@müller.de","site":"https://müller.de/Ü","place":{"city":"Köln"},"tags":["ü"],"sites":[{"host":"https://müller.de"}]}}}`,
			`mutation ($data: ContactInput!) { createContact(data: $data) { contact { fixed email site place { city } tags sites { host } } } }`,
			"data", map[string]any{
				"key": "k", "fixed": "u\u0308", "email": "Ju\u0308rgen@XN--mller-kva.de", "site": "mu\u0308ller.de/U\u0308", "place": map[string]any{"city": "Ko\u0308ln"},
				"tags": []any{"u\u0308"}, "sites": []any{map[string]any{"host": "xn--mller-kva.de"}},
			})
		for filter, value := range map[string]string{
			`key: {eq: "k"}, place: {city: {eq: $v}}`:                   "Ko\u0308ln",
			`key: {eq: "k"}, place: {city: {startsWith: $v}}`:           "Ko\u0308",
			`key: {eq: "k"}, place: {city: {contains: $v}}`:             "o\u0308l\u200b",
			`key: {eq: "k"}, place: {city: {in: ["Bonn", $v]}}`:         "Ko\u0308ln",
			`tags: {some: {eq: $v}}`:                                    "u\u0308",
			`email: {eq: $v}`:                                           "JÜRGEN@xn--mller-kva.DE",
			`email: {endsWith: $v}`:                                     "@xn--mller-kva.de",
			`email: {contains: $v}`:                                     "mu\u0308ller",
			`site: {eq: $v}`:                                            "xn--mller-kva.de/Ü",
			`site: {startsWith: $v}`:                                    "https://xn--mller-kva.de",
			`sites: {some: {host: {eq: $v}}}`:                           "https://MÜLLER.de",
			`and: [{key: {eq: "k"}}, {not: {place: {city: {ne: $v}}}}]`: "Ko\u0308ln",
		} {
			says(`{"contacts":{"nodes":[{"key":"k"}]}}`, `query ($v: String!) { contacts(filter: {`+filter+`}) { nodes { key } } }`, "v", value)
		}
		says(`{"contactBy":{"key":"k"}}`, `query ($v: String!) { contactBy(key: {email: $v}) { key } }`, "v", "jürgen@xn--mller-kva.de")
		says(`{"contacts":{"nodes":[{"key":"Müller"}]}}`,
			`query ($v: String!) { contacts(search: $v) { nodes { key } } }`, "v", "fo\u200bur")
		says(`{"upsertContact":{"outcome":"unchanged"}}`,
			`mutation ($v: String!) { upsertContact(by: key, data: {key: "k", fixed: $v}) { outcome } }`, "v", "u\u0308")
		if diff := cmp.Diff("The contact was not saved: some fields need attention. key must not have control characters such as U+0007; site must be a web address without spaces such as https://example.org/a%20b, not a b.de",
			ask(`mutation { createContact(data: {key: "a\u0007", site: "a b.de"}) { outcome } }`)); diff != "" {
			t.Error(diff)
		}
	})
}
