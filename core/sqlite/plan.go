package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
)

// Farthest is how many records a page may look at.
//
// A page is looked for in two ways by turns: beginning with what a condition
// selects, if that is fewer than so many records, and in the order, among the
// first so many records. What one does not find soon the other one does, unless
// what is asked for has little to do with either; then nobody reads on for ever.
const Farthest = 50_000

// stretches are how far both go, the one after the other.
func (s *Store) stretches() []int { return []int{s.farthest / 100, s.farthest / 10, s.farthest} }

// planner finds the records of one page.
type planner struct {
	*Store
	conn  *conn
	table *table
	query core.Query
	which which
	after []any // where the page begins, by the keys that vary

	columns string    // what is read of a record
	reads   selection // and of its document
}

func (p *planner) page(ctx context.Context) ([]*core.Record, error) {
	if !p.query.Deleted {
		return p.find(ctx)
	}
	if len(p.query.OrderBy) == 0 || p.query.OrderBy[0].Path == "id" {
		p.which = both
		return p.find(ctx)
	}
	// An index has the ones or the others.
	found, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	p.which = gone
	deleted, err := p.find(ctx)
	if err != nil || len(deleted) == 0 {
		return found, err
	}
	found = append(found, deleted...)
	p.sort(found)
	return found[:min(len(found), p.query.First)], nil
}

// sort brings records of several statements into the order of the query.
func (p *planner) sort(records []*core.Record) {
	order := p.query.OrderBy
	slices.SortFunc(records, func(a, b *core.Record) int {
		n := schema.ComparePositions(p.table.collation, order, schema.Position(order, a.At), schema.Position(order, b.At))
		if p.query.Reverse {
			return -n
		}
		return n
	})
}

// statement begins one of the texts of the page.
func (p *planner) statement(ctx context.Context) (*statement, scope) {
	s := &statement{table: p.table, outlook: p.outlook(ctx, p.conn), manyFrom: commonFrom}
	at := s.records()
	at.which = p.which
	return s, at
}

func (p *planner) find(ctx context.Context) ([]*core.Record, error) {
	_, at := p.statement(ctx)
	all := conditionsOf(p.query)
	keys, after := at.varying(all, p.table.sortKeys(p.query), p.query.After)
	p.after = after
	walk := at.walk(all, keys)
	if walk != nil && len(walk.answers()) == len(all) {
		return p.exactly(ctx, *walk, all, keys)
	}
	promising := walk != nil && walk.answersKeys(all) // the page would be full if it went on as it began
	for _, rows := range p.stretches() {
		if !promising {
			if records, ok, err := p.narrowed(ctx, all, keys, rows, walk == nil); ok || err != nil {
				return records, err
			}
		}
		if walk == nil {
			continue
		}
		records, ended, err := p.walked(ctx, *walk, all, keys, rows)
		if ended || err != nil {
			return records, err
		}
		promising = len(records)*10 >= p.query.First
	}
	if promising {
		if records, ok, err := p.narrowed(ctx, all, keys, p.farthest, false); ok || err != nil {
			return records, err
		}
	}
	return nil, p.query.TooFar(p.table.entity, fmt.Sprintf("more than %d records", p.farthest), nil)
}

// narrowed reads the page from fewer than so many records that a condition
// selects, or, if need be, from all that there are; ok says whether it could.
func (p *planner) narrowed(ctx context.Context, all []condition, keys []sortKey, rows int, whole bool) (records []*core.Record, ok bool, err error) {
	s, at := p.statement(ctx)
	w, how, ok := s.few(at, all, rows)
	if !ok && whole {
		w = at.whole()
		if ok = s.isFew("SELECT 1"+at.begin(w, nil), rows); ok {
			how, _ = s.along(at, all, w, rows) // asks all of each record
		}
	}
	if !ok || s.err != nil {
		return nil, false, s.err
	}
	records, err = p.sorted(ctx, s, at, w, how, keys)
	return records, true, err
}

// whole is the way to all records.
func (at scope) whole() way {
	if at.which == gone {
		return way{from: indexedBy(at.table.deleted())}
	}
	return way{from: byRow}
}

// walk is the best index that has the order of the query, or nil.
func (at scope) walk(all []condition, keys []sortKey) *match {
	var best *match
	for _, i := range at.indexes() {
		if i.all && at.which != both {
			continue // it would lead past all the others
		}
		m := at.matched(i, all, keys)
		if m.ordered && (best == nil || len(m.answers()) > len(best.answers())) {
			best = &m
		}
	}
	return best
}

// exactly reads the page from an index that answers all there is.
func (p *planner) exactly(ctx context.Context, m match, all []condition, keys []sortKey) ([]*core.Record, error) {
	s, at := p.statement(ctx)
	w, how := p.inside(s, at, m, all, keys)
	return p.sorted(ctx, s, at, w, how, keys)
}

// inside translates the conditions for an index that has the order.
func (p *planner) inside(s *statement, at scope, m match, all []condition, keys []sortKey) (w way, how []string) {
	w = way{from: indexedBy(m.index), uses: m.answers()}
	how, _ = s.along(at, all, w, 0)
	if p.after != nil && len(how) > 0 {
		s.fromPosition(at, all, m, how, keys)
	}
	return w, how
}

// sorted reads the page from all that a way leads to.
func (p *planner) sorted(ctx context.Context, s *statement, at scope, w way, how []string, keys []sortKey) ([]*core.Record, error) {
	var texts []string
	from := " FROM " + p.table.name + " AS t" + w.from
	for _, part := range s.after(keys, p.after) {
		texts = append(texts, "SELECT "+p.columns+from+whereAll(at.state(), append(how[:len(how):len(how)], part.condition)...)+orderBy(part.keys)+s.limit(p.query.First))
	}
	text := texts[0]
	if len(texts) > 1 {
		// SQLite answers a UNION ALL part by part, and does not begin the next
		// when those before have filled the page.
		text = "SELECT * FROM (" + strings.Join(texts, ") UNION ALL SELECT * FROM (") + ")" + s.limit(p.query.First)
	}
	if s.err != nil {
		return nil, s.err
	}
	return p.read(ctx, text, s.args)
}

// walked reads the page from the first so many records of an index that has
// the order. It has ended when the page is full, or there are no more.
func (p *planner) walked(ctx context.Context, m match, all []condition, keys []sortKey, rows int) (records []*core.Record, ended bool, err error) {
	for n := 0; ; n++ {
		s, at := p.statement(ctx)
		w, how := p.inside(s, at, m, all, keys)
		parts := s.after(keys, p.after)
		if n == len(parts) {
			return records, true, s.err
		}
		uses, rest := at.state(), []string(nil)
		for i, text := range how {
			if slices.Contains(w.uses, i) {
				uses = append(uses, text)
			} else {
				rest = append(rest, text)
			}
		}
		from := " FROM " + p.table.name + " AS t" + w.from + whereAll(uses, parts[n].condition) + orderBy(parts[n].keys)
		text := "SELECT " + p.columns + " FROM (SELECT t.*" + from + s.limit(rows) + ") AS t" + whereAll(rest) + s.limit(p.query.First-len(records))
		if s.err != nil {
			return nil, false, s.err
		}
		found, err := p.read(ctx, text, s.args)
		records = append(records, found...)
		if err != nil || len(records) == p.query.First {
			return records, true, err
		}
		if s.args = s.args[:len(s.args)-2]; !s.isFew("SELECT 1"+from, rows) {
			return records, false, nil
		}
	}
}

func (p *planner) read(ctx context.Context, text string, args []any) ([]*core.Record, error) {
	var records []*core.Record
	request := budget.From(ctx)
	err := p.conn.query(ctx, text, args, func(rows *sql.Rows) error {
		r, held, err := p.table.scan(rows, p.reads)
		records = append(records, r)
		return cmp.Or(err, request.Take(held))
	})
	return records, err
}
