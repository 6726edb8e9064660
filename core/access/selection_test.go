package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

var _ record.Policy = (*access.Roles)(nil)

// files are the roles of a site, as an admin writes them.
var files = map[string]string{
	"german": `
role: german
customer:
  read: {country: {eq: DE}}
  create: {country: {eq: DE}}
  update: {country: {eq: DE}}
`,
	"manager": `
role: manager
customer:
  read: {accountManager: {eq: $user.party}}
  update: {accountManager: {eq: $user.party}}
  fields: {"*": write, creditLimit: read, note: none}
`,
	"clerk": `
role: clerk
description: Sees the names of everybody.
party:
  read: true
  create: true
  update: {status: {ne: blocked}}
  delete: {kind: {eq: person}}
  fields: {displayName: write, city: read, customer.number: read}
`,
	"buyer": `
role: buyer
supplier:
  read: true
  update: true
  fields: {displayName: read, rating: write}
`,
	"vendor": `
role: vendor
product:
  read: {supplier: {eq: $user.party}}
order:
  read: {customer: {country: {eq: DE}}}
  fields: {number: read, state: write}
`,
	"carrier": `
role: carrier
order:
  read: {carrier: {partnerType: {eq: logistics}}}
  fields: {number: read, shipTo: read}
`,
	"shipped": `
role: shipped
order:
  read: {state: {eq: shipped}, customer: {country: {eq: DE}}}
  fields: {shippedOn: read}
`,
	"unshipped": `
role: unshipped
order:
  read:
    or:
      - not: {state: {eq: shipped}}
      - not: {customer: {country: {eq: DE}}}
  fields: {requiredOn: read}
`,
	"own": `
role: own
"*":
  read: {createdBy: {eq: $user.id}}
order:
  read: true
  fields: {"*": read, freight: none}
`,
}

// load loads shipped entities and the given role files, by name without .yaml.
func load(t testing.TB, names ...string) (*schema.Model, *access.Roles) {
	t.Helper()
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	var sources []schema.Source
	for _, name := range names {
		sources = append(sources, schema.Source{Layer: "site", File: name + ".yaml", Data: []byte(files[name])})
	}
	roles, err := access.LoadRoles(m, sources)
	if err != nil {
		t.Fatalf("LoadRoles(%v) = %v", names, err)
	}
	return m, roles
}

var all = []string{"german", "manager", "clerk", "buyer", "vendor", "carrier", "shipped", "unshipped", "own"}

func party(id string, values map[string]any, roles ...string) *core.Record {
	r := &core.Record{Entity: "party", ID: id, Version: 1, CreatedBy: "u1", Values: values}
	for _, role := range roles {
		held, _ := r.Values["roles"].([]any)
		r.Values["roles"] = append(held, role)
		object, _ := r.Values[role].(map[string]any)
		if object == nil {
			object = map[string]any{}
		}
		object["since"] = "2026-01-01T00:00:00.000Z"
		r.Values[role] = object
	}
	return r
}

// people are one party for each case that the rules tell apart.
func people() []*core.Record {
	return []*core.Record{
		party("german customer", map[string]any{"kind": "organization", "country": "DE", "customer": map[string]any{"accountManager": "p1"}}, "customer"),
		party("french customer", map[string]any{"kind": "organization", "country": "FR", "customer": map[string]any{"accountManager": "p2"}}, "customer"),
		party("former german customer", map[string]any{"kind": "organization", "country": "DE", "customer": map[string]any{"until": "2026-02-01T00:00:00.000Z"}}),
		party("german supplier", map[string]any{"kind": "organization", "country": "DE"}, "supplier"),
		party("german customer and supplier", map[string]any{"kind": "person", "country": "DE"}, "customer", "supplier"),
		party("blocked german", map[string]any{"kind": "person", "country": "DE", "status": "blocked"}),
	}
}

func TestNoOtherDoor(t *testing.T) {
	t.Parallel()
	m, roles := load(t, all...)
	everybody := []string{"german customer", "french customer", "former german customer", "german supplier", "german customer and supplier", "blocked german"}
	customers := []string{"german customer", "french customer", "german customer and supplier"}
	suppliers := []string{"german supplier", "german customer and supplier"}
	germanCustomers := []string{"german customer", "german customer and supplier"}
	tests := map[string]struct {
		actor                  core.Actor
		parties, customersView []string // nil: Forbidden
		suppliersView          []string
	}{
		"without a role nothing is seen":                    {actor: core.Actor{ID: "u1"}},
		"a role that does not exist grants nothing":         {actor: core.Actor{ID: "u1", Roles: []string{"gone"}}},
		"a rule on other entities grants nothing":           {actor: core.Actor{ID: "u1", Party: "p1", Roles: []string{"vendor"}}},
		"admin sees all":                                    {actor: core.Actor{Roles: []string{"admin"}}, parties: everybody, customersView: customers, suppliersView: suppliers},
		"reader sees all":                                   {actor: core.Actor{Roles: []string{"reader"}}, parties: everybody, customersView: customers, suppliersView: suppliers},
		"a rule on a role shows its holders only":           {actor: core.Actor{Roles: []string{"german"}}, parties: germanCustomers, customersView: germanCustomers},
		"a rule on the base shows every role":               {actor: core.Actor{Roles: []string{"clerk"}}, parties: everybody, customersView: customers, suppliersView: suppliers},
		"rules add up, each within its own view":            {actor: core.Actor{Roles: []string{"german", "buyer"}}, parties: []string{"german customer", "german supplier", "german customer and supplier"}, customersView: germanCustomers, suppliersView: suppliers},
		"the actor's party selects":                         {actor: core.Actor{Party: "p2", Roles: []string{"manager"}}, parties: []string{"french customer"}, customersView: []string{"french customer"}},
		"without a party, a rule about it selects nothing":  {actor: core.Actor{ID: "u1", Roles: []string{"manager"}}, parties: []string{}, customersView: []string{}},
		"a rule for everything by a system field":           {actor: core.Actor{ID: "u1", Roles: []string{"own"}}, parties: everybody, customersView: customers, suppliersView: suppliers},
		"a rule for everything, of which nothing is theirs": {actor: core.Actor{ID: "u2", Roles: []string{"own"}}, parties: []string{}, customersView: []string{}, suppliersView: []string{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for view, want := range map[string][]string{"party": tt.parties, "customer": tt.customersView, "supplier": tt.suppliersView} {
				got := readable(t, roles, m, tt.actor, view)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, Readable(%s) selects (-want +got):\n%s", name, view, diff)
				}
			}
		})
	}
}

// readable lists the ids of the people that a view shows; nil when Forbidden.
func readable(t *testing.T, roles *access.Roles, m *schema.Model, a core.Actor, view string) []string {
	t.Helper()
	f, err := roles.Readable(m, a, m.Entity(view))
	if core.CodeOf(err) == core.Forbidden {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return matching(f)
}

func matching(f schema.Filter) []string {
	ids := []string{}
	for _, p := range people() {
		if f.Match(p.WithSystem()) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func TestForbiddenSaysWhoCouldHelp(t *testing.T) {
	t.Parallel()
	m, roles := load(t, all...)
	tests := map[string]struct {
		roles  []string
		action core.Action
		want   string
	}{
		"no roles":    {want: "You may not read orders: you have no roles. Ask an administrator for a role that allows it."},
		"one role":    {roles: []string{"german"}, want: "You may not read orders: your role german does not allow it. Ask an administrator for a role that allows it."},
		"two roles":   {roles: []string{"german", "buyer"}, want: "You may not read orders: none of your roles (german, buyer) allows it. Ask an administrator for a role that allows it."},
		"may see":     {roles: []string{"own"}, action: core.Deleted, want: "You may not delete orders: your role own does not allow it. Ask an administrator for a role that allows it."},
		"may restore": {roles: []string{"reader"}, action: core.Restored, want: "You may not delete orders: your role reader does not allow it. Ask an administrator for a role that allows it."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, e := core.Actor{ID: "u1", Roles: tt.roles}, m.Entity("order")
			_, err := roles.Readable(m, a, e)
			if tt.action != "" {
				_, err = roles.Writable(m, a, e, tt.action, nil)
			}
			if err == nil || err.Error() != tt.want || core.CodeOf(err) != core.Forbidden {
				t.Errorf("got %v (%s), want %s", err, core.CodeOf(err), tt.want)
			}
		})
	}
}

func TestWritable(t *testing.T) {
	t.Parallel()
	m, roles := load(t, all...)
	germanCustomers := []string{"german customer", "german customer and supplier"}
	tests := map[string]struct {
		actor   core.Actor
		entity  string
		action  core.Action
		fields  []string
		want    []string
		wantErr string
	}{
		"only records that the rule selects": {
			actor: core.Actor{Roles: []string{"german"}}, entity: "customer", action: core.Updated, fields: []string{"city", "customer.segment"}, want: germanCustomers,
		},
		"through the base the role's rule still needs the role": {
			actor: core.Actor{Roles: []string{"german"}}, entity: "party", action: core.Updated, fields: []string{"city"}, want: germanCustomers,
		},
		"another role's data": {
			actor: core.Actor{Roles: []string{"german"}}, entity: "party", action: core.Updated, fields: []string{"supplier.rating"},
			wantErr: "Your roles do not let you write all of these fields of parties. supplier.rating may not be written by you",
		},
		"another role cannot be granted by the way": {
			actor: core.Actor{Roles: []string{"german"}}, entity: "party", action: core.Updated, fields: []string{"roles", "supplier.since"},
			wantErr: "Your roles do not let you write all of these fields of parties. supplier.since may not be written by you",
		},
		"a role cannot be granted by who may change it": {
			actor: core.Actor{Roles: []string{"buyer"}}, entity: "supplier", action: record.Granted, fields: []string{"supplier.rating"},
			wantErr: "You may not grant the role supplier: your role buyer does not allow it. Ask an administrator for a role that has supplier: {grant: true}.",
		},
		"nor withdrawn": {
			actor: core.Actor{Roles: []string{"buyer"}}, entity: "supplier", action: record.Withdrawn,
			wantErr: "You may not withdraw the role supplier: your role buyer does not allow it. Ask an administrator for a role that has supplier: {withdraw: true}.",
		},
		"what the program keeps of a role is ignored whatever the list of fields": {
			actor: core.Actor{Roles: []string{"buyer"}}, entity: "supplier", action: core.Updated, fields: []string{"roles", "supplier.since"}, want: []string{"german supplier", "german customer and supplier"},
		},
		"admin grants and withdraws all": {
			actor: core.Actor{Roles: []string{"admin"}}, entity: "supplier", action: record.Withdrawn, want: []string{"german supplier", "german customer and supplier"},
		},
		"create has a rule of its own": {
			actor: core.Actor{Roles: []string{"manager"}}, entity: "customer", action: core.Created,
			wantErr: "You may not create customers: your role manager does not allow it. Ask an administrator for a role that allows it.",
		},
		"every field that may not be written is named as the caller names it": {
			actor: core.Actor{Party: "p1", Roles: []string{"manager"}}, entity: "customer", action: core.Updated, fields: []string{"note", "customer.creditLimit", "city"},
			wantErr: "Your roles do not let you write all of these fields of customers. creditLimit may not be written by you; note may not be written by you",
		},
		"fields of several rules: each record must be covered for each field": {
			// clerk may write displayName where nobody is blocked, buyer the rating of suppliers.
			actor: core.Actor{Roles: []string{"clerk", "buyer"}}, entity: "party", action: core.Updated, fields: []string{"displayName", "supplier.rating"},
			want: []string{"german supplier", "german customer and supplier"},
		},
		"one field of one rule": {
			actor: core.Actor{Roles: []string{"clerk", "buyer"}}, entity: "party", action: core.Updated, fields: []string{"displayName"},
			want: []string{"german customer", "french customer", "former german customer", "german supplier", "german customer and supplier"},
		},
		"who may delete may restore": {
			actor: core.Actor{Roles: []string{"clerk"}}, entity: "party", action: core.Restored, want: []string{"german customer and supplier", "blocked german"},
		},
		"admin writes all": {
			actor: core.Actor{Roles: []string{"admin"}}, entity: "party", action: core.Updated, fields: []string{"note", "supplier.rating", "roles", "version"},
			want: []string{"german customer", "french customer", "former german customer", "german supplier", "german customer and supplier", "blocked german"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := roles.Writable(m, tt.actor, m.Entity(tt.entity), tt.action, tt.fields)
			if tt.wantErr != "" {
				if err == nil || err.Error() != tt.wantErr || core.CodeOf(err) != core.Forbidden {
					t.Fatalf("Writable(%s, %s, %v) = %v, want Forbidden: %s", tt.entity, tt.action, tt.fields, err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatalf("Writable(%s, %s, %v) = %v", tt.entity, tt.action, tt.fields, err)
			}
			if diff := cmp.Diff(tt.want, matching(f)); diff != "" {
				t.Errorf("Writable(%s, %s, %v) selects (-want +got):\n%s", tt.entity, tt.action, tt.fields, diff)
			}
		})
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	m, roles := load(t, all...)
	both := people()[4] // german customer and supplier
	tests := map[string]struct {
		actor        core.Actor
		record       *core.Record
		shows, hides string // storage paths
		everything   bool
	}{
		"admin":                          {actor: core.Actor{Roles: []string{"admin"}}, record: both, everything: true},
		"one role's rule":                {actor: core.Actor{Roles: []string{"german"}}, record: both, shows: "id createdAt note customer.number customer.since", hides: "supplier.rating supplier.since supplier customer"},
		"a list of fields":               {actor: core.Actor{Roles: []string{"buyer"}}, record: both, shows: "id displayName supplier.rating supplier.since", hides: "note city customer.number supplier.number"},
		"the base's rule, field by path": {actor: core.Actor{Roles: []string{"clerk"}}, record: both, shows: "displayName city customer.number", hides: "note customer.segment customer.since supplier.rating"},
		"rules add up":                   {actor: core.Actor{Roles: []string{"german", "buyer"}}, record: both, shows: "note customer.segment supplier.rating", hides: "supplier.number"},
		"only rules that select this record count": {
			actor: core.Actor{Roles: []string{"german", "clerk"}}, record: people()[1],
			shows: "displayName city customer.number", hides: "note customer.segment",
		},
		"exceptions from *":               {actor: core.Actor{Party: "p1", Roles: []string{"manager"}}, record: people()[0], shows: "city customer.creditLimit customer.segment", hides: "note"},
		"a record that no rule selects":   {actor: core.Actor{Party: "p1", Roles: []string{"manager"}}, record: people()[1], shows: "id version", hides: "displayName city customer.segment roles"},
		"a rule over a reference, alone":  {actor: core.Actor{Roles: []string{"vendor"}}, record: order(), shows: "number state", hides: "shipTo freight"},
		"two rules over references":       {actor: core.Actor{Roles: []string{"vendor", "carrier"}}, record: order(), shows: "number", hides: "state shipTo freight"},
		"one that cannot be is left out":  {actor: core.Actor{Roles: []string{"vendor", "shipped"}}, record: order(), shows: "number state", hides: "shippedOn"},
		"one that must be is certain":     {actor: core.Actor{Roles: []string{"vendor", "unshipped"}}, record: order(), shows: "requiredOn", hides: "number state"},
		"a certain rule outweighs them":   {actor: core.Actor{Roles: []string{"vendor", "own"}}, record: order(), shows: "number state shipTo", hides: "freight"},
		"an entity that is gone":          {actor: core.Actor{Roles: []string{"admin"}}, record: &core.Record{Entity: "gone"}, shows: "id", hides: "name"},
		"a named entity leaves * behind":  {actor: core.Actor{ID: "u1", Roles: []string{"own"}}, record: order(), shows: "number", hides: "freight"},
		"* where the file names it not":   {actor: core.Actor{ID: "u1", Roles: []string{"own"}}, record: both, everything: true},
		"* by a system field of somebody": {actor: core.Actor{ID: "u2", Roles: []string{"own"}}, record: both, shows: "id", hides: "displayName"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			visible, err := roles.Visible(m, tt.actor, tt.record)
			if err != nil {
				t.Fatal(err)
			}
			if (visible == nil) != tt.everything {
				t.Fatalf("Visible = %v, want everything: %v", visible, tt.everything)
			}
			for _, path := range strings.Fields(tt.shows) {
				if !visible[path] {
					t.Errorf("%s is hidden, want it visible; visible are %v", path, visible)
				}
			}
			for _, path := range strings.Fields(tt.hides) {
				if visible[path] {
					t.Errorf("%s is visible, want it hidden", path)
				}
			}
		})
	}
}

func order() *core.Record {
	return &core.Record{Entity: "order", ID: "o1", CreatedBy: "u1", Values: map[string]any{"number": "O-1", "customer": "c1", "carrier": "l1"}}
}

func TestAskableIsWhatEveryRuleShows(t *testing.T) {
	t.Parallel()
	m, roles := load(t, all...)
	tests := map[string]struct {
		roles, entity string
		shows, hides  string
		everything    bool
	}{
		"admin":                      {roles: "admin", entity: "customer", everything: true},
		"nobody":                     {entity: "customer", shows: "id", hides: "displayName"},
		"one rule":                   {roles: "buyer", entity: "supplier", shows: "displayName supplier.rating", hides: "city"},
		"two rules":                  {roles: "buyer clerk", entity: "supplier", shows: "displayName", hides: "city supplier.rating"},
		"a rule on another role":     {roles: "buyer german", entity: "supplier", shows: "displayName supplier.rating", hides: "city"},
		"all roles through the base": {roles: "buyer german", entity: "party", shows: "displayName", hides: "city supplier.rating customer.segment"},
		"everything and a part":      {roles: "admin clerk", entity: "party", shows: "displayName", hides: "note"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			askable, err := roles.Askable(m, core.Actor{ID: "u1", Roles: strings.Fields(tt.roles)}, m.Entity(tt.entity))
			if err != nil || (askable == nil) != tt.everything {
				t.Fatalf("Askable = %v, %v; want everything: %v", askable, err, tt.everything)
			}
			for _, path := range strings.Fields(tt.shows) {
				if !askable[path] {
					t.Errorf("%s cannot be asked for, want that it can", path)
				}
			}
			for _, path := range strings.Fields(tt.hides) {
				if askable[path] {
					t.Errorf("%s can be asked for, want that it cannot", path)
				}
			}
		})
	}
}

func TestAMissingPartyNeverWidensARule(t *testing.T) {
	t.Parallel()
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody holds the party p9 and nobody has tags, so that a rule which took
	// the missing party for just another value would select them.
	rules := []string{
		`{accountManager: {eq: $user.party}}`,
		`{accountManager: {ne: $user.party}}`,
		`{accountManager: {in: [$user.party]}}`,
		`{accountManager: {notIn: [x, $user.party]}}`,
		`{not: {accountManager: {eq: $user.party}}}`,
		`{not: {not: {accountManager: {ne: $user.party}}}}`,
		`{not: {or: [{accountManager: {eq: $user.party}}, {country: {eq: FR}}]}}`,
		`{tags: {none: {eq: $user.party}}}`,
		`{not: {tags: {some: {eq: $user.party}}}}`,
		`{and: [{kind: {isNull: false}}, {tags: {some: {ne: $user.party}}}]}`,
	}
	for _, rule := range rules {
		roles, err := access.LoadRoles(m, []schema.Source{{File: "r.yaml", Data: fmt.Appendf(nil, "role: r\ncustomer: {read: %s}\n", rule)}})
		if err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		if got := readable(t, roles, m, core.Actor{ID: "u1", Roles: []string{"r"}}, "party"); len(got) > 0 {
			t.Errorf("read: %s shows somebody without a party %v, want nobody", rule, got)
		}
		if got := readable(t, roles, m, core.Actor{ID: "u1", Party: "p9", Roles: []string{"r"}}, "party"); slices.Contains(got, "blocked german") {
			t.Errorf("read: %s shows %v, want holders of the role customer only", rule, got)
		}
	}
}
