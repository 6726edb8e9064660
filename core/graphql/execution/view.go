package execution

import (
	"context"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Viewer says what a request sees of the schema. What it does not see is not
// there: neither for documents and variables nor for introspection.
type Viewer interface {
	// View names what the request sees: requests with equal names see the same.
	// "" is the whole schema.
	View(ctx context.Context) string

	// Shows says whether the request sees an element. It is asked once for all
	// requests that see the same.
	Shows(ctx context.Context) func(Element) bool
}

// Element is what the schema has within its types: the field of an object or of
// an input type, the value of an enum, or, when Argument is not empty, an
// argument of a field. A type is seen where something that is seen leads to it.
type Element struct {
	Type, Member, Argument string
}

// view is the schema as some requests see it. It never changes.
type view struct {
	name    string
	defined *ast.Schema
	hidden  map[string]map[string]bool // members by their type; types that nothing leads to are not in it
}

// MaxViews is how many an engine keeps: the one of a set of roles that asks again
// after that many others is made again.
const MaxViews = 32

// view returns what a request sees, made when the first one asks.
func (e *Engine) view(ctx context.Context) *view {
	if e.viewer == nil {
		return e.whole
	}
	name := e.viewer.View(ctx)
	if name == "" {
		return e.whole
	}
	if v, ok := e.views.Get(name); ok {
		return v
	}
	e.viewing.Lock()
	defer e.viewing.Unlock()
	if v, ok := e.views.Get(name); ok { // made while we waited
		return v
	}
	v := narrow(e.whole.defined, name, e.viewer.Shows(ctx))
	e.views.Add(name, v)
	return v
}

// isWhole says whether nothing is hidden.
func (v *view) isWhole() bool { return v.name == "" }

// aboutNames are the messages about what is not there.
var aboutNames = regexp.MustCompile(`^(Cannot query field|Unknown argument|Unknown type|Field "[^"]*" is not defined|Value "[^"]*" does not exist)`)

// noOperation is the message about a whole kind of operations.
var noOperation = regexp.MustCompile(`^Schema does not support operation type "(\w+)"`)

// explain says, in a message about what is not there, that there may be more for
// others. Whether there is, it says to nobody.
func (v *view) explain(message string) string {
	if kind := noOperation.FindStringSubmatch(message); kind != nil && !v.isWhole() {
		return "Your roles allow no " + kind[1] + "; ask an administrator."
	}
	if v.isWhole() || !aboutNames.MatchString(message) {
		return message
	}
	if !strings.HasSuffix(message, ".") && !strings.HasSuffix(message, "?") {
		message += "."
	}
	return message + " If it exists, your roles do not allow it; ask an administrator."
}

// has says whether there is such a type.
func (v *view) has(typeName string) bool { return v.defined.Types[typeName] != nil }
