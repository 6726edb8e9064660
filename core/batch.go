package core

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/schema"
)

// Batch is changes of records of any entities that are committed together: all of them
// or none.
type Batch struct {
	ID    string // of this attempt, as no other has it
	Steps []Step // of different records

	// Key says what the batch is for: of all with one key one is committed. What came of
	// it is kept under the key for as long as BatchKept. "" for no such key.
	Key    string
	Result []byte
}

// Step is one change of a batch.
type Step struct {
	Entity *schema.Entity // stored
	Change
}

// BatchKept is how long it is known that a batch with a key was committed: longer than
// whoever asked for it tries again.
const BatchKept = 30 * 24 * time.Hour

// BatchOwner is under whose name a store keeps the keys of batches, beside the state of
// plugins. It is no name that a plugin can have.
const BatchOwner = OwnPrefix + "batch"

// BatchDone is the Conflict of a batch whose key another one had before.
func BatchDone(key string) error {
	return &Error{
		Code: Conflict, Message: "This was done before.",
		Violations: schema.Violations{{Field: "key", Rule: "key", Message: fmt.Sprintf("%s was used before", key)}},
	}
}
