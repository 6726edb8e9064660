package sqlite

import (
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// quantify translates some, none and every over the items of a list.
func (s *statement) quantify(f schema.Filter, at scope) string {
	if f.Sub == nil {
		return s.fail("%s %s has no filter of the items", f.Path, f.Op)
	}
	if role := at.roleOf(f); role != "" {
		return "(" + holds(at.record+".", role) + " = 1)"
	}
	switch f.Op {
	case schema.OpNone:
		some := f
		some.Op = schema.OpSome
		return "((" + s.quantify(some, at) + ") IS NOT TRUE)"
	case schema.OpEvery:
		return "(NOT EXISTS (" + s.items(f, at, true) + "))"
	}
	byItem := func() string { return "(EXISTS (" + s.items(f, at, false) + "))" }
	path, c, whole := s.byTerm(f, at)
	if path == "" {
		return byItem()
	}
	switch common := s.isCommon(path, c, at); {
	case common && whole && c.Op == schema.OpEq:
		return "(EXISTS (" + s.term(path, c, at) + " AND x.seq = " + at.record + ".seq))"
	case common:
		return byItem()
	}
	narrow := "(" + at.record + ".seq IN (" + s.term(path, c, at) + "))"
	if whole {
		return narrow
	}
	return "(" + narrow + " AND " + byItem() + ")"
}

// roleOf is the role that a filter asks a record to hold, or "".
func (at scope) roleOf(f schema.Filter) string {
	if at.item != "" || f.Path != schema.RolesField || f.Op != schema.OpSome || f.Sub == nil || f.Sub.Op != schema.OpEq || f.Sub.Path != "" {
		return ""
	}
	if name, _ := f.Sub.Value.(string); at.table.roles[name] {
		return name
	}
	return ""
}

func (s *statement) term(path string, c schema.Filter, at scope) string {
	return "SELECT x.seq FROM " + at.table.terms + " AS x WHERE x.path = " + s.arg(path) + " AND " + s.compare(c, "x.value")
}

// isCommon says whether many records have a term, as most parties are
// customers, or may have one, since they may refer to any of many.
func (s *statement) isCommon(path string, c schema.Filter, at scope) bool {
	switch c.Op {
	case schema.OpEq:
		return s.isMany("SELECT 1 FROM "+at.table.terms+" WHERE path = ?1 AND value = ?2", []any{path, bound(c.Value, c.Field)}, commonFrom)
	case schema.OpTo:
		return s.reachesMany(c)
	}
	return false
}

// items selects the items that match the inner filter, or do not.
func (s *statement) items(f schema.Filter, at scope, not bool) string {
	s.lists++
	item := "i" + strconv.Itoa(s.lists)
	where := s.where(*f.Sub, scope{table: at.table, item: item})
	if not {
		where = "(" + where + ") IS NOT TRUE"
	}
	return "SELECT 1 FROM " + at.items(f.Path) + " AS " + item + " WHERE " + where
}

// byTerm finds the comparison that a term of the list answers: whole says that
// it is all that is asked, otherwise it only narrows. The path is "" where no
// term helps.
func (s *statement) byTerm(f schema.Filter, at scope) (path string, c schema.Filter, whole bool) {
	if at.item != "" {
		return "", c, false
	}
	candidates := []schema.Filter{*f.Sub}
	if f.Sub.Op == "" && f.Sub.Or == nil && f.Sub.Not == nil {
		candidates = f.Sub.And
	}
	for _, c := range candidates {
		path := f.Path
		if c.Path != "" {
			path += "." + c.Path
		}
		if at.table.set(path) != nil && byValue(c.Op) {
			return path, c, len(candidates) == 1
		}
	}
	return "", c, false
}

// byValue says whether an operator selects values that an index finds.
func byValue(op schema.Op) bool {
	switch op {
	case schema.OpEq, schema.OpIn, schema.OpTo, schema.OpLt, schema.OpLte, schema.OpGt, schema.OpGte, schema.OpStartsWith:
		return true
	}
	return false
}

// search finds the records in which, of each term, one alternative begins a
// word. A term without alternatives is found nowhere.
func (s *statement) search(terms [][]string) []string {
	var conditions []string
	for _, alternatives := range terms {
		if len(alternatives) == 0 {
			return []string{"FALSE"}
		}
		conditions = append(conditions, "(t.seq IN ("+s.wordRanges(alternatives)+"))")
	}
	return conditions
}

// wordRanges selects the rows with a word that one of the alternatives begins.
func (s *statement) wordRanges(alternatives []string) string {
	var found []string
	for _, word := range alternatives {
		begins := "TRUE"
		if word != "" {
			begins = s.startsWith("x.value", "x.value", word)
		}
		found = append(found, "SELECT x.seq FROM "+s.table.terms+" AS x WHERE x.path = "+s.arg(wordsPath)+" AND "+begins)
	}
	// A UNION walks one range for each alternative, an OR all the words.
	return strings.Join(found, " UNION ALL ")
}

// hasWord asks a record for a word that one of the alternatives begins. What
// its words are only we know, and only a query asks: no index does.
func (s *statement) hasWord(alternatives []string, at scope) string {
	words := make([]any, len(alternatives))
	for i, word := range alternatives {
		words[i] = word
	}
	text, err := encode(words)
	if err != nil {
		return s.fail("%w", err)
	}
	return "(" + wordsFunction + "(" + s.arg(at.table.entity.Name) + ", " + at.record + ".doc, " + s.arg(text) + "))"
}
