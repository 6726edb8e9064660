package execution

import (
	"fmt"
	"reflect"

	"github.com/graphql-go/graphql"
)

// completion turns what one field resolved to, for all objects of a group, into
// the answer, and gathers the objects below it for the next level.
type completion struct {
	run    *run
	field  *collected
	path   []string
	groups []*group // by concrete type
	logged error    // the last error that went to the log
}

// complete writes a value of type t at a place of the answer. A value that is
// an error, as an item of a list may be, fails at its place.
func (c *completion) complete(h *holder, i int, t graphql.Type, value any) {
	nonNull := false
	if wrapper, ok := t.(*graphql.NonNull); ok {
		nonNull, t = true, wrapper.OfType
	}
	if err, ok := value.(error); ok {
		c.fail(h, i, nonNull, err) // a list may have an error in the place of an item
		return
	}
	if isNil(value) {
		if nonNull {
			c.missing(h, i)
		}
		c.run.null(h, i, nonNull)
		return
	}
	var err error
	switch t := t.(type) {
	case *graphql.Scalar:
		h.values[i], err = guardedScalar(t, value)
	case *graphql.Enum:
		h.values[i], err = guardedEnum(t, value)
	case *graphql.List:
		err = c.list(h, i, t, nonNull, value)
	case *graphql.Object:
		if err = c.check(t, value); err == nil {
			c.object(h, i, c.run.engine.types.objects[t.Name()], nonNull, value)
		}
	default:
		var concrete *objectType
		if concrete, err = c.concrete(t, value); err == nil {
			c.object(h, i, concrete, nonNull, value)
		}
	}
	if err != nil {
		c.fail(h, i, nonNull, err)
	}
}

func (c *completion) check(t *graphql.Object, value any) (err error) {
	if t.IsTypeOf == nil {
		return nil
	}
	defer recoverTo(&err)
	if !c.isTypeOf(t, value) {
		return fmt.Errorf("a value of type %s was expected, not %T", t.Name(), value)
	}
	return nil
}

// missing reports a null where the schema promises that there is none.
func (c *completion) missing(h *holder, i int) {
	name := c.field.def.name
	message := fmt.Sprintf("Cannot return null for non-nullable field %s.%s.", name.Type, name.Field)
	c.report(h, i, &Error{Message: message, Extensions: map[string]any{"code": codeInternal}})
	c.run.engine.log(c.run.ctx, Failure{Field: name.Type + "." + name.Field, Path: h.path(i), Err: fmt.Errorf("null for a non-null field")})
}

func (c *completion) list(h *holder, i int, t *graphql.List, nonNull bool, value any) error {
	if cut, ok := value.(Cut); ok {
		c.run.cut(h.path(i))
		value = []any(cut)
	}
	of, ok := value.([]any)
	if !ok {
		if kind := reflect.ValueOf(value).Kind(); kind != reflect.Slice && kind != reflect.Array {
			return fmt.Errorf("a list was expected, not %T", value)
		}
		of = items(value)
	}
	if !c.run.room(len(of), c.field.def.name.Type) {
		c.run.null(h, i, nonNull)
		return nil
	}
	list := c.run.newHolder(h, i, nonNull)
	list.list, list.values = true, make([]any, len(of))
	h.values[i] = list
	for k := 0; k < len(of) && !list.dead; k++ {
		if k%256 == 255 && c.run.stop() {
			c.run.kill(list)
			break
		}
		c.complete(list, k, t.OfType, of[k])
	}
	return nil
}

// items is a list as []any.
func items(value any) []any {
	v := reflect.ValueOf(value)
	out := make([]any, v.Len())
	for i := range out {
		out[i] = v.Index(i).Interface()
	}
	return out
}

// object puts a value among those of its type that wait for their fields.
func (c *completion) object(h *holder, i int, t *objectType, nonNull bool, value any) {
	object := c.run.newHolder(h, i, nonNull)
	h.values[i] = object
	for _, g := range c.groups {
		if g.typ == t {
			g.sources, g.holders = append(g.sources, value), append(g.holders, object)
			return
		}
	}
	c.groups = append(c.groups, &group{
		typ: t, nodes: c.field.nodes, path: c.path, sources: []any{value}, holders: []*holder{object},
	})
}

// concrete finds the object type of a value of an interface or union.
func (c *completion) concrete(t graphql.Type, value any) (found *objectType, err error) {
	defer recoverTo(&err)
	resolveType := graphql.ResolveTypeParams{Value: value, Info: c.run.info(c.field.def), Context: c.run.ctx}
	var object *graphql.Object
	switch t := t.(type) {
	case *graphql.Interface:
		if t.ResolveType != nil {
			object = t.ResolveType(resolveType)
		}
	case *graphql.Union:
		if t.ResolveType != nil {
			object = t.ResolveType(resolveType)
		}
	}
	if object == nil {
		object = c.byIsTypeOf(t, value)
	}
	if object == nil {
		return nil, fmt.Errorf("no object type of %s fits a value of Go type %T", t.Name(), value)
	}
	found = c.run.engine.types.objects[object.Name()]
	if found == nil || !found.is[t.Name()] {
		return nil, fmt.Errorf("%s is not a possible type of %s", object.Name(), t.Name())
	}
	return found, nil
}

func (c *completion) byIsTypeOf(t graphql.Type, value any) *graphql.Object {
	for _, possible := range c.run.engine.types.schema.PossibleTypes(t) {
		if possible.IsTypeOf != nil && c.isTypeOf(possible, value) {
			return possible
		}
	}
	return nil
}

func (c *completion) isTypeOf(t *graphql.Object, value any) bool {
	return t.IsTypeOf(graphql.IsTypeOfParams{Value: value, Info: c.run.info(c.field.def), Context: c.run.ctx})
}

func guardedScalar(t *graphql.Scalar, value any) (out any, err error) {
	if t == graphql.String && isText(value) {
		return value, nil // as it came: a text put into an interface again is an allocation
	}
	defer recoverTo(&err)
	return serialize(t, value)
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

func guardedEnum(t *graphql.Enum, value any) (out any, err error) {
	defer recoverTo(&err)
	if out = t.Serialize(value); isText(out) {
		return out, nil
	}
	return nil, fmt.Errorf("enum %s has no value %v", t.Name(), value)
}
