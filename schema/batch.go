package schema

import (
	"fmt"
	"unicode/utf8"
)

// MaxBatch is how many records a batch has at most: others wait as long as it takes.
const MaxBatch = 100

// maxBatchKey is how many bytes the key of a batch has at most.
const maxBatchKey = 200

// CheckBatch refuses a batch of so many changes that cannot be one.
func CheckBatch(key string, changes int) error {
	refused := ""
	switch {
	case changes == 0:
		refused = "the batch is empty."
	case changes > MaxBatch:
		refused = fmt.Sprintf("a batch has at most %d changes, not %d. Make several batches of it, each of what belongs together.", MaxBatch, changes)
	case len(key) > maxBatchKey || !utf8.ValidString(key):
		refused = fmt.Sprintf("the key of a batch is a text in UTF-8 of at most %d bytes.", maxBatchKey)
	default:
		return nil
	}
	return &Refusal{Code: Invalid, Message: "Nothing was saved: " + refused}
}

// OtherRequest is the refusal of an idempotency key that was used for something else, by a
// request or a batch.
func OtherRequest(key string) error {
	return &Refusal{Code: Conflict, Message: fmt.Sprintf("Nothing was done: the idempotency key %q was used before, for another request. Send that one as it was, or choose a new key for this one.", key)}
}

// KeyArgument is the argument that every mutation has beside its own: of all calls with
// one key one is carried out, and the others get its answer.
const KeyArgument = "idempotencyKey"

// CheckKey refuses an idempotency key that cannot be kept.
func CheckKey(key string) error {
	if key != "" && len(key) <= maxBatchKey && utf8.ValidString(key) {
		return nil
	}
	return &Refusal{
		Code: Invalid, Message: "Nothing was done: the idempotency key cannot be kept.",
		Violations: Violations{{Field: KeyArgument, Rule: "length", Message: fmt.Sprintf("must have 1 to %d bytes of UTF-8; a UUID for each request is a good one", maxBatchKey)}},
	}
}

// Twice is the refusal of a record that is in a batch as two of its changes, counted
// from 0.
func (e *Entity) Twice(id string, first, again int) error {
	return &Refusal{Code: Invalid, Message: fmt.Sprintf("The %s %s is in the batch twice, as change %d and as change %d. Make one of them.", e.Name, id, first+1, again+1)}
}

// InBatch is what is told of a batch one of whose changes, counted from 0 and of this
// entity, was refused with a message.
func InBatch(entity string, at int, message string) string {
	return fmt.Sprintf("Nothing of the batch was saved. Change %d (%s): %s", at+1, entity, message)
}
