package mongo

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// pendingIndex is the name of the index over what the relay has not moved yet.
const pendingIndex = "pending"

// orderPrefix begins the names of the indexes that have the order of their paths.
const orderPrefix = "by:"

// rawPart leads from a phone number to what was typed.
const rawPart = ".raw"

// claimsIndex is the name of the index over claims.
const claimsIndex = "claims"

// livePrefix begins the names of the indexes of unique values, by which live records are found.
const livePrefix = "live:"

// indexesOf lists the indexes that an entity's metadata ask for. An index's
// name says all that it is, so that a changed index is another one.
func indexesOf(m *schema.Model, e *schema.Entity) []driver.IndexModel {
	indexes := []driver.IndexModel{
		{
			Keys:    bson.D{{Key: journalField + "." + versionField, Value: 1}},
			Options: options.Index().SetName(pendingIndex).SetSparse(true),
		},
	}
	for _, f := range schema.SystemFields {
		if f.Index && f.Name != "id" {
			indexes = append(indexes, ordered(f.Name))
		}
	}
	roles := m.Roles(e)
	searchable, collated := false, e.Collated(roles)
	walk(e.Fields, "", func(path string, f *schema.Field) {
		searchable = searchable || f.Search
		role := roleAt(roles, path)
		if f.Unique {
			indexes = append(indexes, living(path), claimed())
			if role != "" { // a merged record is looked for by what it had, whatever roles it holds
				indexes = append(indexes, having(path))
			}
		}
		if !f.Indexed() {
			return
		}
		for _, part := range keyed(filtered(f, path), collated) {
			switch {
			case strings.HasSuffix(part, rawPart) && f.Type == "phone": // nothing sorts by it
				indexes = append(indexes, having(part))
			case role == "" || f.Type == "reference": // what refers to a record is looked for whatever roles it holds
				indexes = append(indexes, ordered(part))
			case !f.Unique: // roleOrders has those
				indexes = append(indexes, holding(role, part))
			}
		}
	})
	if searchable {
		indexes = append(indexes, driver.IndexModel{
			Keys:    bson.D{{Key: wordsField, Value: 1}},
			Options: options.Index().SetName("words"),
		})
	}
	return withoutRepeats(append(indexes, declaredFor(m, e)...))
}

// declaredFor are the indexes that an entity and its roles declare.
func declaredFor(m *schema.Model, e *schema.Entity) (indexes []driver.IndexModel) {
	collated := e.Collated(m.Roles(e))
	for _, owner := range append([]*schema.Entity{e}, m.Roles(e)...) {
		for _, index := range owner.Indexes {
			if list := keyed(paths(owner, index), collated); owner.IsRole() {
				indexes = append(indexes, holding(owner.Name, list...))
			} else {
				indexes = append(indexes, ordered(list...))
			}
		}
	}
	return indexes
}

// roleOrders are the indexes from which the records that hold a role are read in
// the order of what is unique among them: a value is found without them. They are
// what a collection has room for, as indexes that nothing but speed depends on.
func roleOrders(m *schema.Model, e *schema.Entity) (indexes []driver.IndexModel) {
	roles := m.Roles(e)
	collated := e.Collated(roles)
	for _, role := range roles {
		for _, f := range role.Fields {
			if !f.Unique || !strings.HasPrefix(f.StoragePath(), role.Name+".") {
				continue
			}
			if key, err := role.SortKey(f.Name, false); err == nil {
				indexes = append(indexes, holding(role.Name, keyed([]string{key.Path}, collated)...))
			}
		}
	}
	return withoutRepeats(indexes)
}

// ordered is an index that a page can be read from in order, in both
// directions: the id is its last key, as in sortKeys. A leading minus means descending.
func ordered(paths ...string) driver.IndexModel {
	var keys bson.D
	for _, path := range paths {
		if name, descending := strings.CutPrefix(path, "-"); descending {
			keys = append(keys, bson.E{Key: name, Value: -1})
		} else {
			keys = append(keys, bson.E{Key: path, Value: 1})
		}
	}
	if !hasKey(keys, idField) {
		keys = append(keys, bson.E{Key: idField, Value: keys[len(keys)-1].Value})
	}
	return driver.IndexModel{Keys: keys, Options: options.Index().SetName(orderPrefix + strings.Join(paths, ","))}
}

// living is an index of the live records that have a value, which is unique: claims see to
// that. It goes down, since a unique index of a former version goes up, and MongoDB keeps no
// two of the same keys and filter.
func living(path string) driver.IndexModel {
	return driver.IndexModel{
		Keys: bson.D{{Key: path, Value: -1}},
		Options: options.Index().SetName(livePrefix + path).SetPartialFilterExpression(bson.D{
			{Key: liveField, Value: true},
			{Key: path, Value: bson.D{{Key: "$exists", Value: true}}},
		}),
	}
}

// claimed lets no two records have the same claim.
func claimed() driver.IndexModel {
	return driver.IndexModel{
		Keys: bson.D{{Key: claimsField, Value: 1}},
		Options: options.Index().SetName(claimsIndex).SetUnique(true).SetPartialFilterExpression(bson.D{
			{Key: claimsField, Value: bson.D{{Key: "$exists", Value: true}}},
		}),
	}
}

// comparedPath is the path of what makes two values of a field the same.
func comparedPath(f *schema.Field, path string) string {
	switch f.Type {
	case "money":
		return path + ".amount"
	case "phone":
		return path + ".e164"
	}
	return path
}

// filtered are the paths by which people look for values of a field.
func filtered(f *schema.Field, path string) []string {
	switch f.Type {
	case "object":
		return nil
	case "phone":
		return []string{path + ".e164", path + rawPart}
	}
	return []string{comparedPath(f, path)}
}

// walk visits every field with its storage path: those in objects and in
// lists too, and a list of plain values at its own path.
func walk(fields schema.Fields, prefix string, visit func(path string, f *schema.Field)) {
	for _, f := range fields {
		path, leaf := prefix+f.Name, f
		if f.Type == "list" {
			item := *f.Of
			item.Index, item.Search = item.Index || f.Index, item.Search || f.Search
			leaf = &item
		}
		visit(path, leaf)
		if leaf.Type == "object" {
			walk(leaf.Fields, path+".", visit)
		}
	}
}

// paths are the storage paths of a declared index.
func paths(e *schema.Entity, index schema.Index) []string {
	list := make([]string, len(index))
	for i, name := range index {
		name, descending := strings.CutPrefix(name, "-")
		if f := e.Field(name); f != nil {
			name = f.StoragePath()
		}
		if name == "id" {
			name = idField
		}
		if descending {
			name = "-" + name
		}
		list[i] = name
	}
	return list
}

func withoutRepeats(indexes []driver.IndexModel) []driver.IndexModel {
	seen := map[string]bool{}
	return slices.DeleteFunc(indexes, func(i driver.IndexModel) bool {
		name := nameOf(i)
		repeated := seen[name]
		seen[name] = true
		return repeated
	})
}
