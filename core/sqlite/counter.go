package sqlite

import "context"

// Next draws the next number of a counter above after. It does not wait for the disk: a
// number that a loss of power takes back was in no record that survived it.
func (s *Store) Next(ctx context.Context, counter string, after int64) (int64, error) {
	var n int64
	err := s.writing(ctx, "draw a number", soon, func(ctx context.Context, c *conn) error {
		_, err := c.row(ctx, "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value", []any{counter, after + 1}, &n)
		return err
	})
	return n, err
}
