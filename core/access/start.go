package access

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// operationRights are the operations of plugins that a role may start, whatever
// these need.
type operationRights struct {
	all   bool
	names []operationName
}

type operationName struct {
	name string
	line int
}

// DecodeNode reads a list of names, or true or false for all or none.
func (o *operationRights) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" || node.Decode(&o.all) != nil {
			d.Add(node, "write true, false or a list of operations such as [closeComplaint]")
		}
		return
	}
	for _, item := range node.Content {
		var name string
		d.Decode(item, reflect.ValueOf(&name).Elem())
		o.names = append(o.names, operationName{name, item.Line})
	}
}

func (o operationRights) has(operation string) bool {
	return o.all || slices.ContainsFunc(o.names, func(n operationName) bool { return n.name == operation })
}

// Starts is as in record.Policy.
func (r *Roles) Starts(m *schema.Model, a core.Actor, operation string, needs []string) bool {
	named := func(one *role) bool { return slices.Contains(a.Roles, one.name) && one.operations.has(operation) }
	if slices.ContainsFunc(r.roles, named) {
		return true
	}
	lacks := func(need string) bool { return !r.grantsNeed(m, a, need) }
	return len(needs) > 0 && !slices.ContainsFunc(needs, lacks)
}

func (r *Roles) grantsNeed(m *schema.Model, a core.Actor, need string) bool {
	entity, what, _ := strings.Cut(need, ".")
	e, v := m.Entity(entity), verb(slices.Index(verbNames[:], what))
	return e != nil && v >= 0 && r.may(m, a, e, v, "")
}

// Starts implements record.Policy.
func (p *Policy) Starts(m *schema.Model, a core.Actor, operation string, needs []string) bool {
	return p.users.Starts(m, a, operation, needs)
}

// Unoffered says which roles of the site name operations that no plugin offers
// now: perhaps because theirs is not there.
func (r *Roles) Unoffered(operations []string) (warnings strictyaml.Problems) {
	for _, one := range r.roles {
		for _, o := range one.operations.names {
			if one.plugin == "" && !slices.Contains(operations, o.name) {
				warnings = append(warnings, strictyaml.Problem{
					File: one.file, Line: o.line,
					Message: fmt.Sprintf("no plugin has an operation %q now; the name grants nothing until one has%s", o.name, strictyaml.Suggest(o.name, operations)),
				})
			}
		}
	}
	return warnings
}
