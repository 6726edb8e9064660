package mongo

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	diffsField      = "diffs"
	entryBatchField = "batch"
)

// encodeEntry writes what a record's document does not say already. The
// values are stored in their canonical form: nobody sorts by them.
func encodeEntry(entry core.Entry) bson.D {
	document := bson.D{
		{Key: versionField, Value: entry.Version},
		{Key: "action", Value: string(entry.Action)},
		{Key: "at", Value: bson.NewDateTimeFromTime(entry.At)},
		{Key: "actor", Value: encodeActor(entry.Actor)},
		{Key: diffsField, Value: encodeDiffs(entry.Diffs)},
	}
	if len(entry.Roles) > 0 {
		document = append(document, bson.E{Key: "roles", Value: entry.Roles})
	}
	if entry.Batch != "" {
		document = append(document, bson.E{Key: entryBatchField, Value: entry.Batch})
	}
	return document
}

func encodeDiffs(diffs []core.Diff) bson.A {
	encoded := make(bson.A, len(diffs))
	for i, d := range diffs {
		diff := bson.D{{Key: "path", Value: d.Path}}
		if d.From != nil {
			diff = append(diff, bson.E{Key: "from", Value: d.From})
		}
		if d.To != nil {
			diff = append(diff, bson.E{Key: "to", Value: d.To})
		}
		encoded[i] = diff
	}
	return encoded
}

func encodeActor(a core.Actor) bson.D {
	actor := bson.D{{Key: "id", Value: a.ID}}
	for _, part := range []bson.E{{Key: "name", Value: a.Name}, {Key: "party", Value: a.Party}, {Key: "via", Value: a.Via}} {
		if part.Value != "" {
			actor = append(actor, part)
		}
	}
	if len(a.Roles) > 0 {
		actor = append(actor, bson.E{Key: "roles", Value: a.Roles})
	}
	return actor
}

func decodeEntry(entity, id string, raw bson.Raw) (core.Entry, error) {
	object, err := decodeObject(raw)
	if err != nil {
		return core.Entry{}, fmt.Errorf("read a journal entry of %s %s: %w", entity, id, err)
	}
	entry := core.Entry{Entity: entity, RecordID: id}
	entry.Version, _ = object[versionField].(int64)
	entry.Batch, _ = object[entryBatchField].(string)
	action, _ := object["action"].(string)
	entry.Action = core.Action(action)
	at, _ := object["at"].(string)
	entry.At, _ = time.Parse(schema.InstantFormat, at)
	entry.Actor, entry.Roles = decodeActor(object["actor"]), texts(object["roles"])
	diffs, _ := object[diffsField].([]any)
	for _, one := range diffs {
		d, _ := one.(map[string]any)
		path, _ := d["path"].(string)
		entry.Diffs = append(entry.Diffs, core.Diff{Path: path, From: d["from"], To: d["to"]})
	}
	return entry, nil
}

func decodeActor(value any) core.Actor {
	object, _ := value.(map[string]any)
	text := func(key string) string {
		s, _ := object[key].(string)
		return s
	}
	return core.Actor{ID: text("id"), Name: text("name"), Roles: texts(object["roles"]), Party: text("party"), Via: text("via")}
}

// texts are the texts in a list.
func texts(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
