package sqlite

import "context"

// Next draws the next number of a counter. It does not wait for the disk: a
// number that a loss of power takes back was in no record that survived it.
func (s *Store) Next(ctx context.Context, counter string) (int64, error) {
	var n int64
	err := s.writing(ctx, "draw a number", soon, func(ctx context.Context, c *conn) error {
		_, err := c.row(ctx, "INSERT INTO counters (name, value) VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value", []any{counter}, &n)
		return err
	})
	return n, err
}
