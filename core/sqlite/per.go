package sqlite

import (
	"strings"

	"github.com/openxrm/xrm/core"
)

// findPer numbers the records of each key in the order of the query and takes
// the first ones of each.
func (s *statement) findPer(q core.Query, keys []sortKey) string {
	conditions := s.conditions(q)
	var after []string
	for _, p := range s.after(keys, q.After) {
		if p.condition != "" {
			after = append(after, p.condition)
		}
	}
	if len(after) > 0 {
		conditions = append(conditions, "("+strings.Join(after, " OR ")+")")
	}
	from, key, has := s.perKey(q.Per)
	conditions = append(conditions, has)
	if q.First < 0 && !q.Per.InList {
		return "SELECT " + columns(q) + from + whereAll(conditions) + orderBy(keys)
	}
	place := "row_number() OVER (PARTITION BY " + key + orderBy(keys) + ") AS place"
	numbered := "SELECT t.seq AS seq, " + place + from + whereAll(conditions)
	within := ""
	if q.First >= 0 {
		within = " WHERE place <= " + s.arg(q.First)
	}
	// A record may stand in several lists; here it comes once.
	return "SELECT " + columns(q) + " FROM " + s.table.name + " AS t WHERE t.seq IN (SELECT seq FROM (" + numbered + ")" + within + ")" + orderBy(keys)
}

// perKey returns where the keys stand: the tables to read, the expression of
// the key, and the condition that it is one of those asked for.
func (s *statement) perKey(per *core.Per) (from, key, has string) {
	list := make([]any, len(per.Keys))
	for i, k := range per.Keys {
		list[i] = k
	}
	if !per.InList {
		key = valueAt("t.", per.Path)
		return " FROM " + s.table.name + " AS t", key, key + " IN " + s.list(list)
	}
	if s.table.set(per.Path) == nil {
		s.fail("%s is no indexed path through a list", per.Path)
	}
	return " FROM " + s.table.terms + " AS x JOIN " + s.table.name + " AS t ON t.seq = x.seq", "x.value",
		"x.path = " + s.arg(per.Path) + " AND x.value IN " + s.list(list)
}
