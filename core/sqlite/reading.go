package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

const (
	// maxReaders is how many lists and figures are read at the same time. More
	// only helps with more processors than a small installation has.
	maxReaders = 4

	// maxSeekers is how many connections are kept for what surely is short, so
	// that it never waits for a list: keys, single records, what the program
	// itself looks up.
	maxSeekers = 2

	// Longest is how long a list or a figure may take. While it is read the log
	// cannot be cut.
	Longest = 10 * time.Second
)

// reading runs f, which surely is short, with a connection for reading.
func (s *Store) reading(ctx context.Context, what string, f func(*conn) error) error {
	return s.from(ctx, s.seekers, what, f)
}

// listing runs f with a connection for lists and figures, as long as they may
// take. Whoever is slow to take the answer holds no connection: it is in memory
// as a whole before the connection is given back.
func (s *Store) listing(ctx context.Context, what string, f func(context.Context, *conn) error) error {
	return s.from(ctx, s.readers, what, func(c *conn) error {
		within, cancel := context.WithTimeout(ctx, s.longest)
		defer cancel()
		err := f(within, c)
		if err != nil && within.Err() != nil && ctx.Err() == nil {
			return &core.Error{Code: core.Unavailable, Cause: err, Message: fmt.Sprintf(
				"The database did not finish within %s, which is all that a list or a figure may take; narrow the filter, or try again in a few seconds.", s.longest)}
		}
		return err
	})
}

func (s *Store) from(ctx context.Context, p *pool, what string, f func(*conn) error) error {
	c, err := p.take(ctx, s.closed)
	if err != nil {
		return s.failed(what, err)
	}
	defer p.put(c)
	return s.failed(what, f(c))
}

// finding is listing, or reading where the query names its records.
func (s *Store) finding(ctx context.Context, q core.Query, what string, f func(context.Context, *conn) error) error {
	if namesRecords(q) {
		return s.reading(ctx, what, func(c *conn) error { return f(ctx, c) })
	}
	return s.listing(ctx, what, f)
}

// namesRecords says whether a query asks for records by their ids, or by a
// value that one record has.
func namesRecords(q core.Query) bool {
	return q.Per == nil && slices.ContainsFunc(q.Filter.Parts(), func(f schema.Filter) bool {
		return (f.Op == schema.OpEq || f.Op == schema.OpIn) && (f.Path == "id" || f.Field != nil && f.Field.Unique)
	})
}
