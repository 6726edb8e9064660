package access

import (
	"reflect"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// everyEntity is the key of a rule for all entities that its file does not
// name otherwise.
const everyEntity = "*"

// role is one file. It does not depend on a model: see compile.
type role struct {
	name        string
	description schema.Text
	rules       []*rule
	operations  operationRights
	file        string
	line        int
	plugin      string // that asks for it; "" for a role of the site
	layer       string // whose entities it may use without a rule; "" for nobody's
}

// rule says what a role may do with the records of one entity or role view.
type rule struct {
	on         string
	line       int
	conditions [verbs]condition
	ofRoles    int          // the line of grant or withdraw; 0 where neither is written out
	fields     *fieldRights // nil: every field may be read and written
}

// every is one condition for all that can be done.
func every(c condition) (all [verbs]condition) {
	for v := range all {
		all[v] = c
	}
	return all
}

// DecodeNode reads role, description, operations, and a rule under every other key.
func (r *role) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	r.line = node.Line
	d.EachEntry(node, func(key, value *yaml.Node) {
		switch key.Value {
		case "role":
			d.Decode(value, reflect.ValueOf(&r.name).Elem())
		case "description":
			d.Decode(value, reflect.ValueOf(&r.description).Elem())
		case "operations":
			d.Decode(value, reflect.ValueOf(&r.operations).Elem())
		default:
			rule := &rule{on: key.Value, line: key.Line}
			d.Decode(value, reflect.ValueOf(rule).Elem())
			r.rules = append(r.rules, rule)
		}
	})
}

// ruleBody is what stands under the name of an entity.
type ruleBody struct {
	Read     condition    `yaml:"read"`
	Create   condition    `yaml:"create"`
	Update   condition    `yaml:"update"`
	Delete   condition    `yaml:"delete"`
	Grant    *condition   `yaml:"grant"`
	Withdraw *condition   `yaml:"withdraw"`
	Fields   *fieldRights `yaml:"fields"`
}

// DecodeNode reads a mapping, or true or false for everything or nothing.
func (r *rule) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		var all condition
		d.Decode(node, reflect.ValueOf(&all).Elem())
		r.conditions = every(all)
		return
	}
	var body ruleBody
	d.Decode(node, reflect.ValueOf(&body).Elem())
	r.conditions = [verbs]condition{read: body.Read, create: body.Create, update: body.Update, remove: body.Delete}
	for v, c := range map[verb]*condition{granting: body.Grant, withdrawing: body.Withdraw} {
		if c != nil {
			r.conditions[v], r.ofRoles = *c, max(r.ofRoles, lineOf(node, "."+verbNames[v]))
		}
	}
	r.fields = body.Fields
}

// condition is true, false or a filter. The zero condition is false.
type condition struct {
	always bool
	filter map[string]any
	node   *yaml.Node // of the filter, to find the lines of what is wrong in it
}

// DecodeNode reads a boolean or a mapping.
func (c *condition) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind == yaml.MappingNode {
		var filter any
		d.Decode(node, reflect.ValueOf(&filter).Elem())
		c.filter, _ = filter.(map[string]any)
		c.node = node
		return
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" || node.Decode(&c.always) != nil {
		d.Add(node, "write true, false or a filter such as {country: {eq: DE}}")
	}
}

// right is what may be done with one field. A greater one includes the others.
type right int

const (
	none right = iota
	mayRead
	mayWrite
)

var rights = map[string]right{"none": none, "read": mayRead, "write": mayWrite}

// fieldRights are the fields that a rule speaks of, by name.
type fieldRights struct {
	entries []fieldRight
}

type fieldRight struct {
	name  string
	right right
	line  int
}

// DecodeNode reads a mapping from a field's name to none, read or write.
func (f *fieldRights) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	d.EachEntry(node, func(key, value *yaml.Node) {
		var word string
		d.Decode(value, reflect.ValueOf(&word).Elem())
		level, known := rights[word]
		if !known {
			d.Add(value, "field %q: %q is none of none, read and write%s", key.Value, word, strictyaml.Suggest(word, []string{"none", "read", "write"}))
		}
		f.entries = append(f.entries, fieldRight{key.Value, level, key.Line})
	})
}
