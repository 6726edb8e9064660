package mongo

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Farthest is how many records a page may look at.
//
// MongoDB chooses a plan and has no number at which it stops. So a page that no
// index answers alone is looked for behind a $limit: it begins with what a
// condition selects, if that is fewer than so many records, and with the first
// so many in the order, by turns.
const Farthest = 50_000

// stretches are how far both go, the one after the other.
func (s *Store) stretches() []int {
	return []int{max(1, s.farthest/100), max(1, s.farthest/10), s.farthest}
}

// planner finds the records of one page.
type planner struct {
	*Store
	e     *schema.Entity
	query core.Query

	indexes  *declared // nil as long as they are not prepared: then the server plans
	selected bson.D    // by the filter and the search
	after    bson.D    // by where the page begins
	order    bson.D
}

func (p *planner) page(ctx context.Context) ([]*core.Record, error) {
	if p.indexes == nil {
		return p.plainly(ctx)
	}
	all := conditionsOf(p.selected)
	found := bestOrder(p.indexes.pages, all, p.order)
	if isNothing(p.selected) || isFew(all, p.indexes.unique, p.farthest) {
		return p.plainly(ctx)
	}
	if !p.readsInOrder(ctx, p.e) {
		return p.sorting(ctx, all, found)
	}
	if found != nil && found.whole {
		return p.plainly(ctx)
	}
	begin := ways(p.indexes.pages, all, nil)
	if found == nil {
		begin = append(begin, bson.D{}) // the whole collection may be small enough
	}
	return p.byTurns(ctx, begin, found)
}

// byTurns looks further each time, from where a way begins and along the order, if an
// index has it.
func (p *planner) byTurns(ctx context.Context, begin []bson.D, found *match) ([]*core.Record, error) {
	promising := found != nil && found.keys // the page would be full if it went on as it began
	for _, rows := range p.stretches() {
		if !promising {
			if records, ok, err := p.narrowed(ctx, begin, rows); ok || err != nil {
				return records, err
			}
		}
		if found == nil {
			continue
		}
		records, ended, err := p.walked(ctx, found.within, rows)
		if ended || err != nil {
			return records, err
		}
		promising = len(records)*10 >= p.query.First
	}
	if promising {
		if records, ok, err := p.narrowed(ctx, begin, p.farthest); ok || err != nil {
			return records, err
		}
	}
	return nil, p.tooFar()
}

// sorting is page for an engine that takes no order from an index but that of the
// id, and looks at all that an index selects, whatever limit follows. To try
// several ways there costs each of them in full.
func (p *planner) sorting(ctx context.Context, all []condition, found *match) ([]*core.Record, error) {
	if p.order[0].Key == idField && len(all) > 0 {
		for _, rows := range p.stretches()[:2] {
			if records, ended, err := p.walked(ctx, bson.D{}, rows); ended || err != nil {
				return records, err
			}
		}
	}
	if found != nil {
		return p.plainly(ctx)
	}
	records, ok, err := p.narrowed(ctx, append(ways(p.indexes.pages, all, nil), bson.D{}), p.farthest)
	if ok || err != nil {
		return records, err
	}
	return nil, p.tooFar()
}

func (p *planner) tooFar() error {
	return p.query.TooFar(p.e, fmt.Sprintf("more than %d records", p.farthest), nil)
}

// served says whether one index has all that is selected, in its order.
func (p *planner) served() bool {
	if p.indexes == nil {
		return true
	}
	found := bestOrder(p.indexes.pages, conditionsOf(p.selected), p.order)
	return found != nil && found.whole
}

// plainly leaves the plan to the server.
func (p *planner) plainly(ctx context.Context) ([]*core.Record, error) {
	return p.Store.page(ctx, p.e, allOf(p.selected, p.after), p.order, p.query.First, p.query.Reads())
}

// narrowed reads the page from what one of the ways begins with, if that is
// fewer than so many records; ok says whether it is.
func (p *planner) narrowed(ctx context.Context, begin []bson.D, rows int) (records []*core.Record, ok bool, err error) {
	for _, way := range begin {
		few, err := p.isLess(ctx, way, rows)
		if err != nil {
			return nil, false, err
		}
		if few {
			// Twice as many: others write meanwhile.
			records, err := p.piped(ctx, within(way, 2*rows, allOf(p.selected, p.after), p.order, p.query.First))
			return records, true, err
		}
	}
	return nil, false, nil
}

// within looks for a page among the first so many records that a way begins with.
func within(way bson.D, rows int, selected, order bson.D, first int) driver.Pipeline {
	return driver.Pipeline{
		{{Key: "$match", Value: way}}, {{Key: "$limit", Value: rows}},
		{{Key: "$match", Value: selected}}, {{Key: "$sort", Value: order}}, {{Key: "$limit", Value: first}},
	}
}

// walked reads the page from the first so many records in the order. It has
// ended when the page is full, or there are no more.
func (p *planner) walked(ctx context.Context, inside bson.D, rows int) (records []*core.Record, ended bool, err error) {
	inside = allOf(inside, p.after)
	records, err = p.piped(ctx, driver.Pipeline{
		{{Key: "$match", Value: inside}}, {{Key: "$sort", Value: p.order}}, {{Key: "$limit", Value: rows}},
		{{Key: "$match", Value: p.selected}}, {{Key: "$limit", Value: p.query.First}},
	})
	if err != nil || len(records) == p.query.First {
		return records, true, err
	}
	ended, err = p.isLess(ctx, inside, rows)
	return records, ended, err
}

// isLess says whether a selection has fewer than so many records.
func (p *planner) isLess(ctx context.Context, selected bson.D, rows int) (bool, error) {
	counts, err := p.count(ctx, p.e, counted(selected, "", rows))
	return counts[""] < rows, err
}

func (p *planner) piped(ctx context.Context, pipeline driver.Pipeline) ([]*core.Record, error) {
	reads := p.query.Reads()
	cursor, err := p.collection(p.e).Aggregate(ctx, append(pipeline, bson.D{{Key: "$project", Value: projection(reads)}}))
	return p.read(ctx, p.e, cursor, err, reads != nil)
}
