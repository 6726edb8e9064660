package plugintest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/shopspring/decimal"
)

func (c *callbacks) Aggregate(_ context.Context, r *pluginpb.AggregateRequest) (*pluginpb.AggregateResponse, error) {
	e, err := c.entityOf(r.GetContext(), r.GetEntity())
	if err != nil {
		return &pluginpb.AggregateResponse{Error: toWire(err)}, nil
	}
	filter, err := c.filter(e, r.GetFilter())
	if err != nil {
		return &pluginpb.AggregateResponse{Error: toWire(err)}, nil
	}
	keys, measured, err := aggregated(e, r)
	if err != nil {
		return &pluginpb.AggregateResponse{Error: toWire(err)}, nil
	}
	answer := &pluginpb.AggregateResponse{}
	for _, records := range grouped(c.store.find(e, filter), keys) {
		group := &pluginpb.Group{Count: int64(len(records))}
		for _, key := range keys {
			group.Keys = append(group.Keys, encode(key.of(records[0])))
		}
		for i, m := range r.GetMeasures() {
			group.Values = append(group.Values, encode(measured[i].over(records, m.GetFunction())))
		}
		answer.Groups = append(answer.Groups, group)
	}
	return answer, nil
}

// leaf is a single value of a record.
type leaf struct {
	path  string
	field *schema.Field
}

func (l leaf) of(r *stored) any { return schema.Lookup(r.withSystem(), l.path) }

// grouped sorts records by their keys, and puts those with the same together.
// Without keys there is one group, even of no records.
func grouped(records []*stored, keys []leaf) [][]*stored {
	if len(keys) == 0 {
		return [][]*stored{records}
	}
	order := func(a, b *stored) int {
		for _, key := range keys {
			if n := cmp.Or(compare(key.field, key.of(a), key.of(b)), cmp.Compare(fmt.Sprint(key.of(a)), fmt.Sprint(key.of(b)))); n != 0 {
				return n
			}
		}
		return 0
	}
	slices.SortStableFunc(records, order)
	var groups [][]*stored
	for i, r := range records {
		if i == 0 || order(records[i-1], r) != 0 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], r)
	}
	return groups
}

// averageDigits is how many digits an average has after the point at most.
const averageDigits = 18

// over makes one value of those that the records have; nil of none.
func (l leaf) over(records []*stored, f pluginpb.Measure_Function) any {
	var values []any
	for _, r := range records {
		if value := l.of(r); value != nil {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	order := func(a, b any) int { return compare(l.field, a, b) }
	switch f {
	case pluginpb.Measure_MIN:
		return slices.MinFunc(values, order)
	case pluginpb.Measure_MAX:
		return slices.MaxFunc(values, order)
	}
	sum := decimal.Zero
	for _, value := range values {
		sum = sum.Add(number(value))
	}
	if f == pluginpb.Measure_SUM {
		return sum.String()
	}
	quotient, rest := sum.QuoRem(decimal.NewFromInt(int64(len(values))), averageDigits+1)
	// What the quotient lacks is less than its last digit, but more than a tie.
	quotient = quotient.Add(decimal.New(int64(rest.Sign()), -averageDigits-2))
	return quotient.RoundBank(averageDigits).String()
}

// maxKeys is how many fields may make a group.
const maxKeys = 3

// aggregated returns what is grouped by and measured, or all that is wrong
// with the question.
func aggregated(e *schema.Entity, r *pluginpb.AggregateRequest) (keys, measured []leaf, err error) {
	var violations schema.Violations
	add := func(at, rule, format string, args ...any) {
		violations = append(violations, schema.Violation{Field: at, Rule: rule, Message: fmt.Sprintf(format, args...)})
	}
	if n := len(r.GetBy()); n > maxKeys {
		add("by", "bound", "has %d keys; at most %d are allowed", n, maxKeys)
	}
	single := func(use, name string) leaf {
		l, rule, problem := leafOf(e, name)
		if problem != "" {
			add(use+"."+name, rule, "%s", problem)
		}
		return l
	}
	for _, name := range r.GetBy() {
		keys = append(keys, single("by", name))
	}
	for _, m := range r.GetMeasures() {
		use := strings.ToLower(m.GetFunction().String())
		at, l := use+"."+m.GetField(), single(use, m.GetField())
		measured = append(measured, l)
		money, isAmount := strings.CutSuffix(m.GetField(), ".amount")
		switch {
		case l.field == nil:
		case (use == "sum" || use == "avg") && l.field.Type != "integer" && l.field.Type != "decimal":
			add(at, "type", "must be a number, not of the type %s", l.field.Type)
		case (use == "min" || use == "max") && !slices.Contains(l.field.Kind().Operators(), schema.OpLt):
			add(at, "type", "must be of a type with an order, not %s", l.field.Type)
		case isAmount && e.Field(money).Type == "money" && !slices.Contains(r.GetBy(), money+".currency"):
			add(at, "currency", "would mix amounts of different currencies: group by %s.currency as well", money)
		}
	}
	if len(violations) > 0 {
		violations.Sort()
		return nil, nil, withViolations("The aggregate was not understood: some parts need attention.", violations)
	}
	return keys, measured, nil
}

// leafOf finds a field that has one value in each record: "state",
// "total.amount".
func leafOf(e *schema.Entity, name string) (l leaf, rule, problem string) {
	top, rest, inside := strings.Cut(name, ".")
	f := e.Field(top)
	if f == nil {
		return l, "unknown", "is no field"
	}
	path := f.StoragePath()
	for inside && f != nil && f.Type != "list" {
		top, rest, inside = strings.Cut(rest, ".")
		f, path = f.Sub(top), path+"."+top
	}
	switch {
	case f == nil:
		return l, "unknown", "is no field"
	case f.Type == "list":
		return l, "list", "has several values in a record"
	case len(f.Subs()) > 0:
		return l, "parts", fmt.Sprintf("is no single value: name one that lies in it, such as %s.%s", name, f.Subs()[0].Name)
	}
	return leaf{path, f}, "", ""
}
