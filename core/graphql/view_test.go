package graphql_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

// The word that stands in the name of everything that the role clerk has nothing
// to do with, and nowhere else.
const secretWord = "zebra"

var secretive = []schema.Source{
	source("site", "vault.yaml", `
entity: zebraVault
description: {en: Where the zebra lives.}
fields:
  name: {type: text, required: true, unique: true, search: true, index: true}
  ticket: {type: reference, to: ticket, inverse: zebraVaults}
`),
	source("site", "agent.yaml", `
role: zebraAgent
of: party
fields:
  zebraCode: {type: text, unique: true}
`),
	source("site", "ticket.yaml", `
entity: ticket
fields:
  title: {type: text, required: true, search: true, index: true}
  code: {type: text, unique: true}
  stage: {type: state, options: {open: {next: [closed]}, closed: {}}, default: open}
  owner: {type: reference, to: customer}
  box: {type: reference, to: zebraVault, inverse: zebraBoxed}
  boxes: {type: list, of: {type: reference, to: zebraVault, inverse: zebraHeld}}
  place: {type: object, fields: {street: {type: text}, vault: {type: reference, to: zebraVault, inverse: zebraPlaced}}}
  zebraMargin: {type: integer, index: true, max: 10, description: {en: Zebra earnings.}}
  zebraKey: {type: text, unique: true}
  zebraNote: {type: text, required: true, search: true}
  zebraGrade: {type: enum, options: [zebraLow, zebraHigh], index: true}
  zebraParts: {type: list, of: {type: object, fields: {zebraSize: {type: integer}}}}
  zebraOwner: {type: reference, to: party, inverse: zebraOwned}
`),
}

var clerk = source("site", "clerk.role.yaml", `
role: clerk
ticket:
  read: true
  create: true
  update: {code: {ne: closed}}
  fields: {title: write, code: write, stage: write, owner: write, box: write, boxes: write, place: write}
customer:
  read: true
  create: true
  update: true
  delete: true
  grant: true
  withdraw: true
`)

const introspection = `{ __schema { queryType { name } mutationType { name } subscriptionType { name } directives { name args { name } }
  types { name kind description interfaces { name } possibleTypes { name } enumValues(includeDeprecated: true) { name description }
    inputFields { name description defaultValue type { ...T } }
    fields(includeDeprecated: true) { name description type { ...T } args { name description defaultValue type { ...T } } } } } }
fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name } } } }`

const metadata = `{ entities { name plural label labels description roleOf fields { ...F fields { ...F } of { ...F fields { ...F } } } } }
fragment F on FieldInfo { name type label description to options { value label next } }`

// What a key may not use has no name for it: not in introspection, not in what is
// suggested for a slip, and not in any error.
func TestNoAnswerNamesWhatAKeyMayNotUse(t *testing.T) {
	t.Parallel()
	s := newServer(t, secretive, []schema.Source{clerk})
	if made := s.ask(`mutation {
		createCustomer(data: {kind: organization, displayName: "Alfreds"}) { outcome }
		grantZebraAgent(id: "id-000001", data: {zebraCode: "Z"}) { outcome }
		createZebraVault(data: {name: "hidden"}) { outcome }
		createTicket(data: {title: "one", code: "1", owner: "id-000001", box: "id-000002", place: {street: "x", vault: "id-000002"}, zebraMargin: 7, zebraKey: "K", zebraNote: "n", zebraGrade: zebraLow, zebraOwner: "id-000001"}) { outcome }
		plain: createCustomer(data: {kind: organization, displayName: "Blondel"}) { outcome }
		other: createCustomer(data: {kind: organization, displayName: "Chop-suey"}) { outcome }
		second: grantZebraAgent(id: "id-000005", data: {zebraCode: "Y"}) { outcome }
		updateTicket(id: "id-000003", data: {zebraMargin: 8, zebraParts: [{zebraSize: 1}]}) { outcome }
	}`, "", ""); strings.Contains(made, "errors") {
		t.Fatal(made)
	}
	for _, query := range []string{introspection, metadata} {
		if all := s.ask(query, "", ""); !strings.Contains(strings.ToLower(all), secretWord) {
			t.Fatalf("an administrator does not see it either: %.200s", all)
		}
	}
	attacks := []string{
		introspection, metadata,
		`{ __type(name: "%sVault") { name } entity(name: "%sVault") { name } }`,
		`{ __type(name: "Ticket") { fields { name type { name } args { name } } } input: __type(name: "TicketInput") { inputFields { name } } }`,
		`{ tickets { nodes { id title code stage owner { displayName roles zebrXgent { since } } place { street } zebrMargin zebrNote } } }`,
		`{ tickets { nodes { id title code stage owner { displayName roles } place { street } } } ticket(id: "id-000003") { title } ticketBy(key: {code: "1"}) { title } }`,
		`{ zebrVaults { nodes { id } } zebrVault(id: "x") { id } zebrVaultHistory(id: "x") { at } }`,
		`{ tickets(filter: {zebrMargin: {gt: 1}}) { totalCount } }`, `{ tickets(orderBy: [{zebrMargin: ASC}]) { totalCount } }`,
		`{ tickets(filter: {box: {eq: "x"}}) { totalCount } }`, `{ tickets(filter: {owner: {zebrCode: {eq: "x"}}}) { totalCount } }`, `{ tickets(search: "n") { totalCount } }`,
		`{ customers(filter: {roles: {some: {eq: zebrXgent}}}) { totalCount } }`, `{ ticketBy(key: {zebrKey: "x"}) { id } }`,
		`mutation { createTicket(data: {title: "two"}) { outcome } }`, `mutation { createTicket(data: {title: "two", zebrNote: "x"}) { outcome } }`, `mutation { createTicket(data: {code: "1"}) { outcome } }`,
		`mutation { updateTicket(id: "id-000003", data: {title: "three", stage: closed}) { outcome ticket { title } } }`, `mutation { deleteTicket(id: "id-000003") { outcome } }`,
		`mutation { upsertTicket(by: zebrKey, data: {title: "x"}) { outcome } }`, `mutation { upsertTicket(by: code, data: {title: "x", code: "1"}) { outcome } }`,
		`mutation { transitionTicket(id: "id-000003", to: open) { outcome } }`, `mutation { grantZebrXgent(id: "id-000001") { outcome } withdrawZebrXgent(id: "id-000001") { outcome } }`,
		`mutation { createZebrVault(data: {name: "x"}) { outcome } }`, `mutation { updateCustomer(id: "id-000001", data: {city: "Bonn", zebrCode: "x"}) { outcome } }`,
		`{ ticketHistory(id: "id-000003") { version changes { field from to } } customerHistory(id: "id-000001") { version changes { field from to } } }`,
		`{ parties { nodes { displayName roles zebrXgent { since } } } }`, `fragment F on ZebrVault { id } { tickets { nodes { ...F } } }`, `{ tickets { nodes { ... on ZebrVault { id } } } }`,
		`query ($v: ZebrVaultInput) { tickets { totalCount } }`, `{ apiKey { id } plugin { name } exportPart(id: "id-000001") eraseParty }`,
		`mutation { mergeParties(from: "id-000001", into: "id-000001") { outcome } eraseParty(id: "id-000001") { outcome } }`,
		`mutation { mergeParties(from: "id-000001", into: "id-000004", dryRun: true) { outcome taken kept references { entity records } } }`,
		`mutation { mergeParties(from: "id-000004", into: "id-000001", dryRun: true) { outcome taken kept references { entity records } party { displayName roles } } }`,
		`mutation { mergeParties(from: "id-000001", into: "id-000005", dryRun: true) { outcome taken kept references { entity records } } }`,
		`mutation { createTicket(data: {title: "x", box: "nobody", place: {vault: "nobody"}}) { outcome } }`,
		`mutation { updateTicket(id: "id-000003", data: {box: "nobody"}) { outcome } deleteCustomer(id: "id-000001") { outcome } }`,
		`mutation { withdrawCustomer(id: "id-000001", dryRun: true) { outcome customer { roles } } grantCustomer(id: "id-000001", dryRun: true) { customer { roles } } }`,
	}
	for _, attack := range attacks {
		query := strings.ReplaceAll(attack, "%s", "zebr")
		s.noSecret(query, "")
	}
	for variables, query := range map[string]string{
		`{"v": {"zebrNote": "x", "title": "x"}}`:                 `mutation ($v: TicketInput!) { createTicket(data: $v) { outcome } }`,
		`{"v": [{"zebrNote": "x", "title": "x"}]}`:               `mutation ($v: [TicketInput!]!) { createTickets(data: $v) { outcome } }`,
		`{"v": {"zebrMargin": {"gt": 1}}}`:                       `query ($v: TicketFilter) { tickets(filter: $v) { totalCount } }`,
		`{"v": [{"zebrMargin": "ASC"}]}`:                         `query ($v: [TicketOrderBy!]) { tickets(orderBy: $v) { totalCount } }`,
		`{"v": {"zebrKey": "x"}}`:                                `query ($v: TicketKey!) { ticketBy(key: $v) { id } }`,
		`{"v": "zebrKey"}`:                                       `mutation ($v: TicketUniqueField!) { upsertTicket(by: $v, data: {title: "x"}) { outcome } }`,
		`{"v": {"roles": {"some": {"eq": "zebrXgent"}}}}`:        `query ($v: CustomerFilter) { customers(filter: $v) { totalCount } }`,
		`{"v": {"owner": {"zebrCode": {"eq": "x"}}, "x": null}}`: `query ($v: TicketFilter) { tickets(filter: $v) { totalCount } }`,
	} {
		s.noSecret(query, variables)
	}
}

func (s *server) noSecret(query, variables string) {
	s.Helper()
	got := s.ask(query, variables, "clerk")
	if i := strings.Index(strings.ToLower(got), secretWord); i >= 0 {
		s.Errorf("%s %s\nis answered with … %s …", query, variables, got[max(0, i-150):min(len(got), i+100)])
	}
}

// What does not fit in a field that a key has no name for is said once, without it.
func TestWhatAKeyMayNotNameIsRefusedWithoutItsName(t *testing.T) {
	t.Parallel()
	s := newServer(t, append(secretive, source("site", "more.yaml", "extend: ticket\nfields: {zebraToo: {type: text, required: true}}\n")), []schema.Source{clerk})
	var got struct {
		Errors []struct {
			Message    string
			Extensions struct{ Violations schema.Violations }
		}
	}
	if err := json.Unmarshal([]byte(s.ask(`mutation { createTicket(data: {code: "1"}) { outcome } createTickets(data: [{title: "x"}]) { outcome } }`, "", "clerk")), &got); err != nil || len(got.Errors) != 2 {
		t.Fatal(got, err)
	}
	const hidden = "something that you may neither see nor write does not fit; ask an administrator"
	for i, want := range []string{"title is required; " + hidden, hidden} {
		if e := got.Errors[i]; e.Message != "The ticket was not saved: some fields need attention." || e.Extensions.Violations.Error() != want {
			t.Errorf("error %d: %s %s; want %s", i, e.Message, e.Extensions.Violations.Error(), want)
		}
	}
	admin := s.ask(`mutation { createTicket(data: {title: "x"}) { outcome } }`, "", "")
	if !strings.Contains(admin, "zebraNote") || !strings.Contains(admin, "zebraToo") || strings.Contains(admin, hidden) {
		t.Errorf("an administrator reads %s", admin)
	}
}

// A name that exists and may not be used gets the answer of one that does not.
func TestWhatMayNotBeUsedIsAnsweredLikeWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newServer(t, secretive, []schema.Source{clerk})
	tests := map[string]struct{ query, variables string }{
		"a query":             {query: `{ %sVaults { totalCount } }`},
		"a field":             {query: `{ tickets { nodes { %sNote } } }`},
		"a field of a role":   {query: `{ parties { nodes { %sAgent { since } } } }`},
		"a relation":          {query: `{ tickets { nodes { %sVaults { totalCount } } } }`},
		"a filter":            {query: `{ tickets(filter: {%sMargin: {gt: 1}}) { totalCount } }`},
		"an order":            {query: `{ tickets(orderBy: [{%sMargin: ASC}]) { totalCount } }`},
		"an input field":      {query: `mutation { createTicket(data: {%sNote: "x"}) { outcome } }`},
		"a mutation":          {query: `mutation { delete%sVault(id: "x") { outcome } }`},
		"a type":              {query: `{ tickets { nodes { ... on %sVault { id } } } }`},
		"a value":             {query: `{ customers(filter: {roles: {some: {eq: %sAgent}}}) { totalCount } }`},
		"a key of an upsert":  {query: `mutation { upsertTicket(by: %sKey, data: {}) { outcome } }`},
		"an input variable":   {query: `mutation ($v: TicketInput!) { createTicket(data: $v) { outcome } }`, variables: `{"v": {"%sNote": "x"}}`},
		"an order variable":   {query: `query ($v: [TicketOrderBy!]) { tickets(orderBy: $v) { totalCount } }`, variables: `{"v": [{"%sMargin": "ASC"}]}`},
		"an enum as variable": {query: `mutation ($v: TicketUniqueField!) { upsertTicket(by: $v, data: {}) { outcome } }`, variables: `{"v": "%sKey"}`},
		"a described entity":  {query: `{ entity(name: "%sVault") { name } }`},
		"a described type":    {query: `{ __type(name: "%sVault") { name } }`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, form := range [][2]string{{"zebra", "xebra"}, {"Zebra", "Xebra"}} {
				answer := func(word string) string {
					got := s.ask(strings.ReplaceAll(tt.query, "%s", word), strings.ReplaceAll(tt.variables, "%s", word), "clerk")
					return strings.ReplaceAll(got, word, "…")
				}
				if there, not := answer(form[0]), answer(form[1]); there != not {
					t.Errorf("what exists is answered with\n%s\nand what does not with\n%s", there, not)
				}
			}
		})
	}
}

// What is in the view can be asked: every field, with what it leads to.
func TestEverythingThatAKeyIsShownItMayAsk(t *testing.T) {
	t.Parallel()
	s := newServer(t, secretive, []schema.Source{clerk})
	var shown struct {
		Data struct {
			Schema struct {
				Types []struct {
					Name   string
					Fields []struct{ Name string }
				}
			} `json:"__schema"`
		}
	}
	if err := json.Unmarshal([]byte(s.ask(`{ __schema { types { name fields { name } } } }`, "", "clerk")), &shown); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, typ := range shown.Data.Schema.Types {
		for _, f := range typ.Fields {
			if typ.Name == "Query" || typ.Name == "Mutation" {
				names = append(names, f.Name)
			}
		}
	}
	slices.Sort(names)
	want := strings.Fields(`createCustomer createCustomers createTicket createTickets customer customerBy customerHistory customers deleteCustomer deleteParty entities entity
		grantCustomer mergeParties parties party partyBy partyHistory ticket ticketBy ticketHistory tickets restoreCustomer restoreParty
		transitionTicket updateCustomer updateParty updateTicket upsertCustomer upsertCustomers upsertParties upsertParty upsertTicket upsertTickets withdrawCustomer`)
	slices.Sort(want)
	if got := fmt.Sprint(names); got != fmt.Sprint(want) {
		t.Errorf("the operations of a clerk are\n%s\nwant\n%s", got, want)
	}
}
