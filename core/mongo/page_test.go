package mongo

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// orderBy makes an order of fields; a leading minus means descending.
func orderBy(e *schema.Entity, names ...string) []core.Order {
	var orders []core.Order
	for _, name := range names {
		name, descending := strings.CutPrefix(name, "-")
		orders = append(orders, core.Order{Path: name, Field: e.Field(name), Descending: descending, Collated: e.Collates(name)})
	}
	return orders
}

func TestAPageBeginsAfterAPosition(t *testing.T) {
	e := model(t).Entity("thing")
	tests := map[string]struct {
		order   []string
		after   []any
		reverse bool
		sort    string
		want    string
	}{
		"by id":            {nil, []any{"7"}, false, `{"_id":1}`, `{"_id":{"$gt":"7"}}`},
		"by id, backwards": {nil, []any{"7"}, true, `{"_id":-1}`, `{"_id":{"$lt":"7"}}`},
		"ascending": {
			[]string{"size"}, []any{int64(3), "7"}, false, `{"size":1,"_id":1}`,
			`{"size":{"$gte":3},"$or":[{"size":{"$gt":3}},{"size":3,"_id":{"$gt":"7"}}]}`,
		},
		"ascending from a missing value, which is first": {
			[]string{"size"}, []any{nil, "7"}, false, `{"size":1,"_id":1}`,
			`{"$or":[{"size":{"$ne":null}},{"size":null,"_id":{"$gt":"7"}}]}`,
		},
		"descending, where missing values are last": {
			[]string{"-size"}, []any{int64(3), "7"}, false, `{"size":-1,"_id":-1}`,
			`{"size":{"$not":{"$gt":3}},"$or":[{"$or":[{"size":{"$lt":3}},{"size":null}]},{"size":3,"_id":{"$lt":"7"}}]}`,
		},
		"descending from a missing value": {
			[]string{"-size"}, []any{nil, "7"}, false, `{"size":-1,"_id":-1}`,
			`{"$and":[{"size":null},{"size":null,"_id":{"$lt":"7"}}]}`,
		},
		"ascending, backwards": {
			[]string{"size"}, []any{nil, "7"}, true, `{"size":-1,"_id":-1}`,
			`{"$and":[{"size":null},{"size":null,"_id":{"$lt":"7"}}]}`,
		},
		"two keys": {
			[]string{"color", "-weight"}, []any{"red", "1.5", "7"}, false, `{"color":1,"weight":-1,"_id":-1}`,
			`{"color":{"$gte":"red"},"$or":[{"color":{"$gt":"red"}},` +
				`{"color":"red","$or":[{"weight":{"$lt":{"$numberDecimal":"1.5"}}},{"weight":null}]},` +
				`{"color":"red","weight":{"$numberDecimal":"1.5"},"_id":{"$lt":"7"}}]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			keys := sortKeys(core.Query{OrderBy: orderBy(e, tt.order...), Reverse: tt.reverse}, schema.StandardCollation())
			if got := written(t, sortBy(keys)); got != tt.sort {
				t.Errorf("sort is %s; want %s", got, tt.sort)
			}
			page, err := after(keys, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(t, page); got != tt.want {
				t.Errorf("after %v\n got %s\nwant %s", tt.after, got, tt.want)
			}
		})
	}
}

func TestAPositionOfAnotherOrderIsRefused(t *testing.T) {
	e := model(t).Entity("thing")
	_, err := after(sortKeys(core.Query{OrderBy: orderBy(e, "size")}, schema.StandardCollation()), []any{"7"})
	want := "The page's position has 1 values, but the order has 2 keys. Start again from the first page."
	if core.CodeOf(err) != core.Invalid || err.Error() != want {
		t.Errorf("after returned %v; want %s", err, want)
	}
}
