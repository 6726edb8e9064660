package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// NodeDecoder is implemented by a type that reads its own node, for example
// a mapping whose keys are names and whose order matters.
type NodeDecoder interface {
	DecodeNode(d *Decoder, node *yaml.Node)
}

// maxDepth is how deep the parts of a file may lie in each other: whoever walks
// through what was read needs room for that.
const maxDepth = 50

// maxNodes is far more than a person writes, and keeps aliases of aliases of
// aliases from filling the memory.
const maxNodes = 200_000

// Decoder carries the file's name and collects the problems. It is handed to
// a NodeDecoder, which decodes the parts below it with Decode.
type Decoder struct {
	file     string
	nodes    int
	depth    int                 // of the node that is being decoded
	open     map[*yaml.Node]bool // anchors whose content is being decoded
	problems Problems
}

// Decode fills into, a pointer to a struct with `yaml:"name"` tags, from one
// YAML document. An empty document leaves it as it is.
func Decode(file string, data []byte, into any) Problems {
	d := &Decoder{file: file, open: map[*yaml.Node]bool{}}
	documents := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := documents.Decode(&first); err != nil {
		if !errors.Is(err, io.EOF) {
			d.syntax(data, err)
		}
		return d.problems
	}
	if err := documents.Decode(&second); err == nil {
		d.Add(&second, "a second document begins here; put it into a file of its own")
	} else if !errors.Is(err, io.EOF) {
		d.syntax(data, err)
	}
	if len(first.Content) > 0 {
		d.Decode(first.Content[0], reflect.ValueOf(into).Elem())
	}
	return d.problems
}

// DecodeTree is Decode for a part of a document that was read before.
func DecodeTree(file string, node *yaml.Node, into any) Problems {
	d := &Decoder{file: file, open: map[*yaml.Node]bool{}}
	d.Decode(node, reflect.ValueOf(into).Elem())
	return d.problems
}

func (d *Decoder) syntax(data []byte, err error) {
	line, message := splitLine(err)
	if tab := tabbed(data, line); tab > 0 && (strings.Contains(message, "a tab character") || strings.Contains(message, "cannot start any token")) {
		line, message = tab, "a tab stands before the text; YAML indents with spaces"
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Message: "this is not valid YAML: " + message})
}

// tabbed is the line that a tab indents: the one where reading stopped or the
// next, because the reader looks ahead; else 0.
func tabbed(data []byte, line int) int {
	line = max(line, 1)
	lines := strings.SplitN(string(data), "\n", line+2)
	for n := line; n <= min(line+1, len(lines)); n++ {
		text := lines[n-1]
		if strings.Contains(text[:len(text)-len(strings.TrimLeft(text, " \t"))], "\t") {
			return n
		}
	}
	return 0
}

// Add records a problem at a node.
func (d *Decoder) Add(node *yaml.Node, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: node.Line, Message: fmt.Sprintf(format, args...)})
}

// Count returns how many problems there are so far.
func (d *Decoder) Count() int { return len(d.problems) }

// Decode fills v from a node and records what does not fit.
func (d *Decoder) Decode(node *yaml.Node, v reflect.Value) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.Add(node, "the file is too long, or its aliases unfold to too much")
		}
		return
	}
	if d.depth == maxDepth {
		d.Add(node, "this lies %d levels deep, and %d is the most; take it apart", maxDepth+1, maxDepth)
		return
	}
	d.depth++
	defer func() { d.depth-- }()
	if node.Kind == yaml.AliasNode {
		if node = node.Alias; d.open[node] {
			d.Add(node, "anchor %q contains itself", node.Anchor)
			return
		}
	}
	if node.Anchor != "" {
		d.open[node] = true
		defer delete(d.open, node)
	}
	if nd, ok := v.Addr().Interface().(NodeDecoder); ok {
		nd.DecodeNode(d, node)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		into, before := reflect.New(v.Type().Elem()), d.Count()
		if d.Decode(node, into.Elem()); d.Count() == before || into.Elem().Kind() == reflect.Struct {
			v.Set(into) // of a number that is none nothing is left
		}
	case reflect.Struct:
		d.decodeStruct(node, v)
	case reflect.Map:
		d.decodeMap(node, v)
	case reflect.Slice:
		d.decodeSlice(node, v)
	case reflect.Interface:
		if err := node.Decode(v.Addr().Interface()); err != nil {
			line, message := splitLine(err)
			d.problems = append(d.problems, Problem{File: d.file, Line: max(line, node.Line), Message: message})
		}
	default:
		cut := v.CanInt() && node.ShortTag() == "!!float" // the library would drop the digits after the point
		if err := node.Decode(v.Addr().Interface()); err != nil || cut || node.ShortTag() == "!!null" {
			d.Add(node, "%s where %s is expected", describe(node), expected(v))
		}
	}
}

// EachEntry calls f for every key of a mapping, in the order of the file, and
// reports keys that stand twice. It records a problem if node is no mapping.
func (d *Decoder) EachEntry(node *yaml.Node, f func(key, value *yaml.Node)) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		d.Add(node, "%s where a mapping (key: value) is expected", describe(node))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if line, seen := first[key.Value]; seen {
			d.Add(key, "%q stands here again, first on line %d", key.Value, line)
			continue
		}
		first[key.Value] = key.Line
		f(key, node.Content[i+1])
	}
}

func (d *Decoder) decodeStruct(node *yaml.Node, v reflect.Value) {
	fields := fieldsByKey(v.Type())
	d.EachEntry(node, func(key, value *yaml.Node) {
		index, ok := fields[key.Value]
		if !ok {
			d.Add(key, "unknown key %q%s", key.Value, Suggest(key.Value, keysOf(v.Type())))
			return
		}
		d.Decode(value, v.Field(index))
	})
	if line := v.FieldByName("Line"); line.IsValid() && line.Kind() == reflect.Int {
		line.SetInt(int64(node.Line))
	}
}

func (d *Decoder) decodeMap(node *yaml.Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.EachEntry(node, func(key, value *yaml.Node) {
		element := reflect.New(v.Type().Elem()).Elem()
		d.Decode(value, element)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), element)
	})
}

func (d *Decoder) decodeSlice(node *yaml.Node, v reflect.Value) {
	if node.Kind != yaml.SequenceNode {
		d.Add(node, "%s where a list is expected", describe(node))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
	for i, item := range node.Content {
		d.Decode(item, v.Index(i))
	}
}

// keysOf lists the keys that a struct knows, in the order of its fields.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

func fieldsByKey(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); key != "" && key != "-" {
			fields[key] = i
		}
	}
	return fields
}

func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if node.ShortTag() == "!!null" {
		return "nothing"
	}
	return strconv.Quote(node.Value)
}

func expected(v reflect.Value) string {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return "a duration such as 10s"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a text"
	}
	return "a " + v.Kind().String()
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// splitLine takes the line number out of the text of a YAML error.
func splitLine(err error) (int, string) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	var typeError *yaml.TypeError
	if errors.As(err, &typeError) && len(typeError.Errors) > 0 {
		message = typeError.Errors[0]
	}
	match := yamlLine.FindStringSubmatch(message)
	if match == nil {
		return 0, message
	}
	line, _ := strconv.Atoi(match[1])
	return line, strings.Replace(message, match[0], "", 1)
}
