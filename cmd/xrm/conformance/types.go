package conformance

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// typeChecker gathers what is wrong with the types of a description.
type typeChecker struct {
	objects map[string]*pluginpb.ObjectType
	wrong   []error
}

func objectsOf(d *pluginpb.DescribeResponse) map[string]*pluginpb.ObjectType {
	objects := map[string]*pluginpb.ObjectType{}
	for _, o := range d.GetObjects() {
		objects[o.GetName()] = o
	}
	return objects
}

func (t *typeChecker) add(format string, args ...any) {
	t.wrong = append(t.wrong, fmt.Errorf(format, args...))
}

func (t *typeChecker) members(where string, members []*pluginpb.Member, input bool, depth int) {
	for _, m := range members {
		if !naming.API.MatchString(m.GetName()) {
			t.add("%s: %q cannot be a name in the API", where, m.GetName())
		}
		t.check(where+"."+m.GetName(), m.GetType(), input, depth)
	}
}

func (t *typeChecker) check(where string, of *pluginpb.Type, input bool, depth int) {
	if depth > contract.MaxTypeDepth {
		t.add("%s: its type goes more than %d levels deep, or contains itself", where, contract.MaxTypeDepth)
		return
	}
	switch of := of.GetOf().(type) {
	case *pluginpb.Type_Scalar:
		if !slices.Contains(contract.Scalars(), of.Scalar) {
			t.add("%s: there is no type %q%s", where, of.Scalar, strictyaml.Suggest(of.Scalar, contract.Scalars()))
		}
	case *pluginpb.Type_Entity:
		if input || of.Entity == "" {
			t.add("%s: a record of %q cannot stand here", where, of.Entity)
		}
	case *pluginpb.Type_List:
		t.check(where, of.List, input, depth+1)
	case *pluginpb.Type_Object:
		object := t.objects[of.Object]
		if object == nil {
			t.add("%s: there is no object type %q", where, of.Object)
			return
		}
		t.members(where, object.GetMembers(), input, depth+1)
	default:
		t.add("%s: its type is missing", where)
	}
}
