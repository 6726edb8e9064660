package core

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/schema"
)

// Once lets something be done once for a key: the key is kept by the very write that does
// it.
type Once struct {
	Key    string        // under which it is kept; "" for no such key
	Result []byte        // what came of it, for whoever comes with the key again
	Keep   time.Duration // for how long
	ID     string        // of this attempt, as no other has it; see record.Store.EndBatch
}

// KeyKept is how long it is known what came of a change with a key, and BatchKept of a
// batch of a plugin with one: longer than whoever asked for it tries again.
const (
	KeyKept   = 24 * time.Hour
	BatchKept = 30 * 24 * time.Hour
)

// OnceOwner is under whose name a store keeps such keys, beside the state of plugins. It is
// no name that a plugin can have.
const OnceOwner = OwnPrefix + "once"

// DoneBefore is the Conflict of a change or batch whose key another one had before.
func DoneBefore(key string) error {
	return &Error{
		Code: Conflict, Message: "This was done before.",
		Violations: schema.Violations{{Field: "key", Rule: "key", Message: fmt.Sprintf("%s was used before", key)}},
	}
}
