package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// decimalMark is in the name of an index over decimalKey.
const decimalMark = ":decimal"

// key is one field of an index.
type key struct {
	path       string
	field      *schema.Field
	descending bool
}

// index is an index over live records. Its name says all that it depends on,
// so that a field that changed its type gets a new one.
type index struct {
	name   string // not quoted
	unique bool
	keys   []key
}

func (t *table) addIndex(unique bool, keys ...key) {
	words := []string{strings.Trim(t.name, `"`)}
	if unique {
		words = []string{t.uniquePrefix()}
	}
	for _, k := range keys {
		word := k.path
		if isDecimal(k.field) {
			word += decimalMark
		}
		if k.descending {
			word = "-" + word
		}
		words = append(words, word)
	}
	name := strings.Join(words, " ")
	if !slices.ContainsFunc(t.indexes, func(i index) bool { return i.name == name }) {
		t.indexes = append(t.indexes, index{name: name, unique: unique, keys: keys})
	}
}

// statement creates the index. The id stands last, in the direction of the
// key before it, as in every order; unless the index is unique, where it
// would allow the same value twice.
func (i index) statement(t *table) string {
	var columns []string
	direction := ""
	for _, k := range i.keys {
		direction = ""
		if k.descending {
			direction = " DESC"
		}
		columns = append(columns, comparable(valueAt("", k.path), k.field)+direction)
	}
	if i.unique {
		return fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s) WHERE deleted_at IS NULL", quoted(i.name), t.name, columns[0])
	}
	return fmt.Sprintf("CREATE INDEX %s ON %s (%s, id%s) WHERE deleted_at IS NULL", quoted(i.name), t.name, strings.Join(columns, ", "), direction)
}

func (t *table) uniquePrefix() string { return strings.Trim(t.name, `"`) + " unique" }

// uniquePath is the path of a unique index of this table by its name.
func (t *table) uniquePath(name string) (path string, unique bool) {
	path, unique = strings.CutPrefix(name, t.uniquePrefix()+" ")
	return strings.TrimSuffix(path, decimalMark), unique
}

// dropRules drops the unique indexes of fields that the model has, but not as
// unique any more. Those of fields that it does not have are left: their
// plugin may come back, and then its rule must have held all the time.
func (t *table) dropRules(ctx context.Context, c *conn, exists map[string]bool) error {
	for name := range exists {
		path, unique := t.uniquePath(name)
		if !unique || slices.ContainsFunc(t.indexes, func(i index) bool { return i.name == name }) {
			continue
		}
		if f, _ := t.entity.At(path); f == nil {
			continue
		}
		if _, err := c.ExecContext(ctx, "DROP INDEX "+quoted(name)); err != nil {
			return fmt.Errorf("drop the index %q: %w", name, err)
		}
	}
	return nil
}

// createIndexes makes those that are missing.
func (t *table) createIndexes(ctx context.Context, c *conn, exists map[string]bool) error {
	for _, i := range t.indexes {
		if exists[i.name] {
			continue
		}
		if _, err := c.ExecContext(ctx, i.statement(t)); err != nil {
			if isTaken(err) {
				return t.notUnique(ctx, c, i)
			}
			return fmt.Errorf("create the index %q: %w", i.name, err)
		}
	}
	return nil
}

// notUnique says which value stands in the way of a unique index.
func (t *table) notUnique(ctx context.Context, c *conn, i index) error {
	var value string
	var times int
	expression := valueAt("", i.keys[0].path)
	_, err := c.row(ctx, fmt.Sprintf("SELECT %[1]s, count(*) FROM %[2]s WHERE deleted_at IS NULL AND %[1]s IS NOT NULL GROUP BY %[3]s ORDER BY 2 DESC LIMIT 1",
		expression, t.name, comparable(expression, i.keys[0].field)), nil, &value, &times)
	if err != nil {
		return err
	}
	return &core.Error{Code: core.Conflict, Message: fmt.Sprintf(
		"The field %s of %s cannot be unique: %d records have the value %q. Change all but one of them, then start xrm again, or reload the plugin that wants it.", i.keys[0].path, t.entity.Name, times, value)}
}
