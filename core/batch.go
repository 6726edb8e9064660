package core

import "github.com/openxrm/xrm/schema"

// Batch is changes of records of any entities that are committed together: all of them
// or none.
type Batch struct {
	ID    string // of this attempt, as no other has it
	Steps []Step // of different records, none with a key of its own
	Once  Once   // of all with its key one batch is committed
}

// Step is one change of a batch.
type Step struct {
	Entity *schema.Entity // stored
	Change
}
