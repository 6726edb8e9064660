package storetest

import (
	"testing"

	"github.com/openxrm/xrm/schema"
)

// definitions are the entities that the contract is tested with: one with a
// field of every type, by itself, in an object, in a list and in a list of
// objects, and one that it refers to.
var definitions = []string{`
entity: thing
filterable: all
fields:
  code: {type: text, unique: true}
  name: {type: text, index: true, search: true}
  note: {type: text, search: true, pii: true}
  body: {type: text}
  size: {type: integer, index: true}
  weight: {type: decimal, index: true}
  price: {type: money, index: true}
  open: {type: boolean, index: true}
  day: {type: date, index: true}
  at: {type: datetime, index: true}
  color: {type: enum, options: [red, green, blue], index: true}
  email: {type: email, index: true, pii: true}
  phone: {type: phone, index: true, search: true, pii: true}
  site: {type: url}
  country: {type: country}
  language: {type: language}
  serial: {type: integer, unique: true}
  owner: {type: reference, to: person}
  helpers: {type: list, of: {type: reference, to: person, inverse: helpedThings}}
  place:
    type: object
    fields:
      city: {type: text, index: true, search: true, pii: true}
      area: {type: decimal}
      spot:
        type: object
        fields:
          row: {type: integer}
  tags: {type: list, of: {type: text}, index: true, search: true}
  sizes: {type: list, of: {type: integer}}
  weights: {type: list, of: {type: decimal}, index: true}
  days: {type: list, of: {type: date}}
  lines:
    type: list
    of:
      type: object
      fields:
        person: {type: reference, to: person, inverse: lineThings}
        text: {type: text, search: true, pii: true}
        quantity: {type: decimal}
        price: {type: money}
        done: {type: boolean}
        marks: {type: list, of: {type: text}}
        part: {type: object, fields: {number: {type: integer, index: true}}}
indexes:
  - [color, -size]
  - [-createdAt]
`, `
entity: person
plural: people
filterable: all
fields:
  name: {type: text, search: true}
  rank: {type: integer, index: true}
  boss: {type: reference, to: person, inverse: team}
`, `
role: member
of: person
fields:
  number: {type: text, unique: true}
  dues: {type: money, index: true}
  guarantor: {type: reference, to: person, inverse: guaranteed}
`}

func loadModel(t *testing.T, definitions ...string) *schema.Model {
	t.Helper()
	var sources []schema.Source
	for _, text := range definitions {
		sources = append(sources, schema.Source{Layer: "test", File: "test.yaml", Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatalf("load the test's model: %v", err)
	}
	return m
}
