package worktime

import (
	"slices"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// holidayList is holidays: DE-BE, or several in a list.
type holidayList []rule

// DecodeNode implements strictyaml.NodeDecoder.
func (h *holidayList) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	for _, item := range items {
		if known := regions(); !slices.Contains(known, item.Value) {
			d.Add(item, "the holidays of %q are not known%s; days of other places stand under closed", item.Value, suggest(item.Value, known))
			continue
		}
		*h = append(*h, holidaysOf(item.Value)...)
	}
}

// days are those on which nothing is open: {2026-05-15: "a day off", 12-24: Christmas Eve}.
type days struct {
	rules []rule
	dates []day // those of them that come once
}

// DecodeNode implements strictyaml.NodeDecoder.
func (c *days) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	d.EachEntry(node, func(key, value *yaml.Node) {
		r, err := parseRule(key.Value)
		switch {
		case err != nil:
			d.Add(key, "%v", err)
		case value.Kind != yaml.ScalarNode || value.ShortTag() == "!!null":
			d.Add(value, "a text is expected that says why it is closed, such as %s: Christmas Eve", key.Value)
		}
		if date, err := time.Parse(time.DateOnly, key.Value); err == nil {
			c.dates = append(c.dates, dayOf(date.Date()))
		}
		c.rules = append(c.rules, r)
	})
}

// openDays are dates with hours of their own, whatever else they are.
type openDays map[day][]span

// DecodeNode implements strictyaml.NodeDecoder.
func (o *openDays) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	*o = openDays{}
	d.EachEntry(node, func(key, value *yaml.Node) {
		date, err := time.Parse(time.DateOnly, key.Value)
		if err != nil {
			d.Add(key, "%q is no date; write for example 2026-12-19: [10:00-14:00]", key.Value)
		}
		(*o)[dayOf(date.Date())] = decodeSpans(d, value)
	})
}
