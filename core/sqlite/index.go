package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

const (
	// decimalMark is in the name of an index over decimalKey.
	decimalMark = ":decimal"

	// roleMark is in the name of an index over who holds a role, and heldMark in that
	// of one over what these have.
	roleMark = "role:"
	heldMark = "held:"
)

// key is one key of an index: the value of a field, or whether a role is held.
type key struct {
	role       string
	path       string
	field      *schema.Field
	descending bool
}

// index is an index over live records, or over those of a role, which is its first key
// then. Its name says all that it depends on, so that a field that changed its type
// gets a new one.
type index struct {
	name   string // not quoted
	unique bool
	all    bool // over deleted records too: it is that of the id, which SQLite makes itself
	gone   bool // over deleted records instead
	keys   []key
}

// byID is the index that the column id has of its own.
func (t *table) byID() index {
	return index{name: "sqlite_autoindex_" + strings.Trim(t.name, `"`) + "_1", all: true, keys: []key{{path: "id"}}}
}

// deleted is the index over deleted records. They are few, and have no other.
func (t *table) deleted() index {
	return index{name: strings.Trim(t.name, `"`) + " deleted", gone: true, keys: []key{{path: "deletedAt"}}}
}

// columns are all by which an index sorts. The id stands last, in the
// direction of the key before it, as in every order; unless the index is
// unique, where it would allow the same value twice.
func (i index) columns() []key {
	last := i.keys[len(i.keys)-1]
	if i.unique || last.path == "id" {
		return i.keys
	}
	return append(i.keys[:len(i.keys):len(i.keys)], key{path: "id", descending: last.descending})
}

func (t *table) addIndex(unique bool, keys ...key) {
	mark := heldMark
	if len(keys) == 1 {
		mark = roleMark
	}
	name := strings.Trim(t.name, `"`)
	if unique {
		name = t.uniquePrefix()
	}
	name += wordsOf(mark, keys)
	if !t.has(name) {
		t.indexes = append(t.indexes, index{name: name, unique: unique, keys: keys})
	}
}

// wordsOf is what the name of an index says of its keys.
func wordsOf(mark string, keys []key) (words string) {
	for _, k := range keys {
		word := k.path
		if k.role != "" {
			word = mark + k.role
		}
		if isDecimal(k.field) {
			word += decimalMark
		}
		if k.descending {
			word = "-" + word
		}
		words += " " + word
	}
	return words
}

// keptBy is the key whose value records may still have that do not hold the role any
// more: the first behind the role, if the role adds it. ok says whether there is one.
func (i index) keptBy() (kept key, ok bool) {
	if len(i.keys) < 2 || i.keys[0].role == "" {
		return key{}, false
	}
	kept = i.keys[1]
	return kept, strings.HasPrefix(strings.TrimPrefix(kept.path, keyMark), i.keys[0].role+".")
}

// statement creates the index.
func (i index) statement(t *table) string {
	var columns []string
	live := "deleted_at IS NULL"
	if i.gone {
		live = "deleted_at IS NOT NULL"
	}
	for _, k := range i.columns() {
		column := comparable(valueAt("", k.path), k.field)
		if k.role != "" {
			of := holds("", k.role) + " = 1"
			if kept, ok := i.keptBy(); ok {
				of = "(" + of + " OR " + comparable(valueAt("", kept.path), kept.field) + " IS NOT NULL)"
			}
			live += " AND " + of
			continue
		}
		if k.descending {
			column += " DESC"
		}
		columns = append(columns, column)
	}
	unique := ""
	if i.unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("CREATE %sINDEX %s ON %s (%s) WHERE %s", unique, quoted(i.name), t.name, strings.Join(columns, ", "), live)
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
		if !unique || t.has(name) {
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
		if i.all {
			continue
		}
		for _, former := range i.before(t) {
			if !exists[former] || t.has(former) {
				continue
			}
			delete(exists, former)
			if _, err := c.ExecContext(ctx, "DROP INDEX "+quoted(former)); err != nil {
				return fmt.Errorf("drop the index %q: %w", former, err)
			}
		}
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

// before are the names of the indexes whose place this one has taken: orders did not
// always go by sort keys, nor filters, which had indexes with the texts themselves; and
// those over what a role adds did not begin with the role, or had all records.
func (i index) before(t *table) (names []string) {
	if i.unique || i.gone {
		return nil
	}
	add := func(keys []key) {
		names = append(names, strings.Trim(t.name, `"`)+wordsOf(roleMark, keys))
		if keys[0].role != "" && len(keys) > 1 {
			names = append(names, strings.Trim(t.name, `"`)+wordsOf(roleMark, keys[1:]))
		}
	}
	keys := slices.Clone(i.keys)
	add(keys)
	for n := range keys { // the first so many as texts, the others by their keys
		keys[n].path = strings.TrimPrefix(keys[n].path, keyMark)
		add(keys)
	}
	return names
}

// has says whether the model asks for the index of a name.
func (t *table) has(name string) bool {
	return slices.ContainsFunc(t.indexes, func(i index) bool { return i.name == name })
}

// notUnique says which values stand in the way of a unique index, the most frequent
// first.
func (t *table) notUnique(ctx context.Context, c *conn, i index) error {
	var shared []core.Shared
	value := valueAt("", i.keys[0].path)
	err := c.query(ctx, fmt.Sprintf(`SELECT value, n, (SELECT json_group_array(id) FROM (SELECT id FROM %[2]s WHERE deleted_at IS NULL AND %[3]s = compared ORDER BY id LIMIT %[4]d))
FROM (SELECT min(%[1]s) AS value, %[3]s AS compared, count(*) AS n FROM %[2]s WHERE deleted_at IS NULL AND %[1]s IS NOT NULL GROUP BY compared HAVING n > 1 ORDER BY n DESC, compared LIMIT %[4]d)`,
		value, t.name, comparable(value, i.keys[0].field), core.MostShared), nil, func(rows *sql.Rows) error {
		var one core.Shared
		var ids string
		if err := rows.Scan(&one.Value, &one.Records, &ids); err != nil {
			return err
		}
		shared = append(shared, one)
		return json.Unmarshal([]byte(ids), &shared[len(shared)-1].IDs)
	})
	if err != nil {
		return err
	}
	return core.NotUnique(t.entity, i.keys[0].path, shared)
}
