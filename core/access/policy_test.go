package access_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"go.yaml.in/yaml/v3"
)

// asks is the manifest of a plugin, as far as its rights go.
const asks = `customer:
  read: {country: {eq: DE}}
  update: true
  fields: {displayName: read, country: read, status: write}
product: {read: true}
`

// delegated is a policy with the plugin surveys, which brings the entity survey.
func delegated(t *testing.T, records string) (*schema.Model, *access.Policy) {
	t.Helper()
	survey := schema.Source{Layer: "plugin surveys", File: "survey.yaml", Data: []byte("entity: survey\nfields:\n  answer: {type: text}\n")}
	m, err := schema.Load(append(entities.Sources(), survey)...)
	if err != nil {
		t.Fatal(err)
	}
	_, roles := load(t, all...)
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(records), &document); err != nil {
		t.Fatal(err)
	}
	p, err := access.NewPolicy(m, roles, []access.PluginRights{{Plugin: "surveys", Layer: "plugin surveys", File: "surveys/plugin.yaml", Records: document.Content[0]}})
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

func through(plugin string, a core.Actor) core.Actor {
	a.Via = plugin
	return a
}

func TestThroughAPluginAUserSeesWhatBothMaySee(t *testing.T) {
	t.Parallel()
	m, p := delegated(t, asks)
	german, french := "german customer", "french customer"
	tests := map[string]struct {
		actor   core.Actor
		want    []string // nil: Forbidden
		visible []string // of the German customer, beside what every record has
	}{
		"a user alone":                          {core.Actor{Roles: []string{"reader"}}, []string{german, french, "german customer and supplier"}, nil},
		"a user who may more than the plugin":   {through("surveys", core.Actor{Roles: []string{"reader"}}), []string{german, "german customer and supplier"}, []string{"country", "customer.since", "customer.until", "displayName", "status"}},
		"a user who may less than the plugin":   {through("surveys", core.Actor{ID: "u1", Party: "p1", Roles: []string{"manager"}}), []string{german}, []string{"country", "customer.since", "customer.until", "displayName", "status"}},
		"a user who may nothing":                {through("surveys", core.Actor{ID: "u1"}), nil, nil},
		"a plugin that was granted nothing":     {through("other", core.Actor{Roles: []string{"admin"}}), nil, nil},
		"a plugin for itself":                   {core.PluginActor("surveys"), []string{german, "german customer and supplier"}, []string{"country", "customer.since", "customer.until", "displayName", "status"}},
		"somebody who calls himself the plugin": {core.Actor{ID: "plugin:surveys"}, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := p.Readable(m, tt.actor, m.Entity("customer"))
			var got []string
			if core.CodeOf(err) != core.Forbidden {
				got = matching(f)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Readable selects (-want +got):\n%s", diff)
			}
			visible, err := p.Visible(m, tt.actor, people()[0])
			if err != nil {
				t.Fatal(err)
			}
			if tt.visible != nil {
				if diff := cmp.Diff(tt.visible, slices.DeleteFunc(slices.Sorted(maps.Keys(visible)), schema.IsSystem)); diff != "" {
					t.Errorf("Visible (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAPluginNeedsNoRightForWhatItBrings(t *testing.T) {
	t.Parallel()
	m, p := delegated(t, asks)
	survey := m.Entity("survey")
	for _, actor := range []core.Actor{core.PluginActor("surveys"), through("surveys", core.Actor{Roles: []string{"admin"}})} {
		if _, err := p.Readable(m, actor, survey); err != nil {
			t.Errorf("Readable: %v", err)
		}
		if _, err := p.Writable(m, actor, survey, core.Created, []string{"answer"}); err != nil {
			t.Errorf("Writable: %v", err)
		}
	}
	if _, err := p.Readable(m, core.PluginActor("other"), survey); core.CodeOf(err) != core.Forbidden {
		t.Errorf("another plugin: %v, want Forbidden", err)
	}
}

func TestADenialNamesWhatTheManifestLacks(t *testing.T) {
	t.Parallel()
	m, p := delegated(t, asks)
	actor := through("surveys", core.Actor{Roles: []string{"admin"}})
	_, reading := p.Readable(m, actor, m.Entity("order"))
	_, deleting := p.Writable(m, actor, m.Entity("customer"), core.Deleted, nil)
	_, granting := p.Writable(m, actor, m.Entity("customer"), record.Granted, nil)
	_, fields := p.Writable(m, actor, m.Entity("customer"), core.Updated, []string{"status", "displayName"})
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"reading", reading, "The plugin surveys may not read orders: nobody has granted that. Under needs.records its plugin.yaml has to have order: {read: true}. Then approve it: xrm plugin approve surveys."},
		{"deleting", deleting, "The plugin surveys may not delete customers: nobody has granted that. Under needs.records its plugin.yaml has to have customer: {delete: true}. Then approve it: xrm plugin approve surveys."},
		{"granting", granting, "The plugin surveys may not grant the role customer: nobody has granted that. Under needs.records its plugin.yaml has to have customer: {grant: true}. Then approve it: xrm plugin approve surveys."},
		{"fields", fields, "The plugin surveys may not write all of these fields. Under needs.records its plugin.yaml has to have them. Then approve it: xrm plugin approve surveys. displayName may not be written by the plugin surveys"},
	} {
		var ours *core.Error
		if !errors.As(tt.err, &ours) || ours.Code != core.Forbidden || ours.Error() != tt.want {
			t.Errorf("%s: %v\nwant FORBIDDEN %s", tt.name, tt.err, tt.want)
		}
	}
}

func TestMistakesInTheRightsOfAPluginSayWhereTheyAre(t *testing.T) {
	t.Parallel()
	m, roles := load(t)
	var document yaml.Node
	if err := yaml.Unmarshal([]byte("custmer: {read: true} # may come with another plugin\nproduct: {raed: true, fields: {namme: read}}\n"), &document); err != nil {
		t.Fatal(err)
	}
	_, problems := access.NewPolicy(m, roles, []access.PluginRights{{Plugin: "p", File: "p/plugin.yaml", Layer: "plugin p", Records: document.Content[0]}})
	const want = `p/plugin.yaml:2: unknown key "raed"; did you mean "read"?
p/plugin.yaml:2: product.fields: there is no field "namme"; did you mean "name"?`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
