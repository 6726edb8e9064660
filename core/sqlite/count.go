package sqlite

import (
	"context"
	"database/sql"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Count returns how many records a query selects, for each key of q.Per or
// for the key "", but no more than limit; a negative limit is none.
func (s *Store) Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error) {
	t, err := s.table(e)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	err = s.listing(ctx, "count "+t.entity.Plural, func(ctx context.Context, c *conn) error {
		text, args, err := t.count(q, limit, s.outlook(ctx, c))
		if err != nil {
			return err
		}
		return c.query(ctx, text, args, func(rows *sql.Rows) error {
			var key string
			var n int
			err := rows.Scan(&key, &n)
			if limit >= 0 {
				n = min(n, limit)
			}
			counts[key] = n
			return err
		})
	})
	return counts, err
}

func (t *table) count(q core.Query, limit int, view outlook) (string, []any, error) {
	s := &statement{table: t, outlook: view, manyFrom: countFrom}
	conditions := s.conditions(t.stretched(q))
	if q.Per == nil {
		text := "SELECT '', count(*) FROM (SELECT 1 FROM " + t.name + " AS t" + whereAll(conditions) + s.limit(limit) + ")"
		return text, s.args, s.err
	}
	from, key, has := s.perKey(q.Per)
	text := "SELECT " + key + ", count(*)" + from + whereAll(conditions, has) + " GROUP BY 1"
	return text, s.args, s.err
}
