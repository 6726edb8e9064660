package graphql_test

import (
	"testing"

	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// operation is one of the plugin pets, which is never called.
func operation(kind, name string, arguments schema.Fields, result *schema.Field) snapshot.Operation {
	return snapshot.Operation{Plugin: "pets", Name: name, Mutation: kind == "mutation", Subscription: kind == "subscription", Arguments: arguments, Result: result}
}

func TestAnOperationThatWouldReplaceAPartOfTheAPIIsRefused(t *testing.T) {
	object := func(name string) *schema.Field {
		kind := &schema.Field{Name: "kind", Type: "enum", Options: schema.Options{{Value: "a"}}}
		return &schema.Field{Name: name, Type: "object", Fields: schema.Fields{{Name: "title", Type: "text"}, kind}}
	}
	done := &schema.Field{Name: "result", Type: "boolean"}
	pet := source("plugin pets", "plugin pets/pet.yaml", "entity: pet\nfields:\n  name: {type: text}\n  toys: {type: list, of: {type: object, fields: {name: {type: text}}}}\n")
	tests := map[string]struct {
		operations []snapshot.Operation
		want       []string
	}{
		"an argument and the parts of an entity": {
			[]snapshot.Operation{operation("mutation", "party", schema.Fields{object("address")}, done)},
			[]string{"the argument address of the mutation party of plugin pets cannot have the type PartyAddressInput: it is the input of party.addresses; choose another name"},
		},
		"an argument and the items of a list": {
			[]snapshot.Operation{operation("mutation", "order", schema.Fields{object("line")}, done)},
			[]string{"the argument line of the mutation order of plugin pets cannot have the type OrderLineInput: it is the input of order.lines; choose another name"},
		},
		"an argument and an entity of the same plugin": {
			[]snapshot.Operation{operation("query", "findPet", nil, done), operation("mutation", "pet", schema.Fields{object("toy")}, done)},
			[]string{"the argument toy of the mutation pet of plugin pets cannot have the type PetToyInput: it is the input of pet.toys of plugin pets; choose another name"},
		},
		"an argument's enum": {
			[]snapshot.Operation{operation("mutation", "party", schema.Fields{object("x").Fields[1]}, done)},
			[]string{"the argument kind of the mutation party of plugin pets cannot have the type PartyKind: it is that of the field party.kind; choose another name"},
		},
		"two arguments": {
			[]snapshot.Operation{operation("query", "find", schema.Fields{object("toy"), {Name: "toys", Type: "list", Of: object("")}}, done)},
			[]string{"the argument toys of the query find of plugin pets cannot have the type FindToyInput: it is that of the argument toy of the query find of plugin pets; choose another name"},
		},
		"a query and a mutation of the same name": {
			[]snapshot.Operation{operation("query", "find", schema.Fields{object("toy")}, done), operation("mutation", "find", schema.Fields{object("toy")}, done)},
			[]string{"the argument toy of the mutation find of plugin pets cannot have the type FindToyInput: it is that of the argument toy of the query find of plugin pets; choose another name"},
		},
		"results, each told once": {
			[]snapshot.Operation{operation("query", "find", nil, object("result")), operation("mutation", "find", nil, object("result"))},
			[]string{"the result of the mutation find of plugin pets cannot have the type FindResult: it is that of the result of the query find of plugin pets; choose another name"},
		},
		"root fields": {
			[]snapshot.Operation{
				operation("query", "parties", nil, done), operation("query", "exportParty", nil, done), operation("mutation", "createParty", nil, done),
				operation("subscription", "ticks", nil, done), operation("subscription", "ticks", nil, done),
			},
			[]string{
				"plugin pets cannot have the query parties: it is that of the entity party; choose another name",
				"plugin pets cannot have the query exportParty: it is the program's own; choose another name",
				"plugin pets cannot have the mutation createParty: it is that of the entity party; choose another name",
				"plugin pets cannot have the subscription ticks: it is that of plugin pets; choose another name",
			},
		},
		"none, though the names are alike": {
			operations: []snapshot.Operation{operation("mutation", "partyLike", schema.Fields{object("address")}, object("result")), operation("query", "createParty", nil, done)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := whole(loaded(t, pet))
			c.Contributions = []snapshot.Contribution{{Plugin: "pets", Operations: tt.operations}}
			_, err := graphql.Build(c)
			says(t, err, tt.want...)
		})
	}
}

func TestAComputedFieldThatWouldReplaceATypeIsRefused(t *testing.T) {
	computed := func(entity, name string) snapshot.ComputedField {
		return snapshot.ComputedField{Plugin: "pets", Entity: entity, Field: &schema.Field{Name: name, Type: "object", Fields: schema.Fields{{Name: "title", Type: "text"}}}}
	}
	c := whole(loaded(t))
	c.Contributions = []snapshot.Contribution{{Plugin: "pets", Fields: []snapshot.ComputedField{computed("order", "line"), computed("customer", "role")}}}
	_, err := graphql.Build(c)
	says(t, err,
		"the field order.line of plugin pets cannot have the type OrderLine: it is that of the field order.lines; choose another name",
		"the field customer.role of plugin pets cannot have the type CustomerRole: it is the role of customer; choose another name")
}
