package mongo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// The fields of a document beside the record's own, whose names never start
// with an underscore.
const (
	idField      = "_id"
	versionField = "version"
	deletedField = "deletedAt"
	liveField    = "_live"    // true on a record that is not deleted: what partial indexes can test
	wordsField   = "_words"   // the folded words of the searchable fields
	sortField    = "_sort"    // the sort keys of texts, under the paths of these
	journalField = "_journal" // the entries that the relay has not moved yet
	claimsField  = "_claims"  // the unique values that the record has, and those that a batch is to give it
	notedField   = "_noted"   // on a record that lives: the generation of the note of unique paths that its claims go by
	batchField   = "_batch"   // the batch that is to change the record, or to create it: then there is nothing else
)

// fieldsOf returns what a record's document sets, and the names of what an
// earlier version had and this one has not. Of an earlier version what is the same
// is left alone: it may be of a type that only another model knows. lies finds what
// no field knows within what is written anew. places are where the search looks besides.
func fieldsOf(e *schema.Entity, before, after *core.Record, lies lying, places []string) (set bson.D, unset []string, err error) {
	set = systemOf(after)
	if after.Deleted() {
		unset = append(unset, liveField)
	} else {
		unset = append(unset, deletedField)
	}
	if words := e.SearchWords(after.Values, places...); len(words) > 0 {
		set = append(set, bson.E{Key: wordsField, Value: words})
	} else {
		unset = append(unset, wordsField)
	}
	values := after.Values
	if before != nil {
		for name := range before.Values {
			if _, kept := after.Values[name]; !kept {
				unset = append(unset, name)
			}
		}
		slices.Sort(unset)
		values = changed(before.Values, values)
	}
	encoded, err := encodeObject(e.Stored().Fields, values, "", lies)
	if err != nil {
		return nil, nil, err
	}
	return append(set, encoded...), unset, nil
}

// changed are those of the values that were not the same before.
func changed(before, after map[string]any) map[string]any {
	values := map[string]any{}
	for name, value := range after {
		if was, had := before[name]; !had || !reflect.DeepEqual(was, value) {
			values[name] = value
		}
	}
	return values
}

// systemOf is what a record's document has beside its values, but for the words.
func systemOf(r *core.Record) bson.D {
	system := bson.D{
		{Key: versionField, Value: r.Version},
		{Key: "createdAt", Value: bson.NewDateTimeFromTime(r.CreatedAt)},
		{Key: "createdBy", Value: r.CreatedBy},
		{Key: "updatedAt", Value: bson.NewDateTimeFromTime(r.UpdatedAt)},
		{Key: "updatedBy", Value: r.UpdatedBy},
	}
	if r.Deleted() {
		return append(system, bson.E{Key: deletedField, Value: bson.NewDateTimeFromTime(r.DeletedAt)})
	}
	return append(system, bson.E{Key: liveField, Value: true})
}

// encodeObject writes the fields in the order of the schema, then those that
// the schema does not know (any more) by name: stored data are never dropped. The
// prefix is that of their paths.
func encodeObject(fields schema.Fields, values map[string]any, prefix string, lies lying) (bson.D, error) {
	d := make(bson.D, 0, len(values))
	for _, f := range fields {
		if v, ok := values[f.Name]; ok {
			encoded, err := encode(f, v, prefix+f.Name, lies)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			d = append(d, bson.E{Key: f.Name, Value: encoded})
		}
	}
	if len(d) == len(values) {
		return d, nil
	}
	known := len(d)
	for name, v := range values {
		if slices.ContainsFunc(d[:known], func(e bson.E) bool { return e.Key == name }) {
			continue
		}
		encoded, err := lies.at(prefix+name, v)
		if err != nil {
			return nil, err
		}
		d = append(d, bson.E{Key: name, Value: encoded})
	}
	slices.SortFunc(d[known:], func(a, b bson.E) int { return strings.Compare(a.Key, b.Key) })
	return d, nil
}

// encode turns a canonical value into what MongoDB compares and sorts as the
// field's type demands: exact decimals and instants. What is none, because it was
// stored when the field had another type, stays as it is.
func encode(f *schema.Field, value any, at string, lies lying) (any, error) {
	switch v := value.(type) {
	case []any:
		if f.Of == nil {
			return v, nil
		}
		list := make(bson.A, len(v))
		for i, item := range v {
			encoded, err := encode(f.Of, item, at, lies)
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
			list[i] = encoded
		}
		return list, nil
	case map[string]any:
		return encodeObject(f.Subs(), v, at+".", lies)
	case string:
		switch f.Type {
		case "decimal":
			if d, err := bson.ParseDecimal128(v); err == nil {
				return d, nil
			}
		case "datetime":
			if t, err := time.Parse(schema.InstantFormat, v); err == nil {
				return bson.NewDateTimeFromTime(t), nil
			}
		}
	}
	return value, nil
}
