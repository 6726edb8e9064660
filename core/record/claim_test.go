package record_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// user is somebody with a role for each of these rules: user, user1, user2.
func (d *desk) user(party string, rules ...string) core.Actor {
	d.Helper()
	a := core.Actor{ID: "user-1", Party: party}
	var sources []schema.Source
	for i, rule := range rules {
		role := "user"
		if i > 0 {
			role += strconv.Itoa(i)
		}
		a.Roles = append(a.Roles, role)
		sources = append(sources, schema.Source{Layer: "site", File: role + ".yaml", Data: []byte("role: " + role + "\n" + rule)})
	}
	roles, err := access.LoadRoles(d.model, sources)
	if err != nil {
		d.Fatal(err)
	}
	d.Policy = roles
	return a
}

// Who may write fields of a supplier may not therefore end or give the role.
func TestWhoMayChangeARoleMayNeitherWithdrawNorGrantIt(t *testing.T) {
	d := newDesk(t)
	supplier := d.entity("supplier")
	own := d.create("supplier", map[string]any{"kind": "organization", "displayName": "Tea House", "country": "DE"}).ID
	other := d.customer("Alfreds", "DE").ID
	a := d.user(own, `
party: {read: true}
supplier: {read: true, create: true, delete: true, update: {id: {eq: $user.party}}, fields: {phone: write, externalId: write, category: write}}
`)
	if err := d.save(a, "supplier", record.Draft{Action: core.Updated, ID: own, Set: map[string]any{"phone": "+49301234567", "externalId": "7"}})[0].Err; err != nil {
		t.Errorf("its own phone: %v", err)
	}
	const granting = "You may not grant the role supplier: your role user does not allow it. Ask an administrator for a role that has supplier: {grant: true}."
	for name, tt := range map[string]struct {
		draft record.Draft
		want  string
	}{
		"withdrawing": {record.Draft{Action: core.Updated, ID: own, Withdraw: supplier},
			"You may not withdraw the role supplier: your role user does not allow it. Ask an administrator for a role that has supplier: {withdraw: true}."},
		"granting":                    {record.Draft{Action: core.Updated, ID: other, Grant: supplier}, granting},
		"granting what is held":       {record.Draft{Action: core.Updated, ID: own, Grant: supplier}, granting},
		"granting with data":          {record.Draft{Action: core.Updated, ID: other, Grant: supplier, Set: map[string]any{"supplier.category": "Tea"}}, granting},
		"an upsert that gains a role": {record.Draft{Action: core.Created, By: supplier.Field("externalId"), Set: map[string]any{"externalId": "al"}}, granting},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{T: t, Service: d.Service, Basis: d.Basis, model: d.model, store: d.store}
			if tt.draft.By != nil {
				d.must("party", record.Draft{Action: core.Updated, ID: other, Set: map[string]any{"externalId": "al"}})
			}
			d.refused(d.save(a, "supplier", tt.draft)[0].Err, core.Forbidden, tt.want)
		})
	}
}

// The data of a role come with it by the same right; what is the party's own takes
// the right to update.
func TestGrantingAndWithdrawingAreRightsOfTheirOwn(t *testing.T) {
	supplier := func(d *desk) *schema.Entity { return d.entity("supplier") }
	const (
		notForThis = "You may not grant the role supplier to this party: your roles do not allow it for this record."
		noUpdate   = "You may not update suppliers: your role user does not allow it. Ask an administrator for a role that allows it."
	)
	for name, tt := range map[string]struct {
		rules string
		draft func(d *desk, party, supplier string) record.Draft
		want  string // "" for allowed
	}{
		"a role": {"supplier: {grant: true}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d)}
		}, ""},
		"a role by a rule about all parties": {"party: {read: true, grant: true}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d)}
		}, ""},
		"a role with its data": {"supplier: {grant: true, fields: {category: write}}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d), Set: map[string]any{"supplier.category": "Tea"}}
		}, ""},
		"a role with data that may not be written": {"supplier: {grant: true, fields: {category: read}}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d), Set: map[string]any{"supplier.category": "Tea"}}
		}, "Your roles do not let you write all of these fields of suppliers."},
		"a role and what is the party's": {"supplier: {grant: true}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d), Set: map[string]any{"city": "Ulm"}}
		}, noUpdate},
		"a role and what is the party's, with both rights": {"supplier: {grant: true, update: true}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d), Set: map[string]any{"city": "Ulm"}}
		}, ""},
		"a role that is held, and its data": {"supplier: {read: true, grant: true}", func(d *desk, _, held string) record.Draft {
			return record.Draft{ID: held, Grant: supplier(d), Set: map[string]any{"supplier.category": "Tea"}}
		}, noUpdate},
		"a role to whom the rule does not select": {"supplier: {grant: {country: {eq: FR}}}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d)}
		}, notForThis},
		"a role of another": {"customer: {grant: true, withdraw: true}", func(d *desk, party, _ string) record.Draft {
			return record.Draft{ID: party, Grant: supplier(d)}
		}, "You may not grant the role supplier: your role user does not allow it. Ask an administrator for a role that has supplier: {grant: true}."},
		"the end of a role": {"supplier: {read: true, withdraw: true}", func(d *desk, _, held string) record.Draft {
			return record.Draft{ID: held, Withdraw: supplier(d)}
		}, ""},
		"the end of a role of whom the rule does not select": {"supplier: {read: true, withdraw: {country: {eq: FR}}}", func(d *desk, _, held string) record.Draft {
			return record.Draft{ID: held, Withdraw: supplier(d)}
		}, "You may not withdraw the role supplier from this party: your roles do not allow it for this record."},
		"all that can be done to suppliers": {"supplier: true", func(d *desk, _, held string) record.Draft {
			return record.Draft{ID: held, Withdraw: supplier(d)}
		}, ""},
		"a new supplier": {"supplier: {create: true}", func(*desk, string, string) record.Draft {
			return record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "B"}}
		}, ""},
		"an upsert that gains a role": {"supplier: {read: true, create: true, grant: true}", func(d *desk, _, _ string) record.Draft {
			return record.Draft{Action: core.Created, By: supplier(d).Field("externalId"), Set: map[string]any{"externalId": "al", "supplier.category": "Tea"}}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			party := d.create("customer", map[string]any{"kind": "organization", "displayName": "Alfreds", "country": "DE", "externalId": "al"}).ID
			held := d.create("supplier", map[string]any{"kind": "organization", "displayName": "Tea House", "country": "DE"}).ID
			rules := tt.rules
			if rules != "party: {read: true, grant: true}" {
				rules = "party: {read: true}\n" + rules
			}
			a := d.user("", rules)
			draft := tt.draft(d, party, held)
			if draft.Action == "" {
				draft.Action = core.Updated
			}
			err := d.save(a, "supplier", draft)[0].Err
			if tt.want == "" && err != nil {
				t.Errorf("%v, want it done", err)
			} else if tt.want != "" && (core.CodeOf(err) != core.Forbidden || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("error = %v, want %s", err, tt.want)
			}
		})
	}
}
