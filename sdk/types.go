package sdk

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// ID is the id of a record, as an argument or in a result.
//
// This is how Go types appear in the API: ID is an id, Decimal an exact number
// and Date a day, string is text, bool boolean, the int types integer, time.Time
// datetime, a struct an object, *Record a reference to a record. A pointer may
// be null, and so may a slice: nil is no item. A number with a fraction is a
// Decimal, never a float.
//
// A struct's fields need a json tag, which names them in the API, and may have
// a doc tag, which describes them; an entity tag says of which entity the
// records in the field are.
type ID string

// Date is a day without a time zone: "2006-01-02".
type Date string

var scalars = map[reflect.Type]string{
	reflect.TypeFor[ID]():        "id",
	reflect.TypeFor[Decimal]():   "decimal",
	reflect.TypeFor[Date]():      "date",
	reflect.TypeFor[time.Time](): "datetime",
}

var kinds = map[reflect.Kind]string{
	reflect.String: "text", reflect.Bool: "boolean",
	reflect.Int: "integer", reflect.Int64: "integer", reflect.Int32: "integer",
}

// typer turns Go types into types of the API. The objects that it meets on
// the way gather in objects.
type typer struct {
	input    bool
	objects  map[string]*pluginpb.ObjectType
	known    map[string]reflect.Type
	inside   []reflect.Type // the structs that are being described
	mistakes []error
}

func (t *typer) mistake(format string, args ...any) {
	t.mistakes = append(t.mistakes, fmt.Errorf(format, args...))
}

// of returns the type of a Go type; where says in messages what has it, and
// entity is what Returns or an entity tag has said about records.
func (t *typer) of(where string, g reflect.Type, entity string) *pluginpb.Type {
	if g == reflect.TypeFor[*Record]() {
		return t.record(where, entity)
	}
	if g.Kind() == reflect.Pointer {
		of := t.of(where, g.Elem(), entity)
		of.Required = false
		return of
	}
	if scalar, ok := scalars[g]; ok {
		return &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: scalar}, Required: true}
	}
	if scalar, ok := kinds[g.Kind()]; ok {
		return &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: scalar}, Required: true}
	}
	switch g.Kind() {
	case reflect.Slice:
		return &pluginpb.Type{Of: &pluginpb.Type_List{List: t.of(where, g.Elem(), entity)}}
	case reflect.Struct:
		return &pluginpb.Type{Of: &pluginpb.Type_Object{Object: t.object(where, g)}, Required: true}
	case reflect.Float32, reflect.Float64:
		t.mistake("%s is a %s, which is not exact; use sdk.Decimal", where, g)
	default:
		t.mistake("%s is a %s, which the API has no type for; see the documentation of sdk.ID", where, g)
	}
	return &pluginpb.Type{}
}

func (t *typer) record(where, entity string) *pluginpb.Type {
	switch {
	case t.input:
		t.mistake("%s is a *sdk.Record, which cannot be an argument; take its sdk.ID", where)
	case entity == "":
		t.mistake("%s has a *sdk.Record; say of which entity, by Returns(\"...\") or by an entity tag", where)
	}
	return &pluginpb.Type{Of: &pluginpb.Type_Entity{Entity: entity}, Required: true}
}

// object describes a struct once.
func (t *typer) object(where string, g reflect.Type) string {
	name := g.Name()
	if name == "" {
		t.mistake("%s is a struct without a name; the API needs one", where)
		return ""
	}
	if t.input && !strings.HasSuffix(name, "Input") {
		name += "Input"
	}
	if slices.Contains(t.inside, g) {
		t.mistake("%s contains itself; the API cannot show that, return *sdk.Record or ids", where)
	}
	if first, seen := t.known[name]; seen {
		if first != g {
			t.mistake("%s and %s would both be called %s in the API; rename one", first, g, name)
		}
		return name
	}
	t.known[name] = g
	object := &pluginpb.ObjectType{Name: name, Input: t.input}
	t.objects[name] = object
	t.inside = append(t.inside, g)
	object.Members = t.members(name, g)
	t.inside = t.inside[:len(t.inside)-1]
	return name
}

func (t *typer) members(owner string, g reflect.Type) []*pluginpb.Member {
	var members []*pluginpb.Member
	for i := range g.NumField() {
		f := g.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		where := cmp.Or(g.Name(), owner) + "." + f.Name
		switch {
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			t.mistake("%s needs a json tag: it names the field in the API", where)
			continue
		}
		members = append(members, &pluginpb.Member{Name: name, Doc: f.Tag.Get("doc"), Type: t.of(where, f.Type, f.Tag.Get("entity"))})
	}
	return members
}

// arguments are the members of a struct.
func (t *typer) arguments(where string, g reflect.Type) []*pluginpb.Member {
	if g.Kind() != reflect.Struct {
		t.mistake("%s takes a %s; its arguments must be the fields of a struct", where, g)
		return nil
	}
	t.input = true
	defer func() { t.input = false }()
	return t.members("the arguments of "+where, g)
}

func (t *typer) sorted() []*pluginpb.ObjectType {
	var all []*pluginpb.ObjectType
	for _, object := range t.objects {
		all = append(all, object)
	}
	slices.SortFunc(all, func(a, b *pluginpb.ObjectType) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
