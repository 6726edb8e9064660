package core

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
)

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

	// Only are the storage paths of the values that are wanted, nil for all of
	// them; the system fields come with every record. What such a query finds
	// is Partial.
	Only []string
}

// Reads are the storage paths that a store has to read: those wanted and those
// that the query sorts and splits by, each once and none that lies within
// another; nil for all.
func (q Query) Reads() []string {
	if q.Only == nil {
		return nil
	}
	all := slices.Clone(q.Only)
	for _, o := range q.OrderBy {
		all = append(all, o.Path)
	}
	if q.Per != nil {
		all = append(all, q.Per.Path)
	}
	all = slices.DeleteFunc(all, schema.IsSystem)
	slices.Sort(all)
	reads := []string{}
	for _, path := range all {
		if !slices.ContainsFunc(reads, func(outer string) bool { return path == outer || strings.HasPrefix(path, outer+".") }) {
			reads = append(reads, path)
		}
	}
	return reads
}

// Order is one key of a sort.
type Order = schema.Order

// Per splits a query by the value at Path, which is a reference.
type Per struct {
	Path   string
	InList bool // the path leads through a list: a record may belong to several keys
	Keys   []string
}
