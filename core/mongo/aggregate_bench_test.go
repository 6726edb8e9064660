package mongo

import (
	"fmt"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// BenchmarkAggregate adds up 100,000 lines of 25,000 things by their owner.
func BenchmarkAggregate(b *testing.B) {
	s := open(b, mongotest.Server(b), patient)
	b.Cleanup(func() { s.Close() })
	m := model(b)
	e := m.Entity("thing")
	if err := s.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	const owners = 1000
	for from := 0; from < 25_000; from += 1000 {
		var changes []core.Change
		for i := from; i < from+1000; i++ {
			var lines []any
			for n := range 4 {
				lines = append(lines, object{"part": fmt.Sprint("p", n), "quantity": fmt.Sprintf("%d.%02d", i%977, (i+n)%99+1)})
			}
			changes = append(changes, creation(e, fmt.Sprintf("%05d", i), object{"owner": fmt.Sprintf("o%03d", i%owners), "lines": lines}))
		}
		for _, err := range s.Commit(b.Context(), e, changes) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	quantity, _ := e.At("lines.quantity")
	q := core.Aggregate{Grouping: schema.Grouping{Items: "lines", By: orderBy(e, "owner"), Measures: []core.Measure{{Func: core.Sum, Path: "lines.quantity", Field: quantity}}, Limit: 2 * owners}}
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			groups, err := s.Aggregate(b.Context(), e, q)
			if err != nil || len(groups) != owners || groups[0].Count != 100 {
				b.Fatal(len(groups), err)
			}
		}
	})
	pipeline := driver.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: liveField, Value: true}}}},
		{{Key: "$unwind", Value: "$lines"}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$owner"}, {Key: "n", Value: sumOf(1)}, {Key: "sum", Value: sumOf("$lines.quantity")}}}},
		{{Key: "$sort", Value: bson.D{{Key: "_id", Value: 1}}}},
	}
	b.Run("bare driver, to 34 digits", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cursor, err := s.collection(e).Aggregate(b.Context(), pipeline)
			if err != nil {
				b.Fatal(err)
			}
			var found []struct {
				ID  string `bson:"_id"`
				N   int64
				Sum bson.Decimal128
			}
			if err := cursor.All(b.Context(), &found); err != nil || len(found) != owners {
				b.Fatal(len(found), err)
			}
		}
	})
}
