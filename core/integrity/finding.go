package integrity

import (
	"cmp"
	"slices"
)

// Kind says what is wrong, for programs.
type Kind string

// The kinds of findings.
const (
	Missing    Kind = "MISSING"    // a reference of a record, or of a key, to no record
	Deleted    Kind = "DELETED"    // a reference of a living record to a deleted one, which its definition does not keep; a key of a deleted or erased party
	Merged     Kind = "MERGED"     // a reference to a party that was merged into another
	Misfit     Kind = "MISFIT"     // a value that its field does not read
	Unreadable Kind = "UNREADABLE" // what no xrm has written
	Shared     Kind = "SHARED"     // a value of a unique field that several living records have
	Misplaced  Kind = "MISPLACED"  // a value that its store does not find, search or sort by, or keep unique
	Emptied    Kind = "EMPTIED"    // a file of a record whose content is not there, or not whole
	Lost       Kind = "LOST"       // a duplicate whose id and unique values lead nowhere
	Stuck      Kind = "STUCK"      // a merge, an erasure, a deletion or a restoration that does not come to its end
	UnderWay   Kind = "UNDER_WAY"  // one that will: nothing is wrong
)

// Kinds are all of them, in the order in which people read them.
func Kinds() []Kind {
	return []Kind{Missing, Deleted, Merged, Misfit, Unreadable, Shared, Misplaced, Emptied, Lost, Stuck, UnderWay}
}

// Finding is one thing that should not be.
type Finding struct {
	Kind    Kind
	Entity  string // stored; "core:key" for an API key, and who has begun it for what cannot be read of STUCK
	ID      string // of the record or the key
	Path    string // of the field, "lines.product" or "lines[2].count"; "" for the record as a whole
	Value   string // what lies there, or which record it leads to; cut when long
	Message string // completes "ENTITY ID: ": what is wrong and what to do about it
}

// Part is what was found among some records.
type Part struct {
	Checked  int // records
	Findings []Finding
	Next     string // where the next part begins; "" when all was looked at
}

func (p *Part) add(f Finding) { p.Findings = append(p.Findings, f) }

// sort puts together what is said of one record.
func (p *Part) sort() {
	slices.SortStableFunc(p.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Path, b.Path))
	})
}
