package schema

import (
	"reflect"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// place is a line of a file.
type place struct {
	file string
	line int
}

// DecodeNode reads a mapping, and where its keys and indexes stand.
func (e *Entity) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	type keys Entity // without this method
	d.Decode(node, reflect.ValueOf((*keys)(e)).Elem())
	if node.Kind != yaml.MappingNode {
		return
	}
	e.lines = map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if e.lines[key.Value] > 0 {
			continue // it stands here again, and only the first was read
		}
		e.lines[key.Value] = key.Line
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		for n := 0; key.Value == "indexes" && n < min(len(value.Content), len(e.Indexes)); n++ {
			e.indexAt = append(e.indexAt, place{e.File, value.Content[n].Line})
		}
	}
}

// lineOf is the line of a key, or where the entity begins if it lacks the key.
func (e *Entity) lineOf(key string) int {
	if line := e.lines[key]; line > 0 {
		return line
	}
	return e.Line
}
