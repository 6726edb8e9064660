package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// Option is one value of an enum.
type Option struct {
	Value      string
	Labels     Text
	Inverse    Text   // what it is called seen from the other side: "employs" for "works for"
	Deprecated string // why nobody chooses it any more; "" while it can be chosen

	Next    []string // of a state: where a record goes from there; none for a final one
	Initial bool     // of a state: a record may begin here, besides in the default one
}

// NoReason is why an option is deprecated that says no more than that it is.
const NoReason = "It stays on records that have it, and cannot be chosen any more."

// Options are the values of an enum in their order.
type Options []Option

// DecodeNode reads a list of values or a mapping from value to labels.
func (o *Options) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind == yaml.SequenceNode {
		var values []string
		d.Decode(node, reflect.ValueOf(&values).Elem())
		for _, value := range values {
			*o = append(*o, Option{Value: value})
		}
		return
	}
	d.EachEntry(node, func(key, value *yaml.Node) {
		option := Option{Value: key.Value}
		d.Decode(value, reflect.ValueOf(&option).Elem())
		*o = append(*o, option)
	})
}

// DecodeNode reads the labels by language, and what else an option has among
// them.
func (o *Option) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	o.Labels = Text{}
	d.EachEntry(node, func(key, value *yaml.Node) {
		switch key.Value {
		case "inverse":
			d.Decode(value, reflect.ValueOf(&o.Inverse).Elem())
		case "next":
			d.Decode(value, reflect.ValueOf(&o.Next).Elem())
		case "initial":
			d.Decode(value, reflect.ValueOf(&o.Initial).Elem())
		case "deprecated":
			o.deprecate(d, value)
		default:
			o.Labels.decodeEntry(d, key, value)
		}
	})
}

// deprecate reads true, or a reason.
func (o *Option) deprecate(d *strictyaml.Decoder, node *yaml.Node) {
	if node.ShortTag() != "!!bool" {
		d.Decode(node, reflect.ValueOf(&o.Deprecated).Elem())
		return
	}
	var is bool
	if d.Decode(node, reflect.ValueOf(&is).Elem()); is {
		o.Deprecated = NoReason
	}
}

// Values lists the values without their labels.
func (o Options) Values() []string {
	values := make([]string, len(o))
	for i, option := range o {
		values[i] = option.Value
	}
	return values
}

// Offered are the options that can be chosen: those that are not deprecated.
func (o Options) Offered() Options {
	return slices.DeleteFunc(slices.Clone(o), func(option Option) bool { return option.Deprecated != "" })
}

// deprecated says why a value cannot be chosen; "" if it can.
func (o Options) deprecated(value string) string {
	for _, option := range o {
		if option.Value == value {
			return option.Deprecated
		}
	}
	return ""
}

// CheckOptions refuses deprecated options that are chosen anew. What before has at
// the same place, in a list at whatever index, stays. Both are canonical; before is
// nil for a new record.
func (e *Entity) CheckOptions(before, after map[string]any) (violations Violations) {
	for _, f := range e.Stored().Fields {
		if value := after[f.Name]; value != nil {
			violations = append(violations, chosen(f, []any{before[f.Name]}, value, f.Name)...)
		}
	}
	return violations
}

// chosen names the deprecated options in a value that were not there.
func chosen(f *Field, were []any, value any, at string) (violations Violations) {
	switch v := value.(type) {
	case string:
		reason := f.Options.deprecated(v)
		if reason == "" || slices.Contains(were, value) {
			return nil
		}
		return Violations{deprecatedOption(f, v, reason, at)}
	case []any:
		if f.Of == nil || len(f.Of.Options)+len(f.Of.Fields) == 0 {
			return nil // or it was stored when the field was a list
		}
		var items []any
		for _, was := range were {
			list, _ := was.([]any)
			items = append(items, list...)
		}
		for i, item := range v {
			violations = append(violations, chosen(f.Of, items, item, index(at, i))...)
		}
	case map[string]any:
		if f.Type != "object" {
			return nil
		}
		for _, sub := range f.Fields {
			if inner := v[sub.Name]; inner != nil {
				violations = append(violations, chosen(sub, valuesOf(were, sub.Name), inner, at+"."+sub.Name)...)
			}
		}
	}
	return violations
}

func deprecatedOption(f *Field, value, reason, at string) Violation {
	why, instead := "", "leave it empty, since all its options are"
	if reason != NoReason {
		why = " (" + reason + ")"
	}
	if offered := f.Options.Offered().Values(); len(offered) > 0 {
		instead = "choose one of " + strings.Join(offered, ", ")
	}
	return Violation{
		Field: at, Rule: "deprecated",
		Message:  fmt.Sprintf("%s is deprecated%s: %s", value, why, instead),
		Unquoted: fmt.Sprintf("has a deprecated option: %s", instead),
	}
}
