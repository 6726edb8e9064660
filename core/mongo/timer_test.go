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

func TestWhatIsDueIsReadFromAnIndex(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	if err := s.Prepare(t.Context(), model(t)); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	for i := range 500 {
		timer := core.Timer{Plugin: fmt.Sprint("p", i%5), Key: fmt.Sprint(i), DueAt: at.Add(time.Duration(i) * time.Minute)}
		if err := s.Schedule(t.Context(), timer); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		filter, sort bson.D
		want         string
	}{
		"what is due": {due("p1", at.Add(time.Hour)), byDue(), "due"},
		"by key":      {ownIDs("p1", "7"), bson.D{{Key: idField, Value: 1}}, "_id_"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, s, bson.D{{Key: "find", Value: timersCollection}, {Key: "filter", Value: tt.filter}, {Key: "sort", Value: tt.sort}, {Key: "limit", Value: 1}})
			if used := indexesIn(t, plan); !slices.Contains(used, tt.want) {
				t.Errorf("the server would use the indexes %q; want %s:\n%s", used, tt.want, plan)
			}
		})
	}
}
