package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// A query's filter is bounded, since a client writes it: more would cost a
// store more than an answer is worth. A rule is not, since an administrator
// writes it.
const (
	maxComparisons = 200
	maxDepth       = 20 // filters inside one another
	maxReaches     = 5  // references that are reached over; each costs a query
)

// filterParser turns {and: [{country: {eq: DE}}]} into a Filter.
type filterParser struct {
	model      *Model
	anyField   bool // also fields without an index
	rule       bool // no bounds, and variables
	violations Violations

	comparisons, reaches, depth int
}

// ParseFilter reads a filter as it is written in GraphQL, in a role's file or
// by a plugin. It reports every violation by its path. Only fields that
// CanFilter allows may be used, unless anyField is set. A text that starts
// with $ becomes a Var when anyField is set.
func (m *Model) ParseFilter(e *Entity, raw map[string]any, anyField bool) (Filter, error) {
	p := &filterParser{model: m, anyField: anyField, rule: anyField}
	f := p.entity(e, raw, "filter")
	if !anyField {
		p.bound("comparisons", p.comparisons, maxComparisons)
		p.bound("references that it reaches over", p.reaches, maxReaches)
	}
	return f, p.violations.Err()
}

// ParseGuard reads a filter that is held against one record which is at hand:
// any field will do, with an index or without, but nothing behind a reference.
func (m *Model) ParseGuard(e *Entity, raw map[string]any) (Filter, error) {
	p := &filterParser{model: m, anyField: true}
	f := p.entity(e, raw, "guard")
	p.bound("comparisons", p.comparisons, maxComparisons)
	if p.reaches > 0 {
		p.add("guard", "reach", "reaches over a reference; it can only look at the record itself")
	}
	return f, p.violations.Err()
}

func (p *filterParser) bound(what string, have, most int) {
	if have > most {
		p.add("filter", "bound", fmt.Sprintf("has %d %s; at most %d are allowed", have, what, most))
	}
}

func (p *filterParser) add(at, rule, message string) {
	p.violations = append(p.violations, Violation{Field: at, Rule: rule, Message: message})
}

func (p *filterParser) entity(e *Entity, raw map[string]any, at string) Filter {
	anyField := p.anyField || e.Stored().Filterable == "all"
	return p.object(raw, at, append(e.fieldNames(), fieldNames(SystemFields)...), func(name string) *Field {
		f := e.Field(name)
		if f != nil && !anyField && !e.CanFilter(f) && !holdsObjects(f) {
			p.add(at+"."+name, "indexed", noIndex)
		}
		return f
	}, anyField)
}

const noIndex = "cannot be filtered by: it has no index (add index: true to the field, or filterable: all to the entity)"

// holdsObjects says whether the filter goes on to fields with indexes of
// their own.
func holdsObjects(f *Field) bool {
	return f.Type == "object" || f.Type == "list" && f.Of.Type == "object"
}

// object parses and, or, not and the fields of an entity or object.
func (p *filterParser) object(raw map[string]any, at string, known []string, field func(string) *Field, anyField bool) Filter {
	if p.depth++; p.depth > maxDepth && !p.rule {
		p.add(at, "bound", fmt.Sprintf("lies in more than %d filters inside one another", maxDepth))
		return Filter{}
	}
	defer func() { p.depth-- }()
	var all []Filter
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		value, here := raw[key], at+"."+key
		switch key {
		case "and", "or":
			list, ok := value.([]any)
			if !ok {
				p.add(here, "type", "must be a list of filters, not "+show(value))
				continue
			}
			parts := []Filter{}
			for i, item := range list {
				parts = append(parts, p.object(p.asObject(item, index(here, i)), index(here, i), known, field, anyField))
			}
			if key == "and" {
				all = append(all, All(parts...))
			} else {
				all = append(all, Any(parts...))
			}
		case "not":
			inner := p.object(p.asObject(value, here), here, known, field, anyField)
			all = append(all, Filter{Not: &inner})
		default:
			f := field(key)
			if f == nil {
				p.add(here, "unknown", "is no field"+suggestOf(key, known))
				continue
			}
			all = append(all, p.field(f, f.StoragePath(), p.asObject(value, here), here, anyField))
		}
	}
	return All(all...)
}

// suggestOf suggests the nearest word or, where there are few, all of them.
func suggestOf(word string, known []string) string {
	if near := strictyaml.Suggest(word, known); near != "" || len(known) > 5 {
		return near
	}
	return "; there are " + strings.Join(known, ", ")
}

// field parses {eq: ..., in: [...]} of one field, or the filter of what lies
// inside: the parts of an object, the items of a list, the record referred to.
func (p *filterParser) field(f *Field, path string, raw map[string]any, at string, anyField bool) Filter {
	var all []Filter
	operators := f.Kind().Operators()
	inner := map[string]any{}
	raw, anyCase := p.caseIgnored(f, raw, at)
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		op := Op(key)
		if !slices.Contains(operators, op) {
			inner[key] = raw[key]
			continue
		}
		all = append(all, p.ignoring(anyCase, p.comparison(f, path, op, raw[key], at+"."+key, anyField), at+"."+key))
	}
	if len(inner) == 0 {
		return All(all...)
	}
	switch target := p.model.Entity(f.To); {
	case f.Type == "reference" && target != nil:
		p.reaches++
		sub := p.entity(target, inner, at)
		all = append(all, Filter{Path: path, Op: OpTo, Field: f, Sub: &sub, To: target.Stored()})
	case len(f.Subs()) > 0:
		sub := p.object(inner, at, fieldNames(f.Subs()), func(name string) *Field {
			sub := f.Sub(name)
			if sub != nil && !anyField && !sub.Indexed() && !holdsObjects(sub) {
				p.add(at+"."+name, "indexed", noIndex)
			}
			return sub
		}, anyField)
		all = append(all, under(path, sub))
	default:
		for _, key := range slices.Sorted(maps.Keys(inner)) {
			p.add(at+"."+key, "unknown", "is no operator of "+f.Type+"; there are "+strings.Join(opNames(operators), ", "))
		}
	}
	return All(all...)
}

func (p *filterParser) comparison(f *Field, path string, op Op, raw any, at string, anyField bool) Filter {
	c := Filter{Path: path, Op: op, Field: f}
	p.comparisons++
	switch op {
	case OpSome, OpNone, OpEvery:
		sub := p.field(f.Of, "", p.asObject(raw, at), at, anyField)
		c.Sub = &sub
	case OpMatches:
		return p.phoneMatch(f, path, raw, at)
	case OpDangling:
		return p.dangling(f, path, raw, at)
	case OpIsNull:
		v, ok := raw.(bool)
		if !ok {
			p.add(at, "type", "must be true or false, not "+show(raw))
		}
		c.Value = v
		if always := f.always(); always != nil && path != "" {
			c.Path, c.Field = path+"."+always.Name, always
		}
	case OpIn, OpNotIn:
		list, ok := raw.([]any)
		if !ok {
			p.add(at, "type", "must be a list, not "+show(raw))
		}
		values := []any{}
		for i, item := range list {
			values = append(values, p.operand(f, op, item, index(at, i)))
		}
		c.Value = values
	default:
		c.Value = p.operand(f, op, raw, at)
	}
	return c
}

// dangling selects the references that lead to no living record, or all others. Whether
// that one still holds a role does not matter, as where the reference is followed.
func (p *filterParser) dangling(f *Field, path string, raw any, at string) Filter {
	want, ok := raw.(bool)
	target := p.model.Entity(f.To)
	if !ok || target == nil {
		p.add(at, "type", "must be true or false, not "+show(raw))
		return Filter{}
	}
	p.reaches++
	to := *f
	to.To = target.Stored().Name
	leads := Filter{Path: path, Op: OpTo, Field: &to, Sub: &Filter{}, To: target.Stored()}
	dangles := Filter{Not: &leads}
	if path != "" { // an item of a list is there
		dangles = All(Filter{Path: path, Op: OpIsNull, Value: false, Field: f}, dangles)
	}
	if !want {
		return Filter{Not: &dangles}
	}
	return dangles
}

// operand brings a value to compare with into the canonical form. The limits
// of the field do not hold for it: revenue > -1 is a fair question.
func (p *filterParser) operand(f *Field, op Op, raw any, at string) any {
	if s, ok := raw.(string); ok && p.rule && strings.HasPrefix(s, "$") {
		if f.Type != "text" && f.Type != "reference" {
			p.add(at, "type", "cannot be "+s+", which is a text or the id of a record, not of type "+f.Type)
		}
		return Var(s[1:])
	}
	free := *f
	free.Min, free.Max, free.Scale = nil, nil, nil
	equality := slices.Contains([]Op{OpEq, OpNe, OpIn, OpNotIn}, op)
	if !equality && slices.Contains([]string{"email", "url", "country", "language"}, f.Type) {
		free.Type = "text" // a part of an address is no address; but to be equal to no address is a mistake
		if s, ok := raw.(string); ok && f.Type == "email" {
			raw = decodedHosts(strings.ToLower(s))
		} else if ok && f.Type == "url" {
			raw = decodedHosts(s)
		}
	}
	if raw == nil {
		p.add(at, "type", "must not be null; to select missing values write {isNull: true}")
		return nil
	}
	value, err := free.Kind().Parse(&free, raw, Scope{Compared: true})
	if err != nil {
		p.add(at, "type", err.Error())
	}
	return value
}

func (p *filterParser) asObject(raw any, at string) map[string]any {
	object, ok := raw.(map[string]any)
	switch {
	case raw == nil:
		// Dropping it would select more than was asked for.
		p.add(at, "type", "must be an object, not null; to select missing values write {isNull: true}")
	case !ok:
		p.add(at, "type", "must be an object such as {eq: ...}, not "+show(raw))
	case len(object) == 0 && p.anyField:
		p.add(at, "type", "is empty; say what it is compared with, such as {eq: ...}")
	}
	return object
}

// under moves a filter from inside an object to the object's holder. What is
// inside the items of a list stays relative to the items.
func under(path string, f Filter) Filter {
	if f.Op != "" {
		if path != "" {
			f.Path = strings.TrimSuffix(path+"."+f.Path, ".")
		}
		return f
	}
	move := func(list []Filter) []Filter {
		if list == nil {
			return nil
		}
		moved := []Filter{}
		for _, one := range list {
			moved = append(moved, under(path, one))
		}
		return moved
	}
	f.And, f.Or = move(f.And), move(f.Or)
	if f.Not != nil {
		inner := under(path, *f.Not)
		f.Not = &inner
	}
	return f
}

func opNames(ops []Op) []string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = string(op)
	}
	return names
}

func fieldNames(fields Fields) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}
