package contract_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func bills(t *testing.T) *schema.Model {
	t.Helper()
	m, err := schema.Load(schema.Source{Layer: "test", File: "bill.yaml", Data: []byte(`entity: bill
fields:
  number: {type: integer, index: true, unique: true}
  paid: {type: date, index: true}
  total: {type: money, index: true}
  phone: {type: phone, index: true}
  note: {type: text}
  left: {type: decimal}
  state: {type: state, options: {open: {next: [done]}, done: {}}, default: open}
`)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refused is the code, the message and the violations of a refusal; "" for none.
func refused(err error) string {
	var r *schema.Refusal
	if !errors.As(err, &r) {
		return ""
	}
	return string(r.Code) + " " + r.Error()
}

func TestACursorHoldsValuesOnly(t *testing.T) {
	m := bills(t)
	order := []*pluginpb.OrderBy{{Field: "number"}, {Field: "paid"}}
	search := func(text string) (contract.Search, error) {
		return contract.ReadSearch(m, m.Entity("bill"), &pluginpb.FindRequest{OrderBy: order, After: text}, 100)
	}
	first, err := search("")
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]any{"id": "b1", "number": int64(1 << 60)}
	got, err := search(first.Next(func(path string) any { return last[path] }))
	if diff := cmp.Diff([]any{int64(1 << 60), nil, "b1"}, got.After); err != nil || diff != "" {
		t.Errorf("the cursor of a record: %v (-want +got):\n%s", err, diff)
	}
	for name, values := range map[string]string{
		"an operator of a database": `[{"$gt": 0}, null, "b1"]`,
		"a list":                    `[[1], null, "b1"]`,
		"another type":              `[1, "yesterday", "b1"]`,
		"an id that is none":        `[1, null, {"$ne": null}]`,
		"too few values":            `[1, "b1"]`,
		"no list":                   `{"a": 1}`,
		"no JSON":                   `[`,
	} {
		const want = "INVALID The cursor is none of this query. Pass on what came with the page before."
		whole := base64.RawURLEncoding.EncodeToString([]byte(`{"o":["number","paid"],"v":` + values + `}`))
		for _, text := range []string{whole, values} {
			if _, err := search(text); refused(err) != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

func TestACursorOfAnotherOrderIsRefused(t *testing.T) {
	m := bills(t)
	search := func(after string, order ...*pluginpb.OrderBy) (contract.Search, error) {
		return contract.ReadSearch(m, m.Entity("bill"), &pluginpb.FindRequest{OrderBy: order, After: after}, 100)
	}
	byNumber, err := search("", &pluginpb.OrderBy{Field: "number"})
	if err != nil {
		t.Fatal(err)
	}
	cursor := byNumber.Next(func(path string) any { return map[string]any{"id": "b1", "number": int64(7)}[path] })
	const want = "INVALID The cursor belongs to another order; start again from the first page."
	for name, order := range map[string][]*pluginpb.OrderBy{
		"none":                {},
		"the other direction": {{Field: "number", Descending: true}},
		"one key more":        {{Field: "number"}, {Field: "paid"}},
	} {
		if _, err := search(cursor, order...); refused(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if got, err := search(cursor, &pluginpb.OrderBy{Field: "number"}); err != nil || !cmp.Equal(got.After, []any{int64(7), "b1"}) {
		t.Errorf("its own order: %v, %v", got.After, err)
	}
}

func TestRecordsAreSortedByWhatHasAnOrder(t *testing.T) {
	m := bills(t)
	tests := map[string]struct {
		field      string
		path, leaf string // storage path and type of the key; "" where it is refused
	}{
		"a number":               {"number", "number", "integer"},
		"money, by its amount":   {"total", "total.amount", "decimal"},
		"a phone, by its digits": {"phone", "phone.e164", "text"},
		"a system field":         {"createdAt", "createdAt", "datetime"},
		"without an index":       {"note", "", ""},
		"no field":               {"nummber", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := contract.ReadSearch(m, m.Entity("bill"), &pluginpb.FindRequest{OrderBy: []*pluginpb.OrderBy{{Field: tt.field, Descending: true}}}, 100)
			if tt.path == "" {
				if want := `INVALID bills cannot be sorted by "` + tt.field + `": it must be a field with an index.`; refused(err) != want {
					t.Errorf("%v, want %s", err, want)
				}
				return
			}
			if err != nil || len(got.OrderBy) != 1 || got.OrderBy[0].Path != tt.path || got.OrderBy[0].Field.Type != tt.leaf || !got.OrderBy[0].Descending {
				t.Errorf("%+v, %v; want %s of type %s, descending", got.OrderBy, err, tt.path, tt.leaf)
			}
		})
	}
}

func TestAPageHasAtMostWhatIsAskedFor(t *testing.T) {
	m := bills(t)
	for asked, want := range map[int32]int{0: 100, 7: 7, 100: 100, 1000: 100, -1: 100} {
		if got, err := contract.ReadSearch(m, m.Entity("bill"), &pluginpb.FindRequest{Limit: asked}, 100); err != nil || got.Limit != want {
			t.Errorf("%d are asked for: %d, %v; want %d", asked, got.Limit, err, want)
		}
	}
}

func TestAFilterThatCannotBeAnsweredIsRefused(t *testing.T) {
	m := bills(t)
	for filter, want := range map[string]string{
		``:                           "",
		`{"number":{"gt":7}}`:        "",
		`[`:                          "INVALID The filter cannot be read.",
		`{"note":{"eq":"x"}}`:        "INVALID The filter does not fit bills. filter.note cannot be filtered by: it has no index (add index: true to the field, or filterable: all to the entity)",
		`{"nummber":{"eq":"x"}}`:     `INVALID The filter does not fit bills. filter.nummber is no field; did you mean "number"?`,
		`{"number":{"eq":"many"}}`:   `INVALID The filter does not fit bills. filter.number.eq must be a whole number, not many`,
		`{"number":{"like":"many"}}`: `INVALID The filter does not fit bills. filter.number.like is no operator of integer; there are eq, ne, in, notIn, lt, lte, gt, gte, isNull`,
	} {
		if _, err := contract.ReadFilter(m, m.Entity("bill"), []byte(filter)); refused(err) != want {
			t.Errorf("%s: %v\nwant %s", filter, err, want)
		}
	}
}

func TestASearchOfWhatIsNotSearchedIsRefused(t *testing.T) {
	m := bills(t)
	for text, want := range map[string]string{
		"":                        "",
		" - ":                     "",
		"paid":                    "INVALID No field of bills is searched: search: true in its definition says which are.",
		strings.Repeat("a ", 21):  "INVALID A search has at most 20 words, not 21.",
		strings.Repeat("a ", 500): "INVALID A search has at most 20 words, not 500.",
	} {
		if _, err := contract.ReadSearch(m, m.Entity("bill"), &pluginpb.FindRequest{Search: text}, 100); refused(err) != want {
			t.Errorf("search %.20q: %v, want %s", text, err, want)
		}
	}
}
