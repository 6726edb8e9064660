package mongo

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// record is the document of a record, with its words and its sort keys: to write these
// afterwards would take longer than all else. What the model does not know, or what
// is not of the type that it says, keeps the type that it had in a MongoDB.
func (r restoring) record(one *core.Record) bson.D {
	document := append(bson.D{{Key: idField, Value: one.ID}}, systemOf(one)...)
	var fields schema.Fields
	if e := r.model.Entity(one.Entity); e != nil {
		fields = e.Stored().Fields
		plain, _ := core.Plain(one.Values).(map[string]any)
		if words := e.SearchWords(plain); len(words) > 0 {
			document = append(document, bson.E{Key: wordsField, Value: words})
		}
		document = append(document, keysAt(r.sorted[e.Name], r.collation, plain).whole()...)
		bare := *one
		bare.Values = plain
		claims, _ := r.claimed[e.Name].claimed(e, &bare)
		document = append(document, claims...)
	}
	return append(document, restoredObject(fields, one.Values)...)
}

func restoredObject(fields schema.Fields, values map[string]any) bson.D {
	d := make(bson.D, 0, len(values))
	known := map[string]bool{}
	for _, f := range fields {
		if v, ok := values[f.Name]; ok {
			d = append(d, bson.E{Key: f.Name, Value: restoredValue(f, v)})
			known[f.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !known[name] {
			d = append(d, bson.E{Key: name, Value: restoredValue(nil, values[name])})
		}
	}
	return d
}

// restoredValue is how the value of a field is stored; f is nil for one that the
// model does not know.
func restoredValue(f *schema.Field, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if f == nil {
			return restoredObject(nil, v)
		}
		return restoredObject(f.Subs(), v)
	case []any:
		var of *schema.Field
		if f != nil {
			of = f.Of
		}
		list := make(bson.A, len(v))
		for i, item := range v {
			list[i] = restoredValue(of, item)
		}
		return list
	case core.Typed:
		if f == nil {
			f = &schema.Field{Type: v.Type}
		}
		value = v.Text
	}
	if f == nil {
		return value
	}
	encoded, err := encode(f, value, "", nil)
	if err != nil { // which no text makes
		return value
	}
	return encoded
}

// restoredItem is the document of what is neither a record nor a delivery.
func restoredItem(i core.Item) (any, error) {
	switch {
	case i.Entry != nil:
		return placed([]core.Entry{*i.Entry}, i.Entry.Position-1)[0], nil
	case i.Subscription != nil:
		return subscriptionDocument(*i.Subscription), nil
	case i.Timer != nil:
		return withID(ownID(i.Timer.Plugin, i.Timer.Key), timerDocument(*i.Timer))
	case i.JobRun != nil:
		return withID(ownID(i.JobRun.Plugin, i.JobRun.Job), jobRunDocument(*i.JobRun))
	case i.State != nil:
		v := i.State
		expires := v.Expires
		if expires.IsZero() {
			expires = never()
		}
		return bson.D{
			{Key: idField, Value: ownID(v.Plugin, v.Key)},
			{Key: "value", Value: append([]byte{}, v.Value...)},
			{Key: "size", Value: int64(len(v.Key) + len(v.Value))},
			{Key: "expires", Value: bson.NewDateTimeFromTime(expires)},
			{Key: "version", Value: v.Version},
		}, nil
	case i.Counter != nil:
		return bson.D{{Key: idField, Value: i.Counter.Name}, {Key: "n", Value: i.Counter.Last}}, nil
	case i.Plugin != nil:
		document, err := json.Marshal(i.Plugin)
		return registryDocument{i.Plugin.Plugin, i.Plugin.Generation, document}, err
	case i.Definitions != nil:
		document, err := json.Marshal(i.Definitions)
		return registryDocument{ID: servedDocument, Document: document}, err
	}
	return nil, errors.New("nobody knows what that is")
}

func withID(id string, document any) (bson.D, error) {
	raw, err := bson.Marshal(document)
	if err != nil {
		return nil, err
	}
	var fields bson.D
	err = bson.Unmarshal(raw, &fields)
	return append(bson.D{{Key: idField, Value: id}}, fields...), err
}
