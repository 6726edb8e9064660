package schema

import (
	"slices"
	"strconv"
	"strings"
)

// Violation is one reason why values do not fit an entity.
type Violation struct {
	Field   string `json:"field"`   // path, as the caller wrote it: "addresses[1].country"
	Rule    string `json:"rule"`    // stable, for programs: "required"
	Message string `json:"message"` // for people; completes "<field> …": "is required"
}

// Violations are all reasons at once.
type Violations []Violation

// Error lists them as sentences: "email is required; status must be …".
func (vs Violations) Error() string {
	sentences := make([]string, len(vs))
	for i, v := range vs {
		sentences[i] = strings.TrimSpace(v.Field + " " + v.Message)
	}
	return strings.Join(sentences, "; ")
}

// Err returns the violations sorted by field, or nil when there are none.
func (vs Violations) Err() error {
	if len(vs) == 0 {
		return nil
	}
	vs.Sort()
	return vs
}

// Sort orders the violations by field; those of one field stay in their order.
func (vs Violations) Sort() {
	slices.SortStableFunc(vs, func(a, b Violation) int { return strings.Compare(a.Field, b.Field) })
}

// index is the path of an item: addresses[1].
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
