package mongo

// testModel has what the translation of filters and the choice of indexes
// must tell apart.
const testModel = `
entity: thing
fields:
  code: {type: text, unique: true}
  name: {type: text, index: true, search: true}
  size: {type: integer, index: true}
  weight: {type: decimal, index: true}
  price: {type: money, index: true}
  cost: {type: money}
  at: {type: datetime, index: true}
  color: {type: enum, options: [red, green], index: true}
  phone: {type: phone, index: true}
  owner: {type: reference, to: thing}
  place: {type: object, fields: {city: {type: text, index: true}}}
  tags: {type: list, of: {type: text}, index: true}
  sizes: {type: list, of: {type: integer}, index: true}
  lines:
    type: list
    of:
      type: object
      fields:
        part: {type: reference, to: thing, inverse: wholes}
        quantity: {type: decimal}
        marks: {type: list, of: {type: text}}
indexes:
  - [color, -size]
`
