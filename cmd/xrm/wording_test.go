package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// playPolyglot speaks German beside English.
func playPolyglot(p *sdk.Plugin) {
	type coupon struct {
		Code string `json:"code" doc:"What stands on the coupon."`
	}
	p.Texts = fstest.MapFS{"texts/de.yaml": {Data: []byte(`
"The coupon {code} is used up.": "Der Gutschein {code} ist aufgebraucht."
is spent: ist verbraucht
Redeems a coupon.: Löst einen Gutschein ein.
What stands on the coupon.: Was auf dem Gutschein steht.
`)}}
	p.Operations = []sdk.Operation{sdk.Mutation("redeem", func(_ context.Context, _ sdk.Host, in coupon) (bool, error) {
		if in.Code == "B" {
			return false, sdk.Reject("code", "is spent")
		}
		return false, &sdk.Error{Code: sdk.CodeConflict, Message: "The coupon " + in.Code + " is used up."}
	}).Doc("Redeems a coupon.").ForEverybody()}
}

// inLanguage posts a query with a header Accept-Language, and returns the answer as it is.
func (p *process) inLanguage(language, query string) string {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := readKey(Config{Data: p.data}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", language)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		p.t.Fatal(err)
	}
	return text.String()
}

func TestErrorsAndOperationsAreInTheLanguageOfTheUser(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "polyglot", "")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("polyglot")
	for _, one := range []struct{ language, query, want string }{
		{"de-AT,de;q=0.9", `mutation { createProduct(data: {name: ""}) { product { id } } }`, `"message":"Produkt: nicht gespeichert. Einige Felder brauchen Aufmerksamkeit."`},
		{"de", `mutation { createProduct(data: {name: ""}) { product { id } } }`, `"message":"fehlt"`},
		{"en", `mutation { createProduct(data: {name: ""}) { product { id } } }`, `"message":"The product was not saved: some fields need attention."`},
		{"fr", `mutation { createProduct(data: {name: ""}) { product { id } } }`, `"message":"is required"`},
		{"de", `mutation { redeem(code: "A") }`, `"message":"Der Gutschein A ist aufgebraucht."`},
		{"de", `mutation { redeem(code: "B") }`, `"message":"ist verbraucht"`},
		{"en", `mutation { redeem(code: "A") }`, `"message":"The coupon A is used up."`},
		{"de", `{ __type(name: "Mutation") { fields { name description args { description } } } }`, `"name":"redeem","description":"Löst einen Gutschein ein.","args":[{"description":"Was auf dem Gutschein steht."}`},
		{"de", `{ __type(name: "Activity") { fields { description } } }`, `Worum es ging.`},
		{"", `{ __type(name: "Activity") { fields { description } } }`, `What it was about.`},
	} {
		if got := p.inLanguage(one.language, one.query); !strings.Contains(got, one.want) {
			t.Errorf("in %q, %s answers\n%s\nwithout %s", one.language, one.query, got, one.want)
		}
	}
	p.stop()
}
