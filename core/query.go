package core

import "github.com/openxrm/xrm/schema"

// Query asks for records of one stored entity. Paths are storage paths.
type Query struct {
	Filter  schema.Filter // no Var left in it; OpTo reaches live records alone, also where Deleted is set
	Search  [][]string    // schema.SearchTerms: a record matches when of each term one alternative is the beginning of one of its words
	Deleted bool          // also deleted records

	OrderBy []Order // the store adds the id as the last key, in the direction of the one before it; empty means by id, ascending
	First   int     // how many records at most; 0 means none, negative no limit
	After   []any   // keyset: only what comes after this position: one value for each Order (nil for none), then the id
	Reverse bool    // read the order backwards: for pages before a position. Results come in the reversed order.

	// Per asks for First records for each of its keys instead, in one query:
	// the lists of a page of parents. The first First results that have a key
	// are its list, in order; how the lists of different keys are mixed is not
	// said, and a record that is in several of them comes once.
	Per *Per
}

// Order is one key of a sort.
type Order = schema.Order

// Per splits a query by the value at Path, which is a reference.
type Per struct {
	Path   string
	InList bool // the path leads through a list: a record may belong to several keys
	Keys   []string
}
