package schema

import "strings"

// SortKeys are the keys of a Collation that a store keeps beside the texts of its
// records, with indexes over them.
type SortKeys struct {
	By *Collation

	// At is the path of the key of the text at a path, or "" where none is kept. Alone
	// says that no index of the text itself serves an operator.
	At func(path string, op Op) (key string, alone bool)
}

// Filter adds to the comparisons of texts in a filter what the keys of these say, so
// that their indexes find them. What it selects stays the same: texts that differ may
// have the same key. Of a list order is the path in whose order it is, if any: then a
// page need not look at what lies before.
func (k SortKeys) Filter(f Filter, order string) Filter {
	switch {
	case f.IsZero() || f.Not != nil:
		return f
	case f.Or != nil:
		either := make([]Filter, len(f.Or))
		for i, one := range f.Or {
			either[i] = k.Filter(one, order)
		}
		f.Or = either
		return f
	}
	all := f.Parts()
	parts := k.between(all)
	for _, one := range all {
		if one.Or != nil {
			one = k.Filter(one, order)
		}
		parts = append(append(parts, one), k.of(one, order)...)
	}
	return All(parts...)
}

// of is what the key says of the text that a comparison selects.
func (k SortKeys) of(f Filter, order string) []Filter {
	if f.Path == "" {
		return nil
	}
	at, alone := k.At(f.Path, f.Op)
	text, isText := f.Value.(string)
	key := Filter{Path: at, Field: f.Field, Op: f.Op}
	switch {
	case at == "":
		return nil
	case f.Op == OpStartsWith && isText && (alone || f.Path == order):
		return k.beginning(key, text, false)
	case (f.Op == OpStartsWithAnyCase || f.Op == OpEqAnyCase) && isText:
		return k.beginning(key, text, true)
	case !alone:
		return nil
	case f.Op == OpEq && isText:
		key.Value = k.By.Key(text)
	case f.Op == OpIn:
		list, _ := f.Value.([]any)
		keys := make([]any, 0, len(list))
		for _, one := range list {
			if text, isText := one.(string); isText {
				keys = append(keys, k.By.Key(text))
			}
		}
		key.Value = keys
	case f.Op == OpIsNull && f.Value == true: // what is there but no text has no key either
		key.Value = true
	default:
		return nil
	}
	return []Filter{key}
}

// beginning is the stretch of keys of the texts that begin with one.
func (k SortKeys) beginning(key Filter, text string, anyCase bool) []Filter {
	from, to, ok := k.By.Beginning(text, anyCase)
	if !ok {
		return nil
	}
	end := key
	key.Op, key.Value = OpGte, from
	end.Op, end.Value = OpLt, to
	return []Filter{key, end}
}

// between is what the keys say of texts that lie between two: in the order of bytes all
// of these begin with what both have in common.
func (k SortKeys) between(all []Filter) (parts []Filter) {
	for _, least := range all {
		from, isText := least.Value.(string)
		if !isText || least.Op != OpGt && least.Op != OpGte {
			continue
		}
		at, alone := k.At(least.Path, least.Op)
		for _, most := range all {
			to, isText := most.Value.(string)
			if alone && isText && most.Path == least.Path && (most.Op == OpLt || most.Op == OpLte) {
				parts = append(parts, k.beginning(Filter{Path: at, Field: least.Field}, inCommon(from, to), false)...)
			}
		}
	}
	return parts
}

// inCommon is what two texts begin with.
func inCommon(a, b string) string {
	for i, r := range a {
		if !strings.HasPrefix(b[min(i, len(b)):], string(r)) {
			return a[:i]
		}
	}
	return a
}
