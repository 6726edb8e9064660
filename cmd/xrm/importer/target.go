package importer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// target is where a value goes in a record: shipTo.city, addresses[1].street.
type target struct {
	path  string
	steps []step
	field *Field // the innermost one
}

// step is one name of a path.
type step struct {
	name  string
	list  bool
	index int // of the item; itsOwn for the item that the row is
}

const itsOwn = -1

var stepForm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9]*)(?:\[(\d{1,3})\])?$`)

// parseTarget finds the field that a path names. group is the list of which
// each row is an item, or "".
func parseTarget(e *Entity, path, group string) (target, error) {
	t := target{path: path}
	fields, inside := e.Fields, e.Name
	parts := strings.Split(path, ".")
	for i, part := range parts {
		form := stepForm.FindStringSubmatch(part)
		if form == nil {
			return t, fmt.Errorf("%q is no path of a field such as shipTo.city or addresses[0].city", path)
		}
		f := field(fields, form[1])
		if f == nil {
			return t, fmt.Errorf("%s has no field %q%s", inside, form[1], strictyaml.Suggest(form[1], names(fields)))
		}
		s := step{name: f.Name}
		last := i == len(parts)-1
		if f.Type == "list" && (form[2] != "" || !last || f.Of.Type == "object") {
			s.list = true
			s.index, _ = strconv.Atoi(form[2])
			if i == 0 && f.Name == group {
				s.index = itsOwn
			}
			f = f.Of
		} else if form[2] != "" {
			return t, fmt.Errorf("%s is no list", form[1])
		}
		t.steps, t.field = append(t.steps, s), f
		fields, inside = f.Fields, part
		if f.Type == "money" {
			fields = moneyParts
		}
	}
	if t.field.Type == "object" {
		return t, fmt.Errorf("%s is an object; name one of its fields, for example %s.%s", path, path, firstName(t.field.Fields))
	}
	return t, nil
}

// moneyParts lets a map take amount and currency from different columns.
var moneyParts = []*Field{{Name: "amount", Type: "decimal"}, {Name: "currency", Type: "text"}}

func firstName(fields []*Field) string {
	for _, name := range names(fields) {
		return name
	}
	return "name"
}

// ofRow says whether the value belongs to the item that a row is, and not to
// the whole record.
func (t target) ofRow() bool { return t.steps[0].index == itsOwn }

// put writes a value into a record's values; row is the place of the row
// within the record. The reason, which completes "<field> …", says why the
// value cannot be beside one that is there.
func (t target) put(values map[string]any, row int, value any) (reason string) {
	inside := values
	for i, s := range t.steps {
		last := i == len(t.steps)-1
		if !s.list {
			if last {
				inside[s.name], reason = merged(inside[s.name], value)
				return reason
			}
			inside = object(inside[s.name], func(o map[string]any) { inside[s.name] = o })
			continue
		}
		index := s.index
		if index == itsOwn {
			index = row
		}
		items, _ := inside[s.name].([]any)
		for len(items) <= index {
			items = append(items, nil)
		}
		inside[s.name] = items
		if last {
			items[index] = value
			return ""
		}
		inside = object(items[index], func(o map[string]any) { items[index] = o })
	}
	return ""
}

// merged keeps what is there of an amount of money whose currency comes from
// another column. A currency that the row says goes before the map's.
func merged(existing, value any) (any, string) {
	before, both := existing.(map[string]any)
	after, ok := value.(map[string]any)
	if both && ok {
		for name, part := range before {
			one, reason := merged(part, after[name])
			if reason != "" {
				return value, reason
			}
			after[name] = one
		}
		return after, ""
	}
	_, weak := value.(assumed)
	switch _, weaker := existing.(assumed); {
	case value == nil, weak && existing != nil:
		return existing, ""
	case existing == nil, weaker, existing == value:
		return value, ""
	}
	return value, fmt.Sprintf("has the currency %v here and %v in another column", value, existing)
}

func object(existing any, put func(map[string]any)) map[string]any {
	if o, ok := existing.(map[string]any); ok {
		return o
	}
	o := map[string]any{}
	put(o)
	return o
}

// withoutGaps leaves out the items of lists that no value was put into, and
// takes what was assumed for good.
func withoutGaps(value any) any {
	switch v := value.(type) {
	case assumed:
		return string(v)
	case map[string]any:
		for name, inner := range v {
			v[name] = withoutGaps(inner)
		}
	case []any:
		var kept []any
		for _, item := range v {
			if item != nil {
				kept = append(kept, withoutGaps(item))
			}
		}
		return kept
	}
	return value
}
