package pluginhost

import (
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/connection"
	"go.yaml.in/yaml/v3"
)

// Needs is what a plugin must be allowed to do: its manifest asks for it, and
// an approval grants it.
type Needs struct {
	Records     Section                       `yaml:"records" doc:"What it reads and writes where it acts for nobody else, in the language of role files."`
	Roles       Section                       `yaml:"roles" doc:"Roles for users that it ships, called NAME.ROLE: what each may do, in the language of role files."`
	Rules       []string                      `yaml:"rules" doc:"Entities of others whose saves it may change or refuse."`
	Events      []string                      `yaml:"events" doc:"Events that it is told of: order.created, order.* or *."`
	Fields      []string                      `yaml:"fields" doc:"Entities of others that it adds fields to."`
	Constrains  []string                      `yaml:"constrains" doc:"Entities of others in whose records these fields may be required, unique, immutable, numbered or filled in."`
	Operations  []string                      `yaml:"operations" doc:"Queries and mutations of other plugins that it may call."`
	HTTP        []Route                       `yaml:"http" doc:"Requests that it answers, such as POST /erp; a path that ends in / takes everything below."`
	Services    []string                      `yaml:"services" doc:"Names of services that it may run: each goes on for as long as the plugin does, on one instance of xrm."`
	Pages       []string                      `yaml:"pages" doc:"Names of pages that people see in a browser, beside those of xrm."`
	Secrets     []string                      `yaml:"secrets" doc:"Names of secrets that it may read."`
	Connections map[string]connection.Address `yaml:"connections" doc:"Where it may connect to through xrm, by names of its own: api.example.com:443, \"*:443\" for every public host, or site where the settings say it."`
	Connect     []Port                        `yaml:"connect" doc:"TCP ports that it may connect to."`
	Listen      []Port                        `yaml:"listen" doc:"TCP ports that it may listen on."`
	Files       []Folder                      `yaml:"files" doc:"Folders that it may write to, beside its own."`
	Mail        bool                          `yaml:"mail" doc:"Whether it may send mails through the mail server of the site."`
	AsPlugin    bool                          `yaml:"asPlugin" doc:"Whether it may act with rights of its own where there is no user."`
}

var _ strictyaml.NodeDecoder = (*Needs)(nil)

// DecodeNode implements strictyaml.NodeDecoder. A key below which nothing stands
// asks for nothing: whoever takes lines out of an approval leaves some behind.
func (n *Needs) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	type plain Needs
	if node.ShortTag() == "!!null" {
		return
	}
	filled := *node
	if node.Kind == yaml.MappingNode {
		filled.Content = nil
		for pair := range slices.Chunk(node.Content, 2) {
			if pair[1].ShortTag() != "!!null" {
				filled.Content = append(filled.Content, pair...)
			}
		}
	}
	d.Decode(&filled, reflect.ValueOf((*plain)(n)).Elem())
}

// Section is a part of a file whose language another package knows. Its nodes
// have the line numbers of the file.
type Section struct {
	File string
	Node *yaml.Node // nil when it is not there
}

var _ strictyaml.NodeDecoder = (*Section)(nil)

// DecodeNode implements strictyaml.NodeDecoder.
func (s *Section) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	d.EachEntry(node, func(_, _ *yaml.Node) {})
	s.Node = node
}

// entries goes through the keys of the section and what stands under each.
func (s Section) entries() iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if s.Node == nil {
			return
		}
		for i := 0; i+1 < len(s.Node.Content); i += 2 { // a list, which is wrong there, may have an odd one
			if !yield(s.Node.Content[i], s.Node.Content[i+1]) {
				return
			}
		}
	}
}

// Lines says what is asked for, one permission a line and always in the same
// order, for people to compare.
func (n Needs) Lines() []string {
	var lines []string
	for what, s := range map[string]Section{"records": n.Records, "roles": n.Roles} {
		for key, value := range s.entries() {
			lines = append(lines, what+" "+quoted(key.Value)+": "+flow(value))
		}
	}
	add := func(what string, values ...string) {
		for _, v := range values {
			lines = append(lines, what+" "+quoted(v))
		}
	}
	add("rules", n.Rules...)
	add("events", n.Events...)
	add("fields", n.Fields...)
	add("constrains", n.Constrains...)
	add("operations", n.Operations...)
	add("http", texts(n.HTTP)...)
	add("pages", n.Pages...)
	add("secrets", n.Secrets...)
	add("services", n.Services...)
	for name, address := range n.Connections {
		lines = append(lines, "connections "+quoted(name)+": "+address.String())
	}
	add("connect", texts(n.Connect)...)
	add("listen", texts(n.Listen)...)
	add("files", texts(n.Files)...)
	if n.Mail {
		lines = append(lines, "mail")
	}
	if n.AsPlugin {
		lines = append(lines, "asPlugin")
	}
	slices.Sort(lines)
	return lines
}

func texts[T any](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v)
	}
	return list
}

// flow writes a node on one line, without its comments.
func flow(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		entries := map[string]string{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			entries[quoted(node.Content[i].Value)] = flow(node.Content[i+1])
		}
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			parts = append(parts, key+": "+entries[key])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		var parts []string
		for _, item := range node.Content {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return quoted(node.Value)
}

// quoted puts a text into quotes that would pass for something else: another
// line, another permission, or a command to the terminal.
func quoted(text string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`{}[],"`, r) }
	if strings.ContainsFunc(text, odd) || strings.Contains(text, ": ") {
		return strconv.Quote(text)
	}
	return text
}

// Route is a path of HTTP requests, with or without a method before it.
type Route string

// covers says whether the route grants all that an endpoint answers.
func (r Route) covers(e snapshot.Endpoint) bool {
	method, path, found := strings.Cut(string(r), " ")
	if !found {
		method, path = "", string(r)
	}
	return snapshot.Endpoint{Method: method, Path: path}.Fits(e.Method, e.Path)
}

var methods = []string{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}

// DecodeNode implements strictyaml.NodeDecoder.
func (r *Route) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	method, path, found := strings.Cut(node.Value, " ")
	if !found {
		method, path = "", node.Value
	}
	switch {
	case node.Kind != yaml.ScalarNode || !strings.HasPrefix(path, "/"):
		d.Add(node, "%q where a path such as /erp or POST /erp is expected", node.Value)
	case method != "" && !slices.Contains(methods, method):
		d.Add(node, "there is no method %q%s", method, strictyaml.Suggest(method, methods))
	default:
		*r = Route(node.Value)
	}
}

// Port is a TCP port.
type Port uint16

// DecodeNode implements strictyaml.NodeDecoder.
func (p *Port) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	n, err := strconv.ParseUint(node.Value, 10, 16)
	if err != nil || n == 0 {
		d.Add(node, "%q where a port from 1 to 65535 is expected", node.Value)
		return
	}
	*p = Port(n)
}

// Folder is the absolute path of a folder.
type Folder string

// DecodeNode implements strictyaml.NodeDecoder.
func (f *Folder) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if !filepath.IsAbs(node.Value) {
		d.Add(node, "%q where an absolute path is expected", node.Value)
		return
	}
	*f = Folder(filepath.Clean(node.Value))
}

// OnFailure says what becomes of a save when a rule for it does not answer.
type OnFailure string

// What may become of it.
const (
	Deny  OnFailure = "deny"
	Allow OnFailure = "allow"
)

// DecodeNode implements strictyaml.NodeDecoder.
func (o *OnFailure) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	known := []string{string(Allow), string(Deny)}
	if !slices.Contains(known, node.Value) {
		d.Add(node, "%q where allow or deny is expected%s", node.Value, strictyaml.Suggest(node.Value, known))
		return
	}
	*o = OnFailure(node.Value)
}

// Memory is an amount in the form of GOMEMLIMIT: 256MiB.
type Memory string

var memory = regexp.MustCompile(`^[1-9][0-9]*(B|KiB|MiB|GiB)$`)

// DecodeNode implements strictyaml.NodeDecoder.
func (m *Memory) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if !memory.MatchString(node.Value) {
		d.Add(node, "%q where an amount such as 256MiB is expected", node.Value)
		return
	}
	*m = Memory(node.Value)
}
