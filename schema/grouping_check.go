package schema

import (
	"fmt"
	"slices"
	"strings"
)

// groupingCheck gathers what is wrong with a grouping.
type groupingCheck struct {
	entity     *Entity
	items      string
	violations Violations
}

func (c *groupingCheck) add(at, rule, format string, args ...any) {
	c.violations = append(c.violations, Violation{Field: at, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

func (c *groupingCheck) atMost(at, what string, have, most int) {
	if have > most {
		c.add(at, "bound", "has %d %s; at most %d are allowed", have, what, most)
	}
}

// lists returns the paths of the lists on the way to a path and at its end.
func (c *groupingCheck) lists(path string) []string {
	var found []string
	name, rest, _ := strings.Cut(path, ".")
	for f := c.entity.Stored().Field(name); f != nil; f = f.Sub(name) {
		if f.Type == "list" {
			found = append(found, strings.TrimSuffix(strings.TrimSuffix(path, rest), "."))
			f = f.Of
		}
		name, rest, _ = strings.Cut(rest, ".")
	}
	return found
}

// value returns the field at a path that has one value in each record, or in
// each item that is asked about.
func (c *groupingCheck) value(use, path string) *Field {
	name := c.entity.FromStorage(path)
	f, _ := c.entity.At(path)
	if f == nil {
		c.add(use+"."+name, "unknown", "is no field")
		return nil
	}
	if parts := f.Subs(); len(parts) > 0 {
		c.add(use+"."+name, "parts", "is no single value: name one that lies in it, such as %s.%s", name, parts[0].Name)
		return nil
	}
	switch lists := c.lists(path); {
	case len(lists) > 1:
		c.add(use+"."+name, "list", "lies in a list within a list")
	case len(lists) == 1 && lists[0] != c.items:
		c.add(use+"."+name, "list", "has several values in a record: take each by itself, with items: %s", c.entity.FromStorage(lists[0]))
	default:
		return f
	}
	return nil
}

// measure checks that a function can be asked of its field, unless that is
// none.
func (c *groupingCheck) measure(m Measure, by []Order) {
	if m.Field == nil {
		return
	}
	at := string(m.Func) + "." + c.entity.FromStorage(m.Path)
	switch m.Func {
	case Count:
		return
	case Sum, Avg:
		if m.Field.Type != "integer" && m.Field.Type != "decimal" {
			c.add(at, "type", "must be a number, not of the type %s", m.Field.Type)
		}
	case Min, Max:
		if !slices.Contains(m.Field.Kind().Operators(), OpLt) {
			c.add(at, "type", "must be of a type with an order, not %s", m.Field.Type)
		}
	default:
		c.add(at, "unknown", "is no measure; there are count, sum, avg, min, max")
	}
	money, isAmount := strings.CutSuffix(m.Path, ".amount")
	if f, _ := c.entity.At(money); !isAmount || f == nil || f.Type != "money" {
		return
	}
	currency := money + ".currency"
	if !slices.ContainsFunc(by, func(key Order) bool { return key.Path == currency }) {
		c.add(at, "currency", "would mix amounts of different currencies: group by %s as well", c.entity.FromStorage(currency))
	}
}
