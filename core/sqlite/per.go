package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// pages reads a page for each key: with one statement where an index has the
// pages of all keys one beside the other, otherwise each for itself.
func (p *planner) pages(ctx context.Context) ([]*core.Record, error) {
	per, filter := p.query.Per, p.query.Filter
	p.query.Per = nil
	if !p.query.Deleted && !per.InList {
		p.query.Filter = schema.All(filter, p.ofKey(per, column("k.value")))
		at := (&statement{table: p.table}).records()
		all := conditionsOf(p.query)
		keys, after := at.varying(all, p.table.sortKeys(p.query), p.query.After)
		p.after = after
		if walk := at.walk(all, keys); walk != nil && len(walk.answers()) == len(all) {
			return p.together(ctx, per, *walk, all, keys)
		}
	}
	var found []*core.Record
	for _, key := range distinct(per.Keys) {
		p.query.Filter = schema.All(filter, p.ofKey(per, key))
		page, err := p.page(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
	}
	if per.InList {
		// One order makes the first that have a key its page, wherever else they stand.
		p.sort(found)
		found = slices.CompactFunc(found, func(a, b *core.Record) bool { return a.ID == b.ID })
	}
	return found, nil
}

// together reads the pages of all keys from an index that answers all there is.
func (p *planner) together(ctx context.Context, per *core.Per, m match, all []condition, keys []sortKey) ([]*core.Record, error) {
	s, at := p.statement(ctx)
	_, how := p.inside(s, at, m, all, keys)
	var parts []string
	for _, part := range s.after(keys, p.after) {
		parts = append(parts, "SELECT * FROM (SELECT t.seq AS seq FROM "+p.table.name+" AS t"+indexedBy(m.index)+
			whereAll(at.state(), append(how[:len(how):len(how)], part.condition)...)+orderBy(part.keys)+s.limit(p.query.First)+")")
	}
	page := strings.Join(parts, " UNION ALL ") + s.limit(p.query.First)
	text := "SELECT " + p.columns + " FROM " + s.each(per.Keys) + " AS k CROSS JOIN " + p.table.name + " AS t ON t.seq IN (" + page + ")" + orderBy(keys)
	if s.err != nil {
		return nil, s.err
	}
	return p.read(ctx, text, s.args)
}

// ofKey selects the records that belong to a key.
func (p *planner) ofKey(per *core.Per, key any) schema.Filter {
	field, _ := p.table.entity.At(per.Path)
	eq := schema.Filter{Path: per.Path, Op: schema.OpEq, Value: key, Field: field}
	if !per.InList {
		return eq
	}
	// The list is the first field on the path that is one.
	for end := range len(per.Path) + 1 {
		if end < len(per.Path) && per.Path[end] != '.' {
			continue
		}
		list, rest := per.Path[:end], strings.TrimPrefix(per.Path[end:], ".")
		if _, inside := p.table.entity.At(list); inside {
			eq.Path = rest
			return schema.Filter{Path: list, Op: schema.OpSome, Sub: &eq}
		}
	}
	return schema.Nothing()
}

// ofAny is the condition that a record belongs to any of the keys.
func (s *statement) ofAny(per *core.Per) string {
	_, _, has := s.perKey(per)
	if !per.InList {
		return has
	}
	return "t.seq IN (SELECT x.seq FROM " + s.table.terms + " AS x WHERE " + has + ")"
}

// perKey returns where the keys stand: the tables to read, the expression of
// the key, and the condition that it is one of those asked for.
func (s *statement) perKey(per *core.Per) (from, key, has string) {
	keys := "(SELECT value FROM " + s.each(per.Keys) + ")"
	if !per.InList {
		key = valueAt("t.", per.Path)
		return " FROM " + s.table.name + " AS t", key, key + " IN " + keys
	}
	if s.table.set(per.Path) == nil {
		s.fail("%s is no indexed path through a list", per.Path)
	}
	return " FROM " + s.table.terms + " AS x JOIN " + s.table.name + " AS t ON t.seq = x.seq", "x.value",
		"x.path = " + s.arg(per.Path) + " AND x.value IN " + keys
}

// each is the table of the keys, each once.
func (s *statement) each(keys []string) string {
	var list []any
	for _, key := range distinct(keys) {
		list = append(list, key)
	}
	text, err := encode(list)
	if err != nil {
		s.fail("%w", err)
	}
	return "json_each(" + s.arg(text) + ")"
}

func distinct(keys []string) []string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}
