package mongo

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// sample is a record with values of the usual kinds.
func sample(i int) object {
	return object{
		"code": fmt.Sprint("C-", i), "name": fmt.Sprint("Name of number ", i), "size": int64(i), "weight": fmt.Sprintf("%d.25", i),
		"price": object{"amount": fmt.Sprintf("%d.5", i), "currency": "EUR"}, "at": "2026-02-28T09:30:00.000Z", "color": "red",
		"phone": object{"raw": "030-0074321", "e164": "+49300074321"}, "owner": fmt.Sprint("o", i%9), "place": object{"city": "Berlin"},
		"tags": []any{"a", "b"}, "lines": []any{object{"part": "p1", "quantity": "2"}, object{"part": "p2", "quantity": "1.5"}},
	}
}

// BenchmarkFind compares a list from the store with the same documents as the
// bare driver and encoding/json bring them.
func BenchmarkFind(b *testing.B) {
	s := open(b, mongotest.Server(b), patient)
	b.Cleanup(func() { s.Close() })
	m := model(b)
	e := m.Entity("thing")
	if err := s.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	var changes []core.Change
	for i := range 1000 {
		changes = append(changes, creation(e, fmt.Sprintf("%05d", i), sample(i)))
	}
	for _, err := range s.Commit(b.Context(), e, changes) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, n := range []int{20, 200} {
		b.Run(fmt.Sprintf("store/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				found, err := s.Find(b.Context(), e, core.Query{First: n})
				if err != nil || len(found) != n {
					b.Fatal(len(found), err)
				}
			}
		})
		b.Run(fmt.Sprintf("driver/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cursor, err := s.collection(e).Find(b.Context(), bson.D{{Key: liveField, Value: true}}, options.Find().SetSort(bson.D{{Key: idField, Value: 1}}).SetLimit(int64(n)))
				if err != nil {
					b.Fatal(err)
				}
				var found []bson.M
				if err := cursor.All(b.Context(), &found); err != nil || len(found) != n {
					b.Fatal(len(found), err)
				}
				if _, err := json.Marshal(found); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	c := creation(model(b).Entity("thing"), "1", sample(7))
	set, _, err := fieldsOf(model(b).Entity("thing"), nil, c.After, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	raw, err := bson.Marshal(set)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeRecord("thing", raw); err != nil {
			b.Fatal(err)
		}
	}
}
