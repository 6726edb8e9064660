package entities_test

import (
	"testing"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

var languages = []string{"en", "de"}

func load(t *testing.T) *schema.Model {
	t.Helper()
	m, err := schema.Load(entities.All()...)
	if err != nil {
		t.Fatalf("schema.Load(entities.All()) = %v, want no problems", err)
	}
	return m
}

func TestEverythingShippedIsDocumentedInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, e := range load(t).Entities() {
		for _, language := range languages {
			if label := e.Labels[language]; label.One == "" || label.Many == "" || e.Description[language] == "" {
				t.Errorf("%s: label %+v, description %q in %q, want all of them", e.Name, label, e.Description[language], language)
			}
		}
		documented(t, e.Name, e.Fields)
	}
}

func documented(t *testing.T, at string, fields schema.Fields) {
	t.Helper()
	for _, f := range fields {
		for _, language := range languages {
			if !f.System && (f.Labels[language] == "" || f.Description[language] == "") {
				t.Errorf("%s.%s: label %q, description %q in %q, want both", at, f.Name, f.Labels[language], f.Description[language], language)
			}
			for _, o := range f.Options {
				if o.Labels[language] == "" || len(o.Inverse) > 0 && o.Inverse[language] == "" {
					t.Errorf("%s.%s: option %s has no label in %q", at, f.Name, o.Value, language)
				}
			}
		}
		if f.Type == "object" && !f.System {
			documented(t, at+"."+f.Name, f.Fields)
		}
		if f.Type == "list" && f.Of.Type == "object" {
			documented(t, at+"."+f.Name, f.Of.Fields)
		}
	}
}

func TestARealOrderFits(t *testing.T) {
	t.Parallel()
	order := load(t).Entity("order")
	_, err := order.Check(map[string]any{
		"number": "10248", "customer": "0198", "placedOn": "1996-07-04", "freight": map[string]any{"amount": "32.38", "currency": "USD"},
		"shipTo": map[string]any{"name": "Vins et alcools Chevalier", "street": "59 rue de l'Abbaye", "city": "Reims", "postalCode": "51100", "country": "FR"},
		"lines": []any{
			map[string]any{"product": "11", "unitPrice": map[string]any{"amount": "14.00", "currency": "USD"}, "quantity": "12", "discount": "0.15"},
		},
	}, true, "US")
	if err != nil {
		t.Errorf("Check = %v, want no violations", err)
	}
}
