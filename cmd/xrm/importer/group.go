package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
)

// maxAhead is how many rows that cannot be read are looked past to find out
// whether the record goes on behind them.
const maxAhead = 1000

// grouper makes records of rows: one of each, or one of all consecutive rows
// with the same key.
type grouper struct {
	plan  *plan
	table *table.Reader
	ahead []table.Row
}

func newGrouper(p *plan, t *table.Reader) *grouper {
	return &grouper{plan: p, table: t}
}

// next returns io.EOF behind the last record.
func (g *grouper) next() (*record, error) {
	row, err := g.row()
	if err != nil {
		return nil, err
	}
	r := &record{rows: []table.Row{row}, key: g.key(row)}
	for g.plan.group != "" {
		more, err := g.goesOn(r)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	g.plan.convert(r)
	return r, nil
}

func (g *grouper) row() (table.Row, error) {
	if len(g.ahead) == 0 {
		return g.table.Next()
	}
	row := g.ahead[0]
	g.ahead = g.ahead[1:]
	return row, nil
}

// goesOn adds the next rows to a record if they are of it. A row that cannot
// be read is, when it lies between rows of the record or mentions its key:
// a record that lacks a row must not get in.
func (g *grouper) goesOn(r *record) (bool, error) {
	var unread []table.Row
	for {
		row, err := g.row()
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if err == nil && len(row.Faults) > 0 && len(unread) < maxAhead && !mentions(row, r.key) {
			unread = append(unread, row)
			continue
		}
		if err == nil && g.isOf(row, r) {
			r.rows = append(append(r.rows, unread...), row)
			return true, nil
		}
		if err == nil {
			unread = append(unread, row)
		}
		g.ahead = append(unread, g.ahead...)
		return false, nil
	}
}

func (g *grouper) isOf(row table.Row, r *record) bool {
	if len(row.Faults) > 0 {
		return mentions(row, r.key)
	}
	key := g.key(row)
	if r.key == "" && len(r.rows[0].Faults) > 0 && mentions(r.rows[0], key) {
		r.key = key
	}
	return key != "" && key == r.key
}

// mentions says whether a row that cannot be read has a key in it.
func mentions(row table.Row, key string) bool {
	if key == "" {
		return false
	}
	return slices.Contains(row.Cells, key) || len(row.Cells) == 1 && strings.Contains(row.Cells[0], key)
}

// key is the value of a row's key as a text.
func (g *grouper) key(row table.Row) string {
	if g.plan.key == nil || len(row.Faults) > 0 {
		return ""
	}
	value, _ := g.plan.key.read(row.Cells)
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
