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

// keyed are the paths of an index with the sort keys in the place of texts: orders go by
// them, and filters as well.
func keyed(paths, collated []string) []string {
	paths = slices.Clone(paths)
	for i, path := range paths {
		name, descending := strings.CutPrefix(path, "-")
		if !slices.Contains(collated, name) {
			continue
		}
		if paths[i] = keyPath(name); descending {
			paths[i] = "-" + paths[i]
		}
	}
	return paths
}

// keyedIn adds to the filter of a query what the sort keys say of the texts that it
// looks for, if these are prepared. Unique ones of live records are found by themselves.
func (s *Store) keyedIn(e *schema.Entity, q core.Query) schema.Filter {
	d := s.declaredOf(e.Stored().Name)
	if d == nil {
		return q.Filter
	}
	first := ""
	if len(q.OrderBy) > 0 && q.OrderBy[0].Collated {
		first = q.OrderBy[0].Path
	}
	keys := schema.SortKeys{By: s.collation, At: func(path string, op schema.Op) (string, bool) {
		if !slices.Contains(d.collated, path) {
			return "", false
		}
		named := op == schema.OpEq || op == schema.OpIn
		return keyPath(path), !d.unique[path] || !named || q.Deleted
	}}
	return keys.Filter(q.Filter, first)
}
