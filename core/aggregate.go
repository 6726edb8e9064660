package core

import "github.com/openxrm/xrm/schema"

// Aggregate asks what the records of one stored entity come to, group by
// group, without reading them. Paths are storage paths.
type Aggregate struct {
	Filter  schema.Filter // which records; as in Query, like the two below
	Search  [][]string
	Deleted bool

	schema.Grouping // its Limit is one more than needed where that tells whether there are more
}

// Measure is one figure of a group: what its values come to.
type Measure = schema.Measure

// Func is what a measure does with the values of a group.
type Func = schema.Func

// The functions of measures.
const (
	Count = schema.Count
	Sum   = schema.Sum
	Avg   = schema.Avg
	Min   = schema.Min
	Max   = schema.Max
)

// Group is one row of the answer to an Aggregate. Values are canonical.
type Group struct {
	Keys   []any // one for each of By; nil where the value is missing
	Count  int64 // how many records, or items
	Values []any // one for each of Measures
}
