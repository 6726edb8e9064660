package kept

import (
	"fmt"
	"unicode/utf8"

	"github.com/openxrm/xrm/schema"
)

// The largest key and value that a plugin can leave, and how much state one plugin
// may have in all, in bytes.
const (
	MaxKey   = 200
	MaxValue = 1 << 20
	MaxState = 64 << 20
)

// AnyVersion is the condition of a write to the state that holds whatever is there.
const AnyVersion = -1

// Check refuses a key or a value that no host keeps.
func Check(key string, value []byte) error {
	message := ""
	switch {
	case key == "":
		message = "The key is empty; name what is kept."
	case !utf8.ValidString(key):
		message = "The key is not UTF-8; encode it, for example as hex."
	case len(key) > MaxKey:
		message = fmt.Sprintf("The key has %d bytes; shorten it to %d.", len(key), MaxKey)
	case len(value) > MaxValue:
		message = fmt.Sprintf("The value of the key %q has %d bytes; split it into values of at most %d.", key, len(value), MaxValue)
	default:
		return nil
	}
	return &schema.Refusal{Code: schema.Invalid, Message: message}
}

// CheckRoom refuses a value for which a plugin keeps too much already: size is how
// many bytes its keys and values have.
func CheckRoom(plugin string, size int64, value []byte) error {
	if size+int64(len(value)) <= MaxState {
		return nil
	}
	return &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf(
		"The plugin %s keeps %d bytes already; at most %d are allowed. Remove what is not needed, or let it expire.", plugin, size, MaxState)}
}

// Changed refuses a write over another version of a value than it was meant for.
func Changed(key string) error {
	return &schema.Refusal{Code: schema.Conflict, Message: fmt.Sprintf("Somebody else changed the value of the key %q in the meantime. Read it and try again.", key)}
}
