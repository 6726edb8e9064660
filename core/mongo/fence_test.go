package mongo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// fullOf is an entity with as many indexes as there can be, some of them of unique values.
func fullOf(t *testing.T, unique int) *schema.Model {
	t.Helper()
	text := strings.Builder{}
	text.WriteString("entity: full\nfields:\n")
	for i := range unique {
		fmt.Fprintf(&text, "  u%d: {type: integer, unique: true}\n", i)
	}
	model := func(more string) *schema.Model {
		m, err := schema.Load(schema.Source{Layer: "test", File: "full.yaml", Data: []byte(text.String() + more)})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for i := 0; ; i++ {
		line := fmt.Sprintf("  f%d: {type: integer, index: true}\n", i)
		if Check(model(line)) != nil {
			return model("")
		}
		text.WriteString(line)
	}
}

func (s *Store) indexNames(t *testing.T, e *schema.Entity) (names []string) {
	t.Helper()
	there, err := s.collection(e).Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range there {
		names = append(names, index.Name)
	}
	return names
}

// An earlier version had an index for each unique value, in whose place another one comes.
func TestACollectionThatIsFullOfIndexesComesFromAnEarlierVersion(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	const unique = 5
	m := fullOf(t, unique)
	e := m.Entity("full")
	must(t, s.Prepare(t.Context(), m))
	for i := range unique {
		path := fmt.Sprint("u", i)
		must(t, s.dropIndex(t.Context(), e, livePrefix+path))
		_, err := s.collection(e).Indexes().CreateOne(t.Context(), driver.IndexModel{
			Keys: bson.D{{Key: path, Value: 1}}, Options: options.Index().SetName(uniquePrefix + path).SetUnique(true).SetPartialFilterExpression(bson.D{{Key: path, Value: bson.D{{Key: "$exists", Value: true}}}}),
		})
		must(t, err)
	}
	must(t, s.Prepare(t.Context(), m))
	names := s.indexNames(t, e)
	for i := range unique {
		if path := fmt.Sprint("u", i); slices.Contains(names, uniquePrefix+path) || !slices.Contains(names, livePrefix+path) {
			t.Errorf("there are the indexes %q; want %s%s in the place of %s%s", names, livePrefix, path, uniquePrefix, path)
		}
	}
	for generation := int64(2); generation < 5; generation++ { // what is unique changes, and changes again
		must(t, s.fence(t.Context(), e, generation))
	}
}

// Who has slept for longer than its lease drops nothing that others have made since.
func TestALateStartLeavesTheFenceOfANewerGeneration(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	m := fullOf(t, 1)
	e := m.Entity("full")
	must(t, s.Prepare(t.Context(), m))
	must(t, s.fence(t.Context(), e, 6))
	must(t, s.fence(t.Context(), e, 5))
	must(t, s.dropFences(t.Context(), e, 6))
	if names := s.indexNames(t, e); !slices.Contains(names, fenceName(6)) || slices.Contains(names, fenceName(5)) {
		t.Errorf("there are the indexes %q; want the fence of generation 6 alone", names)
	}
}

func TestAValueThatReadsLikeAFenceIsNone(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]bool{
		`E11000 duplicate key error collection: xrm.full index: fence:3 dup key: { _fence: null }`:           true,
		`E11000 duplicate key error collection: xrm.full index: claims dup key: { _claims: "u0=fence:3 m" }`: false,
	} {
		err := driver.WriteException{WriteErrors: driver.WriteErrors{{Code: 11000, Message: message}}}
		if got := isFenced(err); got != want {
			t.Errorf("%s: %t, want %t", message, got, want)
		}
	}
	if isFenced(errors.New("fence:3")) {
		t.Error("what is no duplicate is no fence")
	}
}
