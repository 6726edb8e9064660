package schema

import (
	"slices"

	"github.com/shopspring/decimal"
)

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

// Measure is one figure of a group: what the values at Path come to.
type Measure struct {
	Func  Func
	Path  string
	Field *Field // the leaf, for its type
}

// Grouping is what is asked of records group by group. Paths are storage paths.
type Grouping struct {
	// Items is the path of a list, or "". Its items are then what is grouped,
	// counted and measured, each by itself, instead of the records: the lines of
	// all orders. Paths below it are those of the item; a record without items
	// is in no group.
	Items string

	By       []Order   // what makes a group, and in which order the groups come; empty means one group of all
	Measures []Measure // what is asked of each group besides how many there are
	Limit    int       // how many groups at most, the first by their order; 0 for as many as are usual
}

// A grouping is bounded, since a client writes it.
const (
	defaultGroups = 1000
	maxGroups     = 10_000
	maxKeys       = 3
	maxMeasures   = 20
)

// Complete fills in what a grouping leaves open, its fields and its limit, or
// returns every reason why it makes no sense, by paths as the caller knows them:
// "sum.creditLimit.amount".
func (g Grouping) Complete(e *Entity) (Grouping, error) {
	c := groupingCheck{entity: e, items: g.Items}
	if g.Limit == 0 {
		g.Limit = defaultGroups
	}
	if g.Limit < 1 || g.Limit > maxGroups {
		c.add("limit", "bound", "must be between 1 and %d, not %d", maxGroups, g.Limit)
	}
	c.atMost("by", "keys", len(g.By), maxKeys)
	c.atMost("measures", "measures", len(g.Measures), maxMeasures)
	if g.Items != "" && !slices.Equal(c.lists(g.Items), []string{g.Items}) {
		c.add("items", "list", "must be a list of the record, not %s", e.FromStorage(g.Items))
	}
	g.By, g.Measures = slices.Clone(g.By), slices.Clone(g.Measures)
	for i, key := range g.By {
		g.By[i].Field = c.value("by", key.Path)
	}
	for i, m := range g.Measures {
		m.Field = c.value(string(m.Func), m.Path)
		c.measure(m, g.By)
		g.Measures[i] = m
	}
	if len(c.violations) == 0 {
		return g, nil
	}
	c.violations.Sort()
	return g, &Refusal{Code: Invalid, Message: "The aggregate was not understood: some parts need attention.", Violations: c.violations}
}

// averageDigits is how many digits an average has after the point at most.
const averageDigits = 18

// Average is that of so many numbers which come to a sum; nil of none.
func Average(sum string, n int64) any {
	if n == 0 {
		return nil
	}
	quotient, rest := Decimal(sum).QuoRem(decimal.NewFromInt(n), averageDigits+1)
	// What the quotient lacks is less than its last digit, but more than a tie.
	quotient = quotient.Add(decimal.New(int64(rest.Sign()), -averageDigits-2))
	return quotient.RoundBank(averageDigits).String()
}
