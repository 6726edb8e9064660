package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

const (
	partyFile    = "entity: party\nfields:\n  name: {type: text}\n"
	customerFile = "role: customer\nof: party\nfields:\n  segment: {type: text}\n"
	bindingFile  = `extend: customer
fields:
  vat: {type: text, required: true}
  code: {type: integer, unique: true, min: 10}
  paid: {type: boolean, default: false}
  joined: {type: date, immutable: true}
  stage: {type: state, options: {new: {next: [old]}, old: {}}, default: new}
  serial: {type: autonumber, format: "S-{000}"}
  terms: {type: object, fields: {days: {type: integer, required: true, default: 7}, note: {type: text}}}
  remark: {type: text, pii: true, search: true, index: true}
`
	ownRoleFile = "role: tester\nof: party\nfields:\n  medium: {type: text, required: true}\n"
	ownFile     = "entity: visit\nfields:\n  note: {type: text, required: true}\n"
	siteFile    = "extend: tester\nfields:\n  hint: {type: text, required: true}\n"
)

// bound is a model with what a plugin adds to a party and its roles.
func bound(t *testing.T, gone bool) *schema.Model {
	t.Helper()
	source := func(layer, yaml string) schema.Source {
		return schema.Source{Layer: layer, File: layer, Data: []byte(yaml), Gone: gone && layer == "plugin"}
	}
	m, err := schema.Load(source("shipped", partyFile), source("shipped", customerFile),
		source("plugin", bindingFile), source("plugin", ownRoleFile), source("plugin", ownFile), source("site", siteFile))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func violated(t *testing.T, e *schema.Entity, values map[string]any) (checked map[string]any, said string) {
	t.Helper()
	checked, err := e.Check(values, true, "")
	if err != nil {
		said = err.Error()
	}
	return checked, said
}

func TestWhatAPluginAddedBindsNobodyWhenItIsGone(t *testing.T) {
	t.Parallel()
	empty := func() map[string]any {
		return map[string]any{"name": "Ada", "roles": []any{"customer", "tester"}, "customer": map[string]any{"code": 3, "terms": map[string]any{"note": "x"}}, "tester": map[string]any{"since": "2026-01-02T03:04:05.000Z"}}
	}
	for name, tt := range map[string]struct {
		gone    bool
		said    string
		numbers int
		unique  []string
	}{
		"while it is there": {false, "customer.code must be at least 10, not 3; customer.vat is required; tester.hint is required; tester.medium is required", 1, []string{"code"}},
		"when it is gone":   {true, "tester.hint is required", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := bound(t, tt.gone)
			party, customer := m.Entity("party"), m.Entity("customer")
			if _, said := violated(t, party, empty()); said != tt.said {
				t.Errorf("Check says %q, want %q", said, tt.said)
			}
			numbers := 0
			for range party.Autonumbers(empty()) {
				numbers++
			}
			if numbers != tt.numbers {
				t.Errorf("%d numbers are drawn, want %d", numbers, tt.numbers)
			}
			var unique []string
			for _, f := range customer.UniqueFields() {
				unique = append(unique, f.Name)
			}
			if diff := cmp.Diff(tt.unique, unique); diff != "" {
				t.Errorf("unique fields (-want +got):\n%s", diff)
			}
			joined := func(day string) map[string]any {
				return map[string]any{"customer": map[string]any{"joined": day, "stage": "old"}}
			}
			if got := len(party.CheckImmutable(joined("2026-01-01"), joined("2026-01-02"))) == 0; got != tt.gone {
				t.Errorf("what never changes may change: %v, want %v", got, tt.gone)
			}
			if got := len(party.CheckStates(nil, joined("2026-01-01"))) == 0; got != tt.gone {
				t.Errorf("a record may begin in any state: %v, want %v", got, tt.gone)
			}
			before := map[string]any{}
			after := map[string]any{"customer": map[string]any{}}
			m.FillRoles(party, before, after)
			if got := len(after["customer"].(map[string]any)) == 0; got != tt.gone {
				t.Errorf("nothing is filled in: %v, want %v", got, tt.gone)
			}
			visit := m.Entity("visit")
			if _, said := violated(t, visit, map[string]any{}); said != "note is required" {
				t.Errorf("of the plugin's own entity Check says %q, want what it requires", said)
			}
		})
	}
}

func TestWhatAPluginAddedIsReadWhenItIsGone(t *testing.T) {
	t.Parallel()
	there, gone := bound(t, false), bound(t, true)
	var was, is []string
	for _, m := range []struct {
		*schema.Model
		into *[]string
	}{{there, &was}, {gone, &is}} {
		customer := m.Entity("customer")
		for _, f := range customer.Fields {
			line := f.Name
			if f.PII {
				line += " pii"
			}
			if customer.CanFilter(f) {
				line += " filterable"
			}
			*m.into = append(*m.into, line)
		}
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("fields (-there +gone):\n%s", diff)
	}
	for _, misfits := range [][]schema.Misfit{there.Misfits(gone), gone.Misfits(there)} {
		if len(misfits) > 0 {
			t.Errorf("what is stored does not fit: %v", misfits[0].Problem)
		}
	}
}

func TestANameThatAPluginHasLeftIsToldAsSuch(t *testing.T) {
	t.Parallel()
	const gone, other = "plugin pets", "plugin a"
	const advice = " was left by the plugin pets, which is disabled or removed; choose another name, or free this one with xrm plugin forget pets, once it is removed"
	pet := func(layer string) schema.Source {
		return schema.Source{Layer: layer, File: layer + "/pet.yaml", Data: []byte("entity: pet\nfields:\n  name: {type: text}\n"), Gone: layer == gone}
	}
	chip := func(layer string) schema.Source {
		return schema.Source{Layer: layer, File: layer + "/party.yaml", Data: []byte("extend: party\nfields:\n  chip: {type: text}\n"), Gone: layer == gone}
	}
	party := schema.Source{Layer: "shipped", File: "party.yaml", Data: []byte(partyFile)}
	for name, tt := range map[string]struct {
		sources []schema.Source
		want    string
	}{
		"an entity, by the site":           {[]schema.Source{pet(gone), pet("site")}, `site/pet.yaml:1: "pet"` + advice},
		"an entity, by a plugin before it": {[]schema.Source{pet(other), pet(gone)}, `plugin a/pet.yaml:1: "pet"` + advice},
		"a field, by the site":             {[]schema.Source{party, chip(gone), chip("site")}, `site/party.yaml:3: field "chip"` + advice},
		"a field, by a plugin before it":   {[]schema.Source{party, chip(other), chip(gone)}, `plugin a/party.yaml:3: field "chip"` + advice},
	} {
		if _, err := schema.Load(tt.sources...); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", name, err, tt.want)
		}
	}
}
