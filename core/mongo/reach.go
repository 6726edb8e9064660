package mongo

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	// maxReached is how many records a filter may select behind a reference.
	// Their ids travel with the query: 200,000 make 10 MB, of 16 in a command.
	maxReached = 200_000

	// roomForKeys is how much of a command the filters of its keys may fill.
	roomForKeys = 12 << 20
)

// reached replaces each comparison of the record behind a reference by the
// ids that it selects.
//
// The server could look the other side up itself ($lookup), but not everywhere
// that this store runs: sharded collections and compatible engines have their
// limits there. And it would begin with every record of this side, where an
// index on the reference begins with those that fit. So two plain finds do what
// a join would; the first reads ids only.
func (s *Store) reached(ctx context.Context, f schema.Filter) (schema.Filter, error) {
	return f.Map(func(c schema.Filter) (schema.Filter, error) {
		if c.Op != schema.OpTo {
			return c, nil
		}
		behind, err := s.reached(ctx, *c.Sub)
		if err != nil {
			return c, err
		}
		ids, err := s.ids(ctx, c.To, behind, maxReached)
		return schema.Filter{Path: c.Path, Op: schema.OpIn, Value: ids, Field: c.Field}, err
	})
}

// ids lists the ids of the live records that a filter selects, and refuses to
// list more than most.
func (s *Store) ids(ctx context.Context, e *schema.Entity, f schema.Filter, most int) ([]any, error) {
	selected, err := s.selection(e, core.Query{Filter: f})
	if err != nil {
		return nil, err
	}
	opts := options.Find().SetProjection(bson.D{{Key: idField, Value: 1}}).SetLimit(int64(most) + 1)
	cursor, err := s.collection(e).Find(ctx, selected, opts)
	if err != nil {
		return nil, s.failed("find "+e.Plural, err)
	}
	ids, err := all(ctx, cursor, func(raw bson.Raw) (any, error) { return raw.Lookup(idField).StringValue(), nil })
	if len(ids) > most {
		return nil, &core.Error{Code: core.Invalid, Message: fmt.Sprintf(
			"The filter, or a rule of your role, selects more than %d %s behind a reference, which is more than MongoDB can be asked about at once. "+
				"Narrow the filter; or let an administrator narrow the rule, or have it ask for a field of the record itself.", most, e.Plural)}
	}
	return ids, s.failed("read "+e.Plural, err)
}

// keysAtOnce is how many keys one command can serve, each with its filter.
func keysAtOnce(selected bson.D) (int, error) {
	raw, err := bson.Marshal(selected)
	if err != nil {
		return 0, fmt.Errorf("measure a filter: %w", err)
	}
	return max(1, min(unionKeys, roomForKeys/max(1, len(raw)))), nil
}
