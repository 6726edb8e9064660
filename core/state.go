package core

import "github.com/openxrm/xrm/sdk/contract/kept"

// MaxStateValue is the largest value that a plugin can leave with the core, in
// bytes.
const MaxStateValue = kept.MaxValue

// AnyVersion is the condition of a write to a plugin's state that holds
// whatever is stored.
const AnyVersion = kept.AnyVersion

// CheckState returns an Invalid error for a key or a value that no store
// takes.
func CheckState(key string, value []byte) error { return Refused(kept.Check(key, value)) }

// StateConflict is the refusal of a write whose version is not the stored one.
func StateConflict(key string) error { return Refused(kept.Changed(key)) }
