package core

import (
	"context"

	"github.com/openxrm/xrm/schema"
)

// Contribution is what one plugin adds to the API beside its entities, in
// plain descriptions: neither core/graphql nor core/pluginhost knows the other.
type Contribution struct {
	Plugin     string
	Operations []Operation
	Fields     []ComputedField
	Objects    []ObjectType // what the types of operations and fields refer to
}

// Operation is a query or a mutation of a plugin.
type Operation struct {
	Name      string
	Doc       string
	Mutation  bool
	Arguments []Member
	Returns   TypeRef

	// Call runs the operation with the actor's rights and those of the plugin.
	// What it returns was checked against Returns; a record is its id.
	Call func(ctx context.Context, a Actor, m *schema.Model, arguments map[string]any) (any, error)
}

// ComputedField is a field that a plugin computes for an entity or role.
type ComputedField struct {
	Entity  string
	Name    string
	Doc     string
	Returns TypeRef

	// Resolve returns one value for each of the parents, which are the records
	// as the actor sees them, in one call. A record in a value is its id.
	Resolve func(ctx context.Context, a Actor, m *schema.Model, parents []*Record) ([]any, error)
}

// ObjectType is a type that a plugin defines for its operations and fields.
type ObjectType struct {
	Name    string
	Doc     string
	Input   bool
	Members []Member
}

// Member is a field of an ObjectType, or an argument.
type Member struct {
	Name string
	Doc  string
	Type TypeRef
}

// TypeRef names a type of the API: exactly one of Scalar (a name of the API's
// scalars, such as String or Decimal), Entity, Object and List.
type TypeRef struct {
	Scalar   string
	Entity   string
	Object   string
	List     *TypeRef
	Required bool
}

// EntityName is the entity whose records the type holds, through lists, or "".
func (t TypeRef) EntityName() string {
	if t.List != nil {
		return t.List.EntityName()
	}
	return t.Entity
}
