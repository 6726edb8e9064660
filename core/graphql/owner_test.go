package graphql_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// source is a definition in a file of its layer.
func source(layer, file, text string) schema.Source {
	return schema.Source{Layer: layer, File: file, Data: []byte(text)}
}

// named is an entity of the site of which only the name matters.
func named(entity string) schema.Source {
	return source("site", entity+".yaml", "entity: "+entity+"\nfields:\n  name: {type: text}\n")
}

// loaded is the shipped entities and these.
func loaded(t *testing.T, sources ...schema.Source) *schema.Model {
	t.Helper()
	m, err := schema.Load(append(entities.Sources(), sources...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// whole is an API with all that brings names.
func whole(m *schema.Model) graphql.Config {
	return graphql.Config{Snapshot: &snapshot.Snapshot{Basis: record.Basis{Model: m}}, Plugins: struct{ graphql.PluginDesk }{}, Keys: struct{ graphql.KeyDesk }{}, Parties: &party.Service{}}
}

// says wants an error to be these lines, and none for none.
func says(t *testing.T, err error, want ...string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), got); diff != "" {
		t.Errorf("the error differs (-want +got):\n%s", diff)
	}
}

func TestAnEntityThatWouldTakeANameOfTheAPIIsRefused(t *testing.T) {
	const own = "it is the program's own"
	tests := map[string]string{
		"partyPayload":         "the type PartyPayload: it is the payload of party",
		"partyInput":           "the type PartyInput: it is the input of party",
		"partyFilter":          "the type PartyFilter: it is the filter of party",
		"partyReferenceFilter": "the type PartyReferenceFilter: it is the reference filter of party",
		"partyKindFilter":      "the type PartyKindFilter: it is the filter of party.kind",
		"partyAddress":         "the type PartyAddress: it is that of the field party.addresses",
		"partyRole":            "the type PartyRole: it is that of the field party.roles",
		"customerRole":         "the type CustomerRole: it is the role of customer",
		"customerKey":          "the type CustomerKey: it is the key of customer",
		"customerUniqueField":  "the type CustomerUniqueField: it is the unique field of customer",
		"orderConnection":      "the type OrderConnection: it is the connection of order",
		"orderEdge":            "the type OrderEdge: it is the edge of order",
		"orderOrderBy":         "the type OrderOrderBy: it is the order by of order",
		"orderLine":            "the type OrderLine: it is that of the field order.lines",
		"orderLineInput":       "the type OrderLineInput: it is the input of order.lines",
		"orderLineListFilter":  "the type OrderLineListFilter: it is the list filter of order.lines",
		"stringFilter":         "the type StringFilter: it is the filter of String",
		"moneyInput":           "the type MoneyInput: it is the input of Money",

		"partyHistory": "the query partyHistory: it is that of the entity party",
		"customerBy":   "the query customerBy: it is that of the role customer",
		"exportParty":  "the query exportParty: " + own,
		"entity":       "the query entity: " + own,
		"plugin":       "the query plugins: " + own,

		"string": "the type String: " + own, "int": "the type Int: " + own, "float": "the type Float: " + own,
		"boolean": "the type Boolean: " + own, "long": "the type Long: " + own, "decimal": "the type Decimal: " + own,
		"date": "the type Date: " + own, "dateTime": "the type DateTime: " + own, "money": "the type Money: " + own,
		"phone": "the type Phone: " + own, "outcome": "the type Outcome: " + own, "historyEntry": "the type HistoryEntry: " + own,
		"orderDirection": "the type OrderDirection: " + own, "entityInfo": "the type EntityInfo: " + own,
		"pluginInfo": "the type PluginInfo: " + own, "failedCalls": "the type FailedCalls: " + own,
		"deadLetter": "the type DeadLetter: " + own, "apiKey": "the type ApiKey: " + own,
		"issuedApiKey": "the type IssuedApiKey: " + own, "partyMerge": "the type PartyMerge: " + own,
	}
	for entity, want := range tests {
		t.Run(entity, func(t *testing.T) {
			t.Parallel()
			m := loaded(t, named(entity))
			want := entity + ".yaml:1: the entity " + entity + " cannot have " + want + "; choose another name"
			says(t, graphql.Check(m), want)
			_, err := graphql.Build(whole(m))
			says(t, err, want)
		})
	}
}

// The table above cannot be complete: this asks the API itself for its names.
func TestNoNameOfTheAPIIsFreeForAnEntity(t *testing.T) {
	m := loaded(t)
	engine, err := graphql.Build(whole(m))
	if err != nil {
		t.Fatal(err)
	}
	var sources []schema.Source
	for _, name := range apiNames(t, engine) {
		if !slices.ContainsFunc(m.Entities(), func(e *schema.Entity) bool { return e.Name == name || e.Plural == name }) { // schema says what is wrong with those
			sources = append(sources, named(name))
		}
	}
	if len(sources) < 150 {
		t.Fatalf("the API has only %d names", len(sources))
	}
	refused := func(err error) {
		t.Helper()
		var problems strictyaml.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("the names of the API are free: %v", err)
		}
		for _, p := range problems {
			sources = slices.DeleteFunc(sources, func(s schema.Source) bool { return s.File == p.File })
		}
	}
	if _, err := schema.Load(append(entities.Sources(), sources...)...); err != nil {
		refused(err) // the words that are reserved
	}
	refused(graphql.Check(loaded(t, sources...)))
	for _, s := range sources {
		t.Errorf("there can be an entity of the name in %s", s.File)
	}
}

// apiNames are those of the types, written as entities are, and of the queries.
func apiNames(t *testing.T, engine *execution.Engine) []string {
	t.Helper()
	ctx := graphql.WithActor(t.Context(), core.Actor{ID: "a", Roles: []string{core.AdminRole}})
	raw, err := engine.Execute(ctx, execution.Request{Query: `{ __schema { types { name } queryType { fields { name } } } }`}, nil).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, part := range strings.Split(string(raw), `"name":"`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if name = strings.ToLower(name[:1]) + name[1:]; !strings.HasPrefix(name, "__") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestWhoeverComesLaterMustChooseAnotherName(t *testing.T) {
	const address = "  address: {type: object, fields: {kind: {type: enum, options: [home]}, street: {type: text, index: true}}}\n"
	tests := map[string]struct {
		sources []schema.Source
		want    []string
	}{
		"an entity of a plugin": {
			[]schema.Source{source("plugin pets", "plugin pets/p.yaml", "entity: partyPayload\nfields:\n  name: {type: text}\n")},
			[]string{"plugin pets/p.yaml:1: the entity partyPayload of plugin pets cannot have the type PartyPayload: it is the payload of party; choose another name"},
		},
		"a plugin and the site": {
			[]schema.Source{
				source("plugin pets", "plugin pets/pet.yaml", "entity: pet\nfields:\n  name: {type: text}\n"),
				source("site", "petPayload.yaml", "entity: petPayload\nfields:\n  name: {type: text}\n"),
			},
			[]string{"plugin pets/pet.yaml:1: the entity pet of plugin pets cannot have the type PetPayload: it is that of the entity petPayload; choose another name"},
		},
		"two plugins": {
			[]schema.Source{
				source("plugin cats", "plugin cats/petFilter.yaml", "entity: petFilter\nfields:\n  name: {type: text}\n"),
				source("plugin pets", "plugin pets/pet.yaml", "entity: pet\nfields:\n  name: {type: text}\n"),
			},
			[]string{"plugin cats/petFilter.yaml:1: the entity petFilter of plugin cats cannot have the type PetFilter: it is the filter of pet of plugin pets; choose another name"},
		},
		"an extension, told once and not for each of its parts": {
			[]schema.Source{source("plugin pets", "plugin pets/party.yaml", "extend: party\nfields:\n"+address)},
			[]string{"plugin pets/party.yaml:3: the field party.address of plugin pets cannot have the type PartyAddress: it is that of the field party.addresses; choose another name"},
		},
		"two fields of an entity": {
			[]schema.Source{source("site", "farm.yaml", "entity: farm\nfields:\n"+address+"  addresses: {type: list, of: {type: object, fields: {street: {type: text}}}}\n")},
			[]string{"farm.yaml:4: the field farm.addresses cannot have the type FarmAddress: it is that of the field farm.address; choose another name"},
		},
		"a field with the name of what is made of its entity": {
			[]schema.Source{source("site", "farm.yaml", "entity: farm\nfields:\n  payload: {type: enum, options: [hay]}\n")},
			[]string{"farm.yaml:3: the field farm.payload cannot have the type FarmPayload: it is the payload of farm; choose another name"},
		},
		"several at once": {
			[]schema.Source{named("partyEdge"), named("money"), named("farm")},
			[]string{
				"money.yaml:1: the entity money cannot have the type Money: it is the program's own; choose another name",
				"partyEdge.yaml:1: the entity partyEdge cannot have the type PartyEdge: it is the edge of party; choose another name",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, graphql.Check(loaded(t, tt.sources...)), tt.want...)
		})
	}
}

func TestTheDefinitionsOfTheRepositoryHaveNamesOfTheirOwn(t *testing.T) {
	var sources []schema.Source
	for _, dir := range []string{"../../plugins/complaints/entities", "../../examples/loyalty-go/entities", "../../cmd/xrm/testdata/ledger/entities"} {
		found, err := schema.ReadSources("plugin", dir, os.DirFS(dir))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d definitions, %v", dir, len(found), err)
		}
		sources = append(sources, found...)
	}
	says(t, graphql.Check(loaded(t, sources...)))
}
