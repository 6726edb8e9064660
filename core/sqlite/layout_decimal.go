package sqlite

import (
	"context"
	"regexp"
)

// longDecimal is how the key of a decimal was made: by counting where its first and its
// last digit are, which cost each write more than the other indexes together.
var longDecimal = regexp.MustCompile(`\(CASE WHEN ltrim\((json_extract\(doc, '(?:[^']|'')*'\)), '-0\.'\) = '' .*? END\)`)

// shortDecimals makes the indexes over such keys anew.
func shortDecimals(ctx context.Context, c *conn) error {
	return c.remadeIndexes(ctx, "CASE WHEN ltrim(", longDecimal)
}
