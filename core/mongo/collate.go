package mongo

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// keyPath is where the sort key of the text at a path stands.
func keyPath(path string) string { return sortField + "." + path }

// sortingKeys are those of one record. Each has a path of its own, so that an
// instance that knows of fewer leaves the others alone.
type sortingKeys struct {
	set   bson.D
	unset []string
}

func (s *Store) keysOf(e *schema.Entity, values map[string]any) sortingKeys {
	known, _ := s.declared.Load(e.Stored().Name)
	d, _ := known.(*declared)
	if d == nil {
		return sortingKeys{}
	}
	return keysAt(d.collated, s.collation, values)
}

func keysAt(paths []string, by *schema.Collation, values map[string]any) (k sortingKeys) {
	for _, path := range paths {
		if text, isText := schema.Lookup(values, path).(string); isText {
			k.set = append(k.set, bson.E{Key: keyPath(path), Value: by.Key(text)})
		} else {
			k.unset = append(k.unset, keyPath(path))
		}
	}
	return k
}

// whole is the field of a new document that holds the keys.
func (k sortingKeys) whole() bson.D {
	var whole bson.D
	within := map[string]bson.D{}
	for _, e := range k.set {
		first, rest, inside := strings.Cut(strings.TrimPrefix(e.Key, sortField+"."), ".")
		if inside {
			within[first] = append(within[first], bson.E{Key: rest, Value: e.Value})
		} else {
			whole = append(whole, bson.E{Key: first, Value: e.Value})
		}
	}
	for name, keys := range within {
		whole = append(whole, bson.E{Key: name, Value: keys})
	}
	if whole == nil {
		return nil
	}
	return bson.D{{Key: sortField, Value: whole}}
}

// orders are the indexes for one that is declared: a filter fixes texts, an order
// goes by their keys, so there is one for each way in which the first fields are
// fixed and the others ordered.
func orders(paths, collated []string) [][]string {
	var all [][]string
	for fixed := range paths {
		ordered := slices.Clone(paths)
		for i := fixed; i < len(paths); i++ {
			name, descending := strings.CutPrefix(paths[i], "-")
			if !slices.Contains(collated, name) {
				continue
			}
			if ordered[i] = keyPath(name); descending {
				ordered[i] = "-" + ordered[i]
			}
		}
		all = append(all, ordered)
	}
	return all // with repeats
}

// stretch is what the sort keys say of texts that begin with another one, where a
// list is in their order: then a page need not look at what lies before. What begins
// with a text of any case is found by an index.
func stretch(q core.Query, by *schema.Collation, collated []string) bson.D {
	var parts []bson.D
	for _, f := range q.Filter.Parts() {
		text, isText := f.Value.(string)
		anyCase := f.Op == schema.OpStartsWithAnyCase || f.Op == schema.OpEqAnyCase
		inOrder := f.Op == schema.OpStartsWith && len(q.OrderBy) > 0 && q.OrderBy[0].Collated && q.OrderBy[0].Path == f.Path
		if !isText || !inOrder && (!anyCase || !slices.Contains(collated, f.Path)) {
			continue
		}
		if from, to, ok := by.Beginning(text, anyCase); ok {
			parts = append(parts, bson.D{{Key: keyPath(f.Path), Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}}})
		}
	}
	return allOf(parts...)
}
