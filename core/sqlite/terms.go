package sqlite

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// wordsPath is where the words of the search stand among the terms: no field has
// this path.
const wordsPath = ""

// termSet is a path at which a record may have several values. Each is a row
// of the table of terms, which is to lists what an index is to single values.
type termSet struct {
	path      string
	field     *schema.Field // nil for the words
	signature string        // what the terms depend on besides the values
}

// term is one value at a path, as it is compared.
type term struct {
	path  string
	value any // string or int64
}

// termsOf lists the terms of a record, each once.
func (t *table) termsOf(sets []termSet, values map[string]any) map[term]bool {
	terms := map[term]bool{}
	for _, set := range sets {
		if set.field == nil {
			for _, word := range t.entity.SearchWords(values) {
				terms[term{wordsPath, word}] = true
			}
			continue
		}
		each(values, set.path, func(value any) {
			terms[term{set.path, bound(value, set.field)}] = true
		})
	}
	return terms
}

// each visits the single values at a path that leads through lists.
func each(value any, path string, visit func(any)) {
	switch v := value.(type) {
	case nil:
	case []any:
		for _, item := range v {
			each(item, path, visit)
		}
	case map[string]any:
		name, rest, _ := strings.Cut(path, ".")
		each(v[name], rest, visit)
	default:
		if path == "" {
			visit(value)
		}
	}
}

// missing lists as JSON, [[path, value], ...], the terms of a that are not
// among b; "" when there are none.
func missing(a, b map[term]bool) string {
	var list []any
	for t := range a {
		if !b[t] {
			list = append(list, []any{t.path, t.value})
		}
	}
	if list == nil {
		return ""
	}
	text, _ := encode(list) // paths and values come from what was encoded before
	return text
}

// wordsSignature lists the fields that the search looks into.
func wordsSignature(fields schema.Fields, prefix string) string {
	var paths []string
	for _, f := range fields {
		leaf, searched := f, f.Search
		if f.Type == "list" {
			leaf, searched = f.Of, searched || f.Of.Search
		}
		if searched {
			paths = append(paths, prefix+f.Name+":"+leaf.Type)
		}
		if leaf.Type == "object" {
			if inner := wordsSignature(leaf.Fields, prefix+f.Name+"."); inner != "" {
				paths = append(paths, inner)
			}
		}
	}
	slices.Sort(paths)
	return strings.Join(paths, " ")
}
