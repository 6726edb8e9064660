package extension_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/sdk/contract/extension"
)

func TestWhatBindsTheRecordsOfOthersIsAskedForByTheManifest(t *testing.T) {
	t.Parallel()
	definition := func(name, yaml string) schema.Source {
		return schema.Source{Layer: "plugin vat", File: "plugin vat/" + name + ".yaml", Data: []byte(yaml)}
	}
	definitions := []schema.Source{
		definition("visit", "entity: visit\nfields:\n  note: {type: text, required: true, unique: true}\n"),
		definition("own", "extend: visit\nfields:\n  mood: {type: text, required: true}\n"),
		definition("role", "role: tester\nof: party\nfields:\n  medium: {type: text, required: true}\n"),
		definition("customer", `extend: customer
fields:
  vat: {type: text, required: true}
  code: {type: text, unique: true}
  paid: {type: boolean, default: false}
  joined: {type: date, immutable: true}
  stage: {type: state, options: {new: {next: [old]}, old: {}}, default: new}
  serial: {type: autonumber, format: "S-{000}"}
  terms: {type: object, fields: {days: {type: integer, required: true}}}
  remark: {type: text, search: true, pii: true, max: 100}
`),
		definition("product", "extend: product\nfields:\n  weight: {type: decimal, min: 0, index: true}\n"),
	}
	m, err := schema.Load(append(entities.Sources(), definitions...)...)
	if err != nil {
		t.Fatal(err)
	}
	const binding = ", which binds all who save records of customer, and customer is not the plugin's own; needs in vat/plugin.yaml has to have constrains: [customer]; then approve it: xrm plugin approve vat\n"
	constraints := `plugin vat/customer.yaml:3: field "vat" is required` + binding +
		`plugin vat/customer.yaml:4: field "code" is unique` + binding +
		`plugin vat/customer.yaml:5: field "paid" has a default` + binding +
		`plugin vat/customer.yaml:6: field "joined" is immutable` + binding +
		`plugin vat/customer.yaml:7: field "stage" is a state` + binding +
		`plugin vat/customer.yaml:8: field "serial" is an autonumber` + binding
	const product = "vat/plugin.yaml: extend product: product is not the plugin's own; needs has to have fields: [product]; then approve it: xrm plugin approve vat\n"
	for name, tt := range map[string]struct {
		needs extension.Needs
		want  string
	}{
		"nothing":             {extension.Needs{}, constraints + "vat/plugin.yaml: extend customer: customer is not the plugin's own; needs has to have fields: [customer]; then approve it: xrm plugin approve vat\n" + product},
		"fields of one":       {extension.Needs{Fields: []string{"customer"}}, constraints + product},
		"fields of both":      {extension.Needs{Fields: []string{"customer", "product"}}, constraints},
		"what is of its base": {extension.Needs{Fields: []string{"customer", "product"}, Constrains: []string{"party"}}, constraints},
		"all":                 {extension.Needs{Fields: []string{"customer", "product"}, Constrains: []string{"customer"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := tt.needs.Check(m, "vat", definitions).Err(); err != nil {
				got = err.Error() + "\n"
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("what is missing (-want +got):\n%s", diff)
			}
		})
	}
}
