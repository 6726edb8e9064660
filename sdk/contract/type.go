package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// scalars are the names of the types that have no parts.
func scalars() []string {
	return []string{"text", "integer", "decimal", "boolean", "date", "datetime", "id"}
}

// MaxTypeDepth is how deep the types of a description may lie in each other.
const MaxTypeDepth = 8

// maxFields is how many fields types may unfold to: a few objects that contain
// each other come to more than any memory holds.
const maxFields = 10_000

// maxProblems is as many as anybody reads.
const maxProblems = 50

// Translator turns the types of a description into fields of the entity language,
// and gathers what is wrong with them. A reference is the id of a record; one in an
// argument, and without To, is any id.
type Translator struct {
	objects  map[string]*pluginpb.ObjectType
	problems strictyaml.Problems
	fields   int // translated so far
}

// NewTranslator makes one for a description.
func NewTranslator(d *pluginpb.DescribeResponse) *Translator {
	t := &Translator{objects: map[string]*pluginpb.ObjectType{}}
	for _, o := range d.GetObjects() {
		t.objects[o.GetName()] = o
	}
	return t
}

// Err returns what has been found so far, or nil.
func (t *Translator) Err() error { return t.problems.Err() }

// Add notes what is wrong somewhere in the description.
func (t *Translator) Add(where, format string, args ...any) {
	if len(t.problems) == maxProblems {
		return
	}
	t.problems = append(t.problems, strictyaml.Problem{File: where, Message: fmt.Sprintf(format, args...)})
}

// Names refuses those that do not have the form, which others rely on.
func (t *Translator) Names(what string, form *regexp.Regexp, names ...string) {
	for _, name := range names {
		if !form.MatchString(name) {
			t.Add(what, "%q cannot be its name; it has to match %s", excerpt(name), form)
		}
	}
}

func excerpt(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "..."
}

// Operation translates the arguments and the result of an operation.
func (t *Translator) Operation(o *pluginpb.Operation) (arguments schema.Fields, result *schema.Field) {
	for _, a := range o.GetArguments() {
		t.Names("argument of "+o.GetName(), naming.API, a.GetName())
		if a.GetName() == schema.KeyArgument && o.GetKind() == pluginpb.Operation_MUTATION {
			t.Add("argument of "+o.GetName(), "%s is one that the host adds to every mutation. Leave it out: the plugin gets a key with the call (in Go host.IdempotencyKey(), on the wire CallContext.idempotency_key)", schema.KeyArgument)
		}
		arguments = append(arguments, t.field(o.GetName()+"."+a.GetName(), a.GetName(), a.GetDoc(), a.GetType(), true, 0))
	}
	return arguments, t.field(o.GetName(), "result", "", o.GetReturns(), false, 0)
}

// Computed translates a field that a plugin computes.
func (t *Translator) Computed(f *pluginpb.ComputedField) *schema.Field {
	return t.field(f.GetEntity()+"."+f.GetName(), f.GetName(), f.GetDoc(), f.GetReturns(), false, 0)
}

// field translates one member. What a plugin returns is never required: it
// must not be able to take away what stands beside it.
func (t *Translator) field(where, name, doc string, of *pluginpb.Type, input bool, depth int) *schema.Field {
	f := &schema.Field{Name: name, Required: input && of.GetRequired()}
	if doc != "" {
		f.Description = schema.Text{"en": doc}
	}
	if t.fields++; t.fields > maxFields {
		t.Add(where, "its types unfold to more than %d fields", maxFields)
		return f
	}
	if depth > MaxTypeDepth {
		t.Add(where, "its type goes more than %d levels deep, or contains itself", MaxTypeDepth)
		return f
	}
	switch of := of.GetOf().(type) {
	case *pluginpb.Type_Scalar:
		f.Type = of.Scalar
		switch {
		case !slices.Contains(scalars(), of.Scalar):
			t.Add(where, "there is no type %q%s", of.Scalar, strictyaml.Suggest(of.Scalar, scalars()))
		case of.Scalar == "id" && input:
			f.Type = "reference"
		case of.Scalar == "id":
			f.Type = "text"
		}
	case *pluginpb.Type_Entity:
		if f.Type, f.To = "reference", of.Entity; input || of.Entity == "" {
			t.Add(where, "a record of %q cannot stand here", of.Entity)
		}
	case *pluginpb.Type_List:
		f.Type, f.Of = "list", t.field(where, name, "", of.List, input, depth+1)
	case *pluginpb.Type_Object:
		f.Type = "object"
		object := t.objects[of.Object]
		if object == nil {
			t.Add(where, "there is no object type %q", of.Object)
			return f
		}
		for _, m := range object.GetMembers() {
			t.Names("member of "+of.Object, naming.API, m.GetName())
			f.Fields = append(f.Fields, t.field(where+"."+m.GetName(), m.GetName(), m.GetDoc(), m.GetType(), input, depth+1))
		}
	default:
		t.Add(where, "its type is missing")
	}
	return f
}
