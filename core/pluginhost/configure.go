package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/settings"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"go.yaml.in/yaml/v3"
)

// configure hands the plugin its settings, once they fit the schema that it has
// described. A mistake in them names the line.
func (l *link) configure(ctx context.Context, settings Section) error {
	filled, err := settings.check(l.configSchema)
	if err != nil {
		return err
	}
	if len(l.configSchema) == 0 {
		return nil
	}
	encoded, err := pluginpb.Encode(filled)
	if err != nil {
		return fmt.Errorf("%w: %w", errMisconfigured, err)
	}
	answer, err := l.plugin.Configure(ctx, &pluginpb.ConfigureRequest{Generation: l.generation.Add(1), Config: encoded})
	if err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	return settings.refused(answer.GetError())
}

// check returns the settings with their defaults, or everything that is wrong in
// their file, with what is known of the rest of it.
func (s Section) check(configSchema []byte, beside ...strictyaml.Problem) (filled map[string]any, err error) {
	found := slices.Clone(strictyaml.Problems(beside))
	config, err := s.values()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMisconfigured, errors.Join(found.Err(), err))
	}
	filled, problems := settings.Check(configSchema, config)
	for _, p := range problems {
		found = append(found, s.problem(p.Path, p.String()))
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errMisconfigured, err)
	}
	return filled, nil
}

// values are what the section says; none when it is not there.
func (s Section) values() (map[string]any, error) {
	values := map[string]any{}
	if s.Node == nil {
		return values, nil
	}
	if err := s.Node.Decode(&values); err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	return values, nil
}

// refused is what the plugin itself has against the settings.
func (s Section) refused(e *pluginpb.Error) error {
	if e == nil {
		return nil
	}
	if e.GetCode() == string(core.Internal) {
		return fmt.Errorf("%w: the plugin made a mistake with its settings: %w", errMisconfigured, errors.New(cut(e.GetCause(), maxLine)))
	}
	var found strictyaml.Problems
	for _, v := range e.GetViolations() {
		found = append(found, s.problem(v.GetField(), v.GetField()+" "+v.GetMessage()))
	}
	if len(found) == 0 {
		found = append(found, s.problem("", e.GetMessage()))
	}
	return fmt.Errorf("%w: %w", errMisconfigured, found)
}

// problem says where in the file the setting stands, or would.
func (s Section) problem(path, message string) strictyaml.Problem {
	p := strictyaml.Problem{File: s.File, Message: "config: " + message}
	if s.Node == nil {
		return p
	}
	p.Line = s.Node.Line
	node := s.Node
	for step := range strings.SplitSeq(dotted.ReplaceAllString(path, ".$1"), ".") {
		key, value := below(node, step)
		if key == nil {
			break
		}
		p.Line, node = key.Line, value
	}
	return p
}

var dotted = regexp.MustCompile(`\[(\d+)\]`)

// below returns the node with what stands under a key or at an index, and the
// one that names it.
func below(node *yaml.Node, step string) (name, value *yaml.Node) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
			return node.Content[i], node.Content[i]
		}
	}
	return nil, nil
}
