package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
)

// ownDecimal is how indexes over decimals were made: with a function that only
// we had, so that no other program could check or copy the file.
var ownDecimal = regexp.MustCompile(`xrm_decimal\((json_extract\(doc, '(?:[^']|'')*'\))\)`)

// plainIndexes makes these indexes anew from what every SQLite has.
func plainIndexes(ctx context.Context, c *conn) error {
	return c.remadeIndexes(ctx, "xrm_decimal(", ownDecimal)
}

// remadeIndexes makes all indexes anew that have a text in their statements, with the
// key of today in place of a former one, which is that of its first group. All are,
// also those of fields that the model does not have any more: a value must
// have been unique all the time when their plugin comes back.
func (c *conn) remadeIndexes(ctx context.Context, with string, former *regexp.Regexp) error {
	indexes := map[string]string{}
	err := c.query(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND instr(sql, ?) > 0", []any{with}, func(rows *sql.Rows) error {
		var name, made string
		err := rows.Scan(&name, &made)
		indexes[name] = made
		return err
	})
	if err != nil {
		return err
	}
	for name, made := range indexes {
		today := former.ReplaceAllStringFunc(made, func(key string) string {
			return "(" + decimalExpression(former.FindStringSubmatch(key)[1]) + ")"
		})
		for _, statement := range []string{"DROP INDEX " + quoted(name), today} {
			if _, err := c.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("make the index %q anew: %w", name, err)
			}
		}
	}
	return nil
}
