package record

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// An aggregate is bounded, since a client writes it.
const (
	defaultGroups = 1000
	maxGroups     = 10_000
	maxKeys       = 3
	maxMeasures   = 20
)

// completed fills in what an aggregate leaves open, or returns every reason
// why it makes no sense, by paths as the caller knows them:
// "sum.creditLimit.amount".
func completed(e *schema.Entity, q core.Aggregate) (core.Aggregate, error) {
	c := aggregateCheck{entity: e, items: q.Items}
	if q.Limit == 0 {
		q.Limit = defaultGroups
	}
	if q.Limit < 1 || q.Limit > maxGroups {
		c.add("limit", "bound", "must be between 1 and %d, not %d", maxGroups, q.Limit)
	}
	c.atMost("by", "keys", len(q.By), maxKeys)
	c.atMost("measures", "measures", len(q.Measures), maxMeasures)
	if q.Items != "" && !slices.Equal(c.lists(q.Items), []string{q.Items}) {
		c.add("items", "list", "must be a list of the record, not %s", e.FromStorage(q.Items))
	}
	q.By, q.Measures = slices.Clone(q.By), slices.Clone(q.Measures)
	for i, key := range q.By {
		q.By[i].Field = c.value("by", key.Path)
	}
	for i, m := range q.Measures {
		m.Field = c.value(string(m.Func), m.Path)
		c.measure(m, q.By)
		q.Measures[i] = m
	}
	if len(c.violations) == 0 {
		return q, nil
	}
	c.violations.Sort()
	return q, &core.Error{Code: core.Invalid, Message: "The aggregate was not understood: some parts need attention.", Violations: c.violations}
}

type aggregateCheck struct {
	entity     *schema.Entity
	items      string
	violations schema.Violations
}

func (c *aggregateCheck) add(at, rule, format string, args ...any) {
	c.violations = append(c.violations, schema.Violation{Field: at, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

func (c *aggregateCheck) atMost(at, what string, have, most int) {
	if have > most {
		c.add(at, "bound", "has %d %s; at most %d are allowed", have, what, most)
	}
}

// lists returns the paths of the lists on the way to a path and at its end.
func (c *aggregateCheck) lists(path string) []string {
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
func (c *aggregateCheck) value(use, path string) *schema.Field {
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
func (c *aggregateCheck) measure(m core.Measure, by []core.Order) {
	if m.Field == nil {
		return
	}
	at := string(m.Func) + "." + c.entity.FromStorage(m.Path)
	switch m.Func {
	case core.Count:
		return
	case core.Sum, core.Avg:
		if m.Field.Type != "integer" && m.Field.Type != "decimal" {
			c.add(at, "type", "must be a number, not of the type %s", m.Field.Type)
		}
	case core.Min, core.Max:
		if !slices.Contains(m.Field.Kind().Operators(), schema.OpLt) {
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
	if !slices.ContainsFunc(by, func(key core.Order) bool { return key.Path == currency }) {
		c.add(at, "currency", "would mix amounts of different currencies: group by %s as well", c.entity.FromStorage(currency))
	}
}
