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

// plainIndexes makes these indexes anew from what every SQLite has. All are,
// also those of fields that the model does not have any more: a value must
// have been unique all the time when their plugin comes back.
func plainIndexes(ctx context.Context, c *conn) error {
	indexes := map[string]string{}
	err := c.query(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND instr(sql, 'xrm_decimal(') > 0", nil, func(rows *sql.Rows) error {
		var name, made string
		err := rows.Scan(&name, &made)
		indexes[name] = made
		return err
	})
	if err != nil {
		return err
	}
	for name, made := range indexes {
		plain := ownDecimal.ReplaceAllStringFunc(made, func(call string) string {
			return "(" + decimalExpression(ownDecimal.FindStringSubmatch(call)[1]) + ")"
		})
		for _, statement := range []string{"DROP INDEX " + quoted(name), plain} {
			if _, err := c.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("make the index %q anew: %w", name, err)
			}
		}
	}
	return nil
}
