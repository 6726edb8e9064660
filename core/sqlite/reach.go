package sqlite

import (
	"context"
	"strconv"

	"github.com/openxrm/xrm/schema"
)

// How many records it takes to be many: so many that it is better to look at
// records in the order of the query, and ask each whether it is among them,
// than to begin with all of them.
const (
	commonFrom = 500

	// A count has no page that soon is full: who asks each record may have to
	// ask all of them.
	countFrom = 5000
)

// outlook is what a translation may look up, to choose between texts that
// find the same. The zero outlook knows no other tables, and nothing is many.
type outlook struct {
	tables map[string]*table
	count  func(selection string, args []any, most int) int // how many rows it has, but no more than most
}

// outlook counts with a connection. What cannot be counted is many: nobody
// begins with it.
func (s *Store) outlook(ctx context.Context, c *conn) outlook {
	return outlook{*s.tables.Load(), func(selection string, args []any, most int) int {
		var n int
		args = append(args[:len(args):len(args)], most)
		if _, err := c.row(ctx, "SELECT count(*) FROM ("+selection+" LIMIT ?"+strconv.Itoa(len(args))+")", args, &n); err != nil {
			return most
		}
		return n
	}}
}

func (s *statement) isMany(selection string, args []any, from int) bool {
	return s.count != nil && s.err == nil && s.count(selection, args, from) >= from
}

// to translates a comparison of the record that a reference points to. Few
// records are looked for first, and the index of the reference leads from them
// to those that refer to them; whether a record is one of many is asked of
// each by its id.
func (s *statement) to(f schema.Filter, reference string) string {
	text, _ := s.reach(f, reference)
	return text
}

func (s *statement) reach(f schema.Filter, reference string) (text string, many bool) {
	at := s.target(f)
	if s.err != nil {
		return "FALSE", false
	}
	selected := " FROM " + at.table.name + " AS " + at.record + " WHERE " + at.record + ".deleted_at IS NULL"
	if !f.Sub.IsZero() {
		selected += " AND " + s.where(at.table.keyed(*f.Sub), at)
	}
	id := at.record + ".id"
	if s.isMany("SELECT 1"+selected, s.args, s.manyFrom) {
		return "(EXISTS (SELECT 1" + selected + " AND " + id + " = " + reference + "))", true
	}
	// The plus takes the column's type from the id, as which the index of the
	// reference is not written.
	return "(" + reference + " IN (SELECT +" + id + selected + "))", false
}

// target is the scope of the records behind a reference.
func (s *statement) target(f schema.Filter) scope {
	if f.Sub == nil || f.To == nil {
		s.fail("%s %s has no filter of what it refers to", f.Path, f.Op)
		return scope{}
	}
	target := s.tables[f.To.Name]
	if target == nil {
		s.fail("the store was not prepared for the entity %q", f.To.Name)
	}
	s.reaches++
	return scope{table: target, record: "r" + strconv.Itoa(s.reaches)}
}

// reachesMany says of a comparison what reach would, and forgets its text.
func (s *statement) reachesMany(f schema.Filter) bool {
	forgotten := *s
	_, many := s.reach(f, "NULL")
	*s = forgotten
	return many
}
