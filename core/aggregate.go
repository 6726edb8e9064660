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

// Measure is one figure of a group: what the values at Path come to.
type Measure struct {
	Func  Func
	Path  string
	Field *schema.Field // the leaf, for its type
}

// Func is what a measure does with the values of a group. Those that are
// missing do not count.
type Func string

// The functions. Of no values, all but the count are nil. Sums and averages
// are exact, whatever the size of the numbers; an average is rounded to 18
// digits after the point, half to even.
const (
	Count Func = "count" // how many values there are, an int64
	Sum   Func = "sum"   // of numbers, a decimal
	Avg   Func = "avg"   // of numbers, a decimal
	Min   Func = "min"   // by the order of the field's type, and of that type
	Max   Func = "max"
)

// Group is one row of the answer to an Aggregate. Values are canonical.
type Group struct {
	Keys   []any // one for each of By; nil where the value is missing
	Count  int64 // how many records, or items
	Values []any // one for each of Measures
}
