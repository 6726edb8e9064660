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
	switch f.Op {
	case schema.OpNone:
		some := f
		some.Op = schema.OpSome
		return "((" + s.quantify(some, at) + ") IS NOT TRUE)"
	case schema.OpEvery:
		return "(NOT EXISTS (" + s.items(f, at, true) + "))"
	}
	narrow, whole := s.byTerm(f, at)
	switch {
	case narrow == "":
		return "(EXISTS (" + s.items(f, at, false) + "))"
	case whole:
		return narrow
	}
	return "(" + narrow + " AND EXISTS (" + s.items(f, at, false) + "))"
}

// items selects the items that match the inner filter, or do not.
func (s *statement) items(f schema.Filter, at scope, not bool) string {
	s.lists++
	item := "i" + strconv.Itoa(s.lists)
	where := s.where(*f.Sub, scope{item})
	if not {
		where = "(" + where + ") IS NOT TRUE"
	}
	return "SELECT 1 FROM " + at.items(f.Path) + " AS " + item + " WHERE " + where
}

// byTerm finds records by the terms of a list: whole says that the terms
// decide alone, otherwise they only narrow. It is "" where no term helps.
func (s *statement) byTerm(f schema.Filter, at scope) (found string, whole bool) {
	if at.item != "" {
		return "", false
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
		if set := s.table.set(path); set == nil || !byValue(c.Op) {
			continue
		}
		return "(t.seq IN (SELECT x.seq FROM " + s.table.terms + " AS x WHERE x.path = " + s.arg(path) + " AND " + s.compare(c, "x.value") + "))", len(candidates) == 1
	}
	return "", false
}

// byValue says whether an operator selects values that an index finds.
func byValue(op schema.Op) bool {
	switch op {
	case schema.OpEq, schema.OpIn, schema.OpLt, schema.OpLte, schema.OpGt, schema.OpGte, schema.OpStartsWith:
		return true
	}
	return false
}

// search finds the records in which, of each term, one alternative begins a
// word. A term without alternatives is found nowhere.
func (s *statement) search(terms [][]string) []string {
	var conditions []string
	for _, alternatives := range terms {
		var found []string
		for _, word := range alternatives {
			begins := "TRUE"
			if word != "" {
				begins = s.startsWith("x.value", word)
			}
			found = append(found, "SELECT x.seq FROM "+s.table.terms+" AS x WHERE x.path = "+s.arg(wordsPath)+" AND "+begins)
		}
		if found == nil {
			return []string{"FALSE"}
		}
		// A UNION walks one range for each alternative, an OR all the words.
		conditions = append(conditions, "(t.seq IN ("+strings.Join(found, " UNION ALL ")+"))")
	}
	return conditions
}
