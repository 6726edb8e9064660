package mongo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestManyValuesAreComparedInParts(t *testing.T) {
	e := model(t).Entity("thing")
	var ids []any
	for i := range 2*maxIn + 1 {
		ids = append(ids, fmt.Sprint(i))
	}
	in := func(op schema.Op, n int) schema.Filter {
		return schema.Filter{Path: "owner", Op: op, Value: ids[:n], Field: e.Field("owner")}
	}
	one := schema.Filter{Path: "tags", Op: schema.OpSome, Field: e.Field("tags"), Sub: &schema.Filter{Op: schema.OpIn, Value: ids, Field: e.Field("tags").Of}}
	for name, tt := range map[string]struct {
		filter    schema.Filter
		or, parts int
	}{
		"few":             {in(schema.OpIn, maxIn), 0, 1},
		"many":            {in(schema.OpIn, len(ids)), 1, 3},
		"many in a list":  {one, 1, 3},
		"none of so many": {schema.Filter{Not: &schema.Filter{And: []schema.Filter{in(schema.OpIn, len(ids))}}}, 1, 3},
	} {
		d, err := where(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		text := written(t, d)
		if or, parts := strings.Count(text, `"$or"`), strings.Count(text, `"$in"`); or != tt.or || parts != tt.parts {
			t.Errorf("%s: %d $or, %d $in; want %d and %d", name, or, parts, tt.or, tt.parts)
		}
	}
}

func TestAFilterThatReachesTooManyRecordsSaysWhatToDo(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	m := model(t)
	e := m.Entity("thing")
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, err := range s.Commit(t.Context(), e, []core.Change{creation(e, "1", object{}), creation(e, "2", object{}), creation(e, "3", object{})}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := s.ids(t.Context(), e, schema.Filter{}, 3); err != nil || len(ids) != 3 {
		t.Errorf("three of at most three: %v, %v", ids, err)
	}
	_, err := s.ids(t.Context(), e, schema.Filter{}, 2)
	const want = "The filter, or a rule of your role, selects more than 2 things behind a reference, which is more than MongoDB can be asked about at once. " +
		"Narrow the filter; or let an administrator narrow the rule, or have it ask for a field of the record itself."
	if err == nil || err.Error() != want || core.CodeOf(err) != core.Invalid {
		t.Errorf("three of at most two: %v; want %s", err, want)
	}
}

func TestAsManyKeysGoIntoACommandAsItHasRoomFor(t *testing.T) {
	for size, want := range map[int]int{10: unionKeys, 1 << 20: 11, 5 << 20: 2, 13 << 20: 1} {
		keys, err := keysAtOnce(bson.D{{Key: "x", Value: strings.Repeat("a", size)}})
		if err != nil || keys != want {
			t.Errorf("with filters of %d bytes: %d keys, %v; want %d", size, keys, err, want)
		}
	}
}
