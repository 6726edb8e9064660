package schema

// Code says what a caller can do about a Refusal.
type Code string

// The codes that a Refusal has.
const (
	Invalid   Code = "INVALID"   // it breaks a rule; mend it and send it again
	NotFound  Code = "NOT_FOUND" // no such record, or the caller may not know that it exists
	Forbidden Code = "FORBIDDEN" // the caller may not do this at all
	Conflict  Code = "CONFLICT"  // somebody else changed the record first, or holds the unique value
)

// Refusal is why a change is not made or a question not answered. Whoever keeps
// records by this language, the server or a test of a plugin, refuses the same in
// the same words, so they are written here; each shows them to its callers in an
// error of its own.
type Refusal struct {
	Code       Code
	Message    string     // a sentence: what is wrong, and what to do about it
	Violations Violations // one for each offending part
}

// Error returns the message and the violations.
func (r *Refusal) Error() string {
	if len(r.Violations) == 0 {
		return r.Message
	}
	return r.Message + " " + r.Violations.Error()
}
