package core

import (
	"fmt"
	"unicode/utf8"
)

// The largest key and value that a plugin can leave with the core, in bytes.
const (
	MaxStateKey   = 200
	MaxStateValue = 1 << 20
)

// AnyVersion is the condition of a write to a plugin's state that holds
// whatever is stored.
const AnyVersion = -1

// CheckState returns an Invalid error for a key or a value that no store
// takes.
func CheckState(key string, value []byte) error {
	message := ""
	switch {
	case key == "":
		message = "The key is empty; name what is kept."
	case !utf8.ValidString(key):
		message = "The key is not UTF-8; encode it, for example as hex."
	case len(key) > MaxStateKey:
		message = fmt.Sprintf("The key has %d bytes; shorten it to %d.", len(key), MaxStateKey)
	case len(value) > MaxStateValue:
		message = fmt.Sprintf("The value of the key %q has %d bytes; split it into values of at most %d.", key, len(value), MaxStateValue)
	default:
		return nil
	}
	return &Error{Code: Invalid, Message: message}
}

// StateConflict is the refusal of a write whose version is not the stored one.
func StateConflict(key string) error {
	return &Error{Code: Conflict, Message: fmt.Sprintf("Somebody else changed the value of the key %q in the meantime. Read it and try again.", key)}
}
