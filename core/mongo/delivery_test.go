package mongo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestDeliveriesAreFoundByTheirIndexes looks at what is asked all the time,
// however long the backlog is.
func TestDeliveriesAreFoundByTheirIndexes(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	if err := s.Prepare(t.Context(), model(t)); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	var deliveries []core.Delivery
	for i := range 3000 {
		entry := core.Entry{Entity: "thing", RecordID: fmt.Sprint(i % 1000), Version: int64(i/1000 + 1), At: at}
		deliveries = append(deliveries, core.Delivery{Subscriber: fmt.Sprint("s", i%7), Event: entry.Event(), Due: at.Add(time.Duration(i) * time.Second)})
	}
	if err := s.Enqueue(t.Context(), deliveries); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		filter bson.D
		want   []string // any of these
	}{
		"what is deliverable": {waiting("s1", bson.E{Key: "due", Value: bson.D{{Key: "$lte", Value: at.Add(time.Minute)}}}), []string{"due"}},
		"the ones before of some keys": {waiting("s1", bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "key", Value: "thing/7"}, {Key: "seq", Value: bson.D{{Key: "$lt", Value: int64(3)}}}},
			bson.D{{Key: "key", Value: "thing/8"}, {Key: "seq", Value: bson.D{{Key: "$lt", Value: int64(3)}}}},
		}}), []string{"key"}},
		"by their events": {these("s1", []string{"thing/1/1", "thing/2/1"}), []string{"_id_"}},
		"dead letters":    {bson.D{{Key: "subscriber", Value: "s1"}, {Key: deadField, Value: bson.D{{Key: "$gt", Value: at}}}}, []string{"dead"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, s, bson.D{{Key: "find", Value: deliveriesCollection}, {Key: "filter", Value: tt.filter}, {Key: "limit", Value: 100}})
			used := indexesIn(t, plan)
			if !slices.ContainsFunc(tt.want, func(name string) bool { return slices.Contains(used, name) }) {
				t.Errorf("the server would use the indexes %q; want one of %q:\n%s", used, tt.want, plan)
			}
		})
	}
}
