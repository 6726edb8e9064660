package access_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/schema"
	"go.yaml.in/yaml/v3"
)

// shipping are the rights of a plugin that ships roles.
func shipping(t *testing.T, roles string) access.PluginRights {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(roles), &document); err != nil {
		t.Fatal(err)
	}
	return access.PluginRights{Plugin: "surveys", Layer: "plugin surveys", File: "surveys/plugin.yaml", Roles: document.Content[0]}
}

func TestAnOperationIsStartedByWhomItsNeedsOrARoleLet(t *testing.T) {
	t.Parallel()
	m, roles := load(t, "german", "manager", "vendor")
	p, err := access.NewPolicy(m, roles, []access.PluginRights{shipping(t, `
agent: {customer: {read: true, update: true}}
lead:
  description: May send surveys to everybody.
  operations: [sendSurvey]
chief: {operations: true}
`)})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		roles []string
		needs []string
		want  bool
	}{
		"nobody":                              {nil, []string{"customer.read"}, false},
		"a role that allows it":               {[]string{"manager"}, []string{"customer.update"}, true},
		"for some records":                    {[]string{"german"}, []string{"customer.create"}, true},
		"of the party, for its customers":     {[]string{"manager"}, []string{"party.update"}, true},
		"a role that allows half of it":       {[]string{"manager"}, []string{"customer.update", "order.read"}, false},
		"two roles that allow it together":    {[]string{"manager", "vendor"}, []string{"customer.update", "order.read"}, true},
		"a role that may read alone":          {[]string{"vendor"}, []string{"order.update"}, false},
		"nothing is needed":                   {[]string{"manager", "reader"}, nil, false},
		"nothing is needed, by an admin":      {[]string{"admin"}, nil, true},
		"nothing that there is":               {[]string{"manager"}, []string{"nothing.read"}, false},
		"nothing that is done":                {[]string{"manager"}, []string{"customer.merge"}, false},
		"a role that the plugin ships":        {[]string{"surveys.agent"}, []string{"customer.update"}, true},
		"one of another name":                 {[]string{"agent"}, []string{"customer.update"}, false},
		"a role that names it":                {[]string{"surveys.lead"}, []string{"customer.update"}, true},
		"a role that names it, without needs": {[]string{"surveys.lead"}, nil, true},
		"a role that names all":               {[]string{"surveys.chief"}, nil, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := p.Starts(m, core.Actor{ID: "k1", Roles: tt.roles}, "sendSurvey", tt.needs); got != tt.want {
				t.Errorf("%v with needs %v: %v, want %v", tt.roles, tt.needs, got, tt.want)
			}
		})
	}
	if p.Starts(m, core.Actor{ID: "surveys", Via: "surveys"}, "sendSurvey", []string{"customer.read"}) {
		t.Error("the plugin starts it for itself")
	}
	if p.Starts(m, core.Actor{ID: "k1", Roles: []string{"surveys.lead"}}, "dropSurvey", nil) {
		t.Error("the lead starts another one")
	}
}

func TestMistakesInTheRolesThatAPluginShipsSayWhereTheyAre(t *testing.T) {
	t.Parallel()
	m, roles := load(t)
	rights := shipping(t, `agent: {product: {raed: true}}
# and:
lead: {product: {read: {titel: {eq: x}}}, operations: all}
chief: {visit: {read: true}} # an entity that may come
`)
	var records yaml.Node
	if err := yaml.Unmarshal([]byte("operations: [sendSurvey]\n"), &records); err != nil {
		t.Fatal(err)
	}
	rights.Records = records.Content[0]
	_, problems := access.NewPolicy(m, roles, []access.PluginRights{rights})
	const want = `surveys/plugin.yaml:1: unknown key "raed"; did you mean "read"?
surveys/plugin.yaml:1: needs.records: operations are for roles of users; a plugin starts none
surveys/plugin.yaml:3: write true, false or a list of operations such as [closeComplaint]
surveys/plugin.yaml:3: product.read.titel is no field`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestAPluginShipsNoRoleThatTheSiteHas(t *testing.T) {
	t.Parallel()
	m, _ := load(t)
	roles, err := access.LoadRoles(m, []schema.Source{{Layer: "site", File: "roles/agent.yaml", Data: []byte("role: surveys.agent\nproduct: {read: true}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	_, problems := access.NewPolicy(m, roles, []access.PluginRights{shipping(t, "agent: {order: true}")})
	const want = `surveys/plugin.yaml:1: the role "surveys.agent" is already defined in roles/agent.yaml; give that one another name, or take this one out of approved.yaml`
	if diff := cmp.Diff(want, fmt.Sprint(problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARoleThatNamesAnOperationThatNobodyOffersIsToldSo(t *testing.T) {
	t.Parallel()
	m, _ := load(t)
	roles, err := access.LoadRoles(m, []schema.Source{{Layer: "site", File: "roles/clerk.yaml", Data: []byte("role: clerk\noperations: [sendSurvy, closeComplaint]\n")}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `roles/clerk.yaml:2: no plugin has an operation "sendSurvy" now; the name grants nothing until one has; did you mean "sendSurvey"?
roles/clerk.yaml:2: no plugin has an operation "closeComplaint" now; the name grants nothing until one has`
	if diff := cmp.Diff(want, roles.Unoffered([]string{"sendSurvey", "dropSurvey"}).Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
