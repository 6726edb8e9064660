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
	searchable, collated := false, e.Collated(m.Roles(e))
	walk(e.Fields, "", func(path string, f *schema.Field) {
		searchable = searchable || f.Search
		if f.Unique {
			indexes = append(indexes, unique(comparedPath(f, path)))
		}
		if f.Indexed() {
			of, own := filtered(f, path), !strings.Contains(path, ".") // roleOrders has the keys of a role
			switch {
			case own && f.Unique && slices.Contains(collated, path):
				of = append(of, keyPath(path))
			case own:
				of = keyed(of, collated)
			}
			for _, part := range of {
				indexes = append(indexes, ordered(part))
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
			indexes = append(indexes, ordered(ofRole(owner, keyed(paths(owner, index), collated))...))
		}
	}
	return indexes
}

// roleOrders are the indexes from which the records that hold a role are read in
// the order of what the role adds: the index of the field alone begins with all
// who do not hold it. They are what a collection has room for, as indexes that
// nothing but speed depends on.
func roleOrders(m *schema.Model, e *schema.Entity) []driver.IndexModel {
	var indexes, ofTexts []driver.IndexModel // those of texts give way first
	for _, role := range m.Roles(e) {
		for _, f := range role.Fields {
			path := f.StoragePath()
			if !f.Indexed() || f.Type == "reference" || !strings.HasPrefix(path, role.Name+".") {
				continue
			}
			if key, err := role.SortKey(f.Name, false); err == nil {
				if key.Collated {
					ofTexts = append(ofTexts, ordered(schema.RolesField, keyPath(key.Path)))
				} else {
					indexes = append(indexes, ordered(schema.RolesField, key.Path))
				}
			}
		}
	}
	return withoutRepeats(append(indexes, ofTexts...))
}

// ofRole puts who holds the role before what is declared for a role: whoever
// reads in such an order reads the records that hold it. A list cannot stand
// beside the list of the roles.
func ofRole(owner *schema.Entity, paths []string) []string {
	if !owner.IsRole() {
		return paths
	}
	for _, path := range paths {
		if _, inList := owner.At(strings.TrimPrefix(strings.TrimPrefix(path, "-"), sortField+".")); inList {
			return paths
		}
	}
	return append([]string{schema.RolesField}, paths...)
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
	return driver.IndexModel{Keys: keys, Options: options.Index().SetName("by:" + strings.Join(paths, ","))}
}

// unique holds among the live records that have a value.
func unique(path string) driver.IndexModel {
	return driver.IndexModel{
		Keys: bson.D{{Key: path, Value: 1}},
		Options: options.Index().SetName(uniquePrefix + path).SetUnique(true).SetPartialFilterExpression(bson.D{
			{Key: liveField, Value: true},
			{Key: path, Value: bson.D{{Key: "$exists", Value: true}}},
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
		return []string{path + ".e164", path + ".raw"}
	}
	return []string{comparedPath(f, path)}
}

// uniqueField is the storage path of the field that a unique index is for.
func uniqueField(e *schema.Entity, indexed string) string {
	found := indexed
	walk(e.Stored().Fields, "", func(path string, f *schema.Field) {
		if f.Unique && comparedPath(f, path) == indexed {
			found = path
		}
	})
	return found
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
