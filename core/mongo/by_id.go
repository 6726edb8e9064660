package mongo

import (
	"context"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// byIDs answers a query for records by their ids alone, with no look at the batches before
// it: a record that a batch is to change has its mark until it has the change. whole says
// whether each of them is there and none has a mark.
func (s *Store) byIDs(ctx context.Context, e *schema.Entity, q core.Query) (records []*core.Record, whole bool, err error) {
	n := idsIn(q)
	if n == 0 || core.HasBegun(ctx) {
		return nil, false, nil
	}
	p, _, err := s.planner(e, q)
	if err != nil {
		return nil, false, err
	}
	cursor, err := s.collection(e).Find(ctx, p.selected, options.Find().SetSort(p.order).SetProjection(withMark(q.Reads())))
	if err != nil {
		return nil, false, s.failed("find "+e.Plural, err)
	}
	whole = true
	take := taking(ctx, e, q.Only != nil)
	records, err = all(ctx, cursor, func(raw bson.Raw) (*core.Record, error) {
		_, unmarked := raw.LookupErr(batchField)
		whole = whole && unmarked != nil
		return take(raw)
	})
	return records, whole && len(records) == n, s.failed("read "+e.Plural, err)
}

// idsIn is how many records a query asks for by their ids, if it asks for all of them and
// for nothing else; otherwise 0.
func idsIn(q core.Query) int {
	f := q.Filter
	if f.Path != schema.SystemFields[0].Name || q.Search != nil || q.After != nil || q.Per != nil {
		return 0
	}
	ids, _ := f.Value.([]any)
	if f.Op == schema.OpEq {
		ids = []any{f.Value}
	} else if f.Op != schema.OpIn {
		return 0
	}
	seen := map[any]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if q.First >= 0 && q.First < len(seen) {
		return 0
	}
	return len(seen)
}

// withMark is a projection that has also whether a batch is to change the record.
func withMark(reads []string) bson.D {
	p := projection(reads)
	if reads == nil {
		return slices.DeleteFunc(p, func(one bson.E) bool { return one.Key == batchField })
	}
	return append(p, bson.E{Key: batchField, Value: 1})
}
