package core

import "github.com/openxrm/xrm/schema"

// Aggregate asks what the records of one stored entity come to, group by
// group, without reading them. Paths are storage paths.
type Aggregate struct {
	Filter  schema.Filter // which records; as in Query, like the two below
	Search  [][]string
	Deleted bool

	// Items is the path of a list, or "". Its items are then what is grouped,
	// counted and measured, each by itself, instead of the records: the lines of
	// all orders. Paths below it are those of the item; a record without items
	// is in no group.
	Items string

	By       []Order   // what makes a group, and in which order the groups come; empty means one group of all
	Measures []Measure // what is asked of each group besides how many there are
	Limit    int       // how many groups at most, the first by their order; one more than needed tells whether there are more
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
