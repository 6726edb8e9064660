package schema

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Violation is one reason why values do not fit an entity.
type Violation struct {
	Field   string `json:"field"`   // path, as the caller wrote it: "addresses[1].country"
	Rule    string `json:"rule"`    // stable, for programs: "required"
	Message string `json:"message"` // for people; completes "<field> …": "is required"

	// Unquoted is Message without the value that it quotes, for who may not see that;
	// "" where it quotes none.
	Unquoted string `json:"-"`
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

// Unquote takes the values out of the messages about fields that are secret, and how
// many items there are before the offending one out of their paths: what is left
// names the field and the rule. secret is asked of paths without such indexes.
func (vs Violations) Unquote(secret func(path string) bool) Violations {
	told := slices.Clone(vs)
	for i, v := range told {
		path := indexes.ReplaceAllString(v.Field, "")
		if !secret(path) {
			continue
		}
		told[i].Field = path
		if v.Unquoted != "" {
			told[i].Message = v.Unquoted
		}
	}
	return told
}

// Said are the violations with other words for their messages.
func (vs Violations) Said(say func(english string) string) Violations {
	said := slices.Clone(vs)
	for i, v := range vs {
		said[i].Message = say(v.Message)
	}
	return said
}

var indexes = regexp.MustCompile(`\[\d+\]`)

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
