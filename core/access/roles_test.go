package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

func TestLoadRolesReportsEveryMistakeAtOnce(t *testing.T) {
	t.Parallel()
	m, _ := load(t)
	tests := map[string]struct{ file, want string }{
		"no name": {file: `customer: {read: true}`, want: `r.yaml:1: a file describes one role: start with role: NAME`},
		"empty":   {file: ``, want: `r.yaml: a file describes one role: start with role: NAME`},
		"taken":   {file: `role: admin`, want: `r.yaml:1: the role "admin" is already defined in shipped/admin.yaml; choose another name`},
		"everything": {
			file: `role: sales
custmer:
  read: true
customer:
  raed: true
  read:
    and:
      - contry: {eq: DE}
      - country: {equals: DE}
      - creditLimit: {amount: {gt: lots}}
  update: {accountManager: {eq: $user.partty}}
  create: sometimes
  delete: {}
  fields: {crditLimit: read, note: sometimes, id: read, "*": write}
product:
  read: {category: {}}
  fields: {unitPrice.amount: read}
party:
  read: {or: [{country: null}, {employees: {eq: $user.id}}]}
  fields: {customer.creditLimitt: read, customer.creditLimit: read}
`,
			want: `r.yaml:2: there is no entity or role "custmer"; did you mean "customer"?
r.yaml:5: unknown key "raed"; did you mean "read"?
r.yaml:8: customer.read.and[0].contry is no field; did you mean "country"?
r.yaml:9: customer.read.and[1].country.equals is no operator of country; there are eq, ne, in, notIn, contains, startsWith, endsWith, lt, lte, gt, gte, isNull
r.yaml:10: customer.read.and[2].creditLimit.amount.gt must be a decimal number such as 12.50, not lots
r.yaml:11: customer.update: there is no $user.partty; did you mean "user.party"?
r.yaml:12: write true, false or a filter such as {country: {eq: DE}}
r.yaml:13: customer.delete: the filter selects every record; write true if that is meant
r.yaml:14: field "note": "sometimes" is none of none, read and write
r.yaml:14: customer.fields: there is no field "crditLimit"; did you mean "creditLimit"?
r.yaml:14: customer.fields: id belongs to every record; whoever sees a record sees it
r.yaml:16: product.read.category is empty; say what it is compared with, such as {eq: ...}
r.yaml:17: product.fields: rights are given to unitPrice as a whole, not to unitPrice.amount
r.yaml:19: party.read.or[0].country must be an object, not null; to select missing values write {isNull: true}
r.yaml:19: party.read.or[1].employees.eq cannot be $user.id, which is a text or the id of a record, not of type integer
r.yaml:20: party.fields: there is no field "customer.creditLimitt"; did you mean "customer.creditLimit"?`,
		},
		"*": {
			file: `role: x
"*":
  read: {country: {eq: DE}}
  fields: {note: none}
`,
			want: `r.yaml:2: "*" cannot have fields, because entities have different ones`,
		},
		"* by a field that not all have": {
			file: "role: x\n\"*\": {read: {country: {eq: DE}}}\n",
			want: `r.yaml:2: *.read.country is no field`,
		},
		"roles where there are none": {
			file: `role: x
party: {grant: true}
customer: {grant: {contry: {eq: DE}}, withdraw: true}
"*": {grant: true}
product: true
order:
  read: true
  withdraw: true
`,
			want: `r.yaml:3: customer.grant.contry is no field; did you mean "country"?
r.yaml:8: order: grant and withdraw are about the roles of records, and those of order have none; take them out`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := access.LoadRoles(m, []schema.Source{{Layer: "site", File: "r.yaml", Data: []byte(tt.file)}})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("LoadRoles (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARuleOfAPluginWaitsForThePlugin(t *testing.T) {
	t.Parallel()
	without, _ := load(t)
	roles, err := access.LoadRoles(without, []schema.Source{{File: "support.yaml", Data: []byte(`role: support
complaint:
  read: {state: {eq: open}}
`)}})
	if err != nil {
		t.Fatalf("LoadRoles without the plugin = %v, want only a warning", err)
	}
	want := `support.yaml:2: there is no entity or role "complaint" now; the rule grants nothing until there is`
	faults, warnings := roles.Check(without)
	if got := warnings.Error(); got != want || len(faults) > 0 {
		t.Errorf("Check(without the plugin) = %q, %q; want no faults, %q", faults, got, want)
	}

	complaint := schema.Source{File: "complaint.yaml", Data: []byte("entity: complaint\nfields: {state: {type: enum, options: [open, closed], index: true}}\n")}
	with, err := schema.Load(append(entities.Sources(), complaint)...)
	if err != nil {
		t.Fatal(err)
	}
	faults, warnings = roles.Check(with)
	if len(faults)+len(warnings) > 0 {
		t.Errorf("Check(with the plugin) = %v, %v, want nothing", faults, warnings)
	}
	f, err := roles.Readable(with, core.Actor{Roles: []string{"support"}}, with.Entity("complaint"))
	if err != nil || !f.Match(map[string]any{"state": "open"}) || f.Match(map[string]any{"state": "closed"}) {
		t.Errorf("Readable(complaint) = %+v, %v; want the open ones", f, err)
	}
	if _, err := roles.Readable(with, core.Actor{Roles: []string{"admin"}}, with.Entity("complaint")); err != nil {
		t.Errorf("admin cannot read what came later: %v", err)
	}

	other := schema.Source{File: "complaint.yaml", Data: []byte("entity: complaint\nfields: {status: {type: text}}\n")}
	changed, err := schema.Load(append(entities.Sources(), other)...)
	if err != nil {
		t.Fatal(err)
	}
	faults, _ = roles.Check(changed)
	if want := `support.yaml:3: complaint.read.state is no field; did you mean "status"?`; faults.Error() != want {
		t.Errorf("Check(with a changed plugin) = %q, want %q", faults.Error(), want)
	}
	if _, err := roles.Readable(changed, core.Actor{Roles: []string{"support"}}, changed.Entity("complaint")); core.CodeOf(err) != core.Forbidden {
		t.Errorf("Readable by a rule that does not fit = %v, want Forbidden", err)
	}
}

func TestFindRole(t *testing.T) {
	t.Parallel()
	_, roles := load(t, "german")
	if got, want := strings.Join(roles.Names(), " "), "admin monitor reader german"; got != want {
		t.Errorf("Names() = %s, want %s", got, want)
	}
	if err := roles.Find("german"); err != nil {
		t.Errorf("Find(german) = %v", err)
	}
	if err, want := roles.Find("gemran"), `there is no role "gemran"; did you mean "german"?`; err == nil || err.Error() != want {
		t.Errorf("Find(gemran) = %v, want %s", err, want)
	}
}
