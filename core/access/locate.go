package access

import (
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

var pathStep = regexp.MustCompile(`\.([^.\[]+)|\[(\d+)\]`)

// lineOf finds the line of what stands at a path such as .and[0].country.eq
// below a node: as much of the path as there is.
func lineOf(node *yaml.Node, path string) int {
	line := node.Line
	for _, step := range pathStep.FindAllStringSubmatch(path, -1) {
		var next *yaml.Node
		if i, err := strconv.Atoi(step[2]); err == nil && node.Kind == yaml.SequenceNode && i < len(node.Content) {
			next = node.Content[i]
			line = next.Line
		}
		for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
			if node.Content[i].Value == step[1] {
				line, next = node.Content[i].Line, node.Content[i+1]
			}
		}
		if next == nil {
			break
		}
		if node = next; node.Kind == yaml.AliasNode {
			node = node.Alias
		}
	}
	return line
}
