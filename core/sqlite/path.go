package sqlite

import (
	"strings"

	"github.com/openxrm/xrm/schema"
)

// columnOf returns the column of a system field, or "".
func columnOf(path string) string {
	switch path {
	case "id", "version":
		return path
	case "createdAt":
		return "created_at"
	case "createdBy":
		return "created_by"
	case "updatedAt":
		return "updated_at"
	case "updatedBy":
		return "updated_by"
	case "deletedAt":
		return "deleted_at"
	}
	return ""
}

var jsonEscapes = strings.NewReplacer("'", "''", `"`, `\"`, `\`, `\\`)

// jsonPath is a storage path as SQLite's JSON functions take it, as a literal
// of SQL: an index is only used where the path is spelled as in the index.
func jsonPath(path string) string {
	var b strings.Builder
	b.WriteString("'$")
	for name := range strings.SplitSeq(path, ".") {
		b.WriteString(`."` + jsonEscapes.Replace(name) + `"`)
	}
	b.WriteString("'")
	return b.String()
}

// keyMark goes before a storage path where the sort key of the text there is
// meant: no field has such a name. What reads paths need not know more of it.
const keyMark = "sort:"

// valueAt is the expression for the value at a path of a record whose columns
// are named with a prefix.
func valueAt(prefix, path string) string {
	if of, isKey := strings.CutPrefix(path, keyMark); isKey {
		return "json_extract(" + prefix + "sort_keys, '$.\"" + jsonEscapes.Replace(of) + "\"')"
	}
	if name := columnOf(path); name != "" {
		return prefix + name
	}
	return "json_extract(" + prefix + "doc, " + jsonPath(path) + ")"
}

// comparable is the expression that sorts and compares as the field's type
// demands. f is nil where nothing is compared.
func comparable(expression string, f *schema.Field) string {
	if isDecimal(f) {
		return "(" + decimalExpression(expression) + ")"
	}
	return expression
}

// bound is a canonical value as comparable compares it.
func bound(value any, f *schema.Field) any {
	switch v := value.(type) {
	case string:
		if isDecimal(f) {
			return decimalKey(v)
		}
	case bool: // JSON's true is 1 in SQL
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return value
}

func isDecimal(f *schema.Field) bool { return f != nil && f.Type == "decimal" }

// neverMissing says whether every record has a value at the path.
func neverMissing(path string) bool { return columnOf(path) != "" && path != "deletedAt" }

// holds is the expression for whether a record holds a role: 1 or 0. The list
// of roles is read as the text that it is stored as.
func holds(prefix, role string) string {
	return "(instr(coalesce(" + valueAt(prefix, schema.RolesField) + ", ''), '\"" + role + "\"') > 0)"
}
