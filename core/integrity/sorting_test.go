package integrity_test

import (
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

var _ integrity.Sorting = (*mongo.Store)(nil)

// On SQLite no process can write a record without its keys.
func TestTextsThatNoSortKeyFindsAreFoundWithWhatToDo(t *testing.T) {
	uri, db := mongotest.Database(t)
	s, err := mongo.New(mongo.Config{URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := newWorld(t, s)
	w.become("entity: person\nfields: {code: {type: text, unique: true}, name: {type: text, index: true}, note: {type: text, search: true}}\n", "role: member\nof: person\nfields:\n  area: {type: text, index: true, search: true}\n")
	w.prepare()
	w.put("person", "free", false, map[string]any{"code": "a"})
	w.put("person", "other", false, map[string]any{"code": "b"})
	w.put("person", "dead", true, map[string]any{"code": "c"})
	for _, id := range []string{"none", "old", "left", "role", "right", "wordless", "worded"} {
		w.put("person", id, id == "old", map[string]any{"name": "Emil", "note": "n", "roles": []any{"member"}, "member": map[string]any{"area": "north"}})
	}
	w.put("person", "empty", false, map[string]any{"note": "n"})
	w.finds()
	for id, set := range map[string]bson.D{
		"free":  {{Key: "$unset", Value: bson.D{{Key: "_claims", Value: ""}}}},
		"other": {{Key: "$set", Value: bson.D{{Key: "_claims", Value: bson.A{"code=B"}}}}},
		"dead":  {{Key: "$set", Value: bson.D{{Key: "_claims", Value: bson.A{"code=c"}}}}},

		"none": {{Key: "$unset", Value: bson.D{{Key: "_sort.name", Value: ""}}}},
		"old":  {{Key: "$set", Value: bson.D{{Key: "name", Value: "Zoe"}}}},
		"left": {{Key: "$unset", Value: bson.D{{Key: "name", Value: ""}}}},
		"role": {{Key: "$unset", Value: bson.D{{Key: "_sort.member", Value: ""}}}},

		"wordless": {{Key: "$unset", Value: bson.D{{Key: "_words", Value: ""}}}},
		"worded":   {{Key: "$set", Value: bson.D{{Key: "note", Value: "other"}}}},
	} {
		if done, err := db.Collection("person").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: id}}, set); err != nil || done.ModifiedCount != 1 {
			t.Fatal(done, err)
		}
	}
	const has = " has the sort key of another text, or none, so filters and orders miss it; change any value of the record, which makes its keys anew"
	const words = " has the words of another text, or none, so the search misses it; change any value of the record, which makes its words anew"
	const claim = " has the claim of another value, or none, so another record can get this one as well; change any value of the record, which makes its claims anew"
	w.finds("MISPLACED person dead: code"+claim, "MISPLACED person free: code"+claim, "MISPLACED person left: name"+has, "MISPLACED person none: name"+has, "MISPLACED person old: name"+has, "MISPLACED person other: code"+claim, "MISPLACED person role: member.area"+has,
		"MISPLACED person worded: note"+words, "MISPLACED person wordless: member.area"+words, "MISPLACED person wordless: note"+words)
	for id, name := range map[string]any{"none": "Emil", "old": "Zoe", "left": nil, "role": "Emil", "wordless": "Emil", "worded": "Emil"} {
		values := map[string]any{"note": "changed", "roles": []any{"member"}, "member": map[string]any{"area": "north"}}
		if name != nil {
			values["name"] = name
		}
		w.change("person", id, core.Updated, time.Now(), values)
	}
	for id, code := range map[string]string{"free": "a", "other": "b", "dead": "c"} {
		w.change("person", id, core.Updated, time.Now(), map[string]any{"code": code, "note": "changed"})
	}
	w.finds()
}
