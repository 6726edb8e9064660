package pluginhost

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestACursorHoldsValuesOnly(t *testing.T) {
	t.Parallel()
	m, err := schema.Load(schema.Source{Layer: "test", File: "bill.yaml", Data: []byte("entity: bill\nfields:\n  number: {type: integer, index: true}\n  paid: {type: date, index: true}\n")})
	if err != nil {
		t.Fatal(err)
	}
	order := []*pluginpb.OrderBy{{Field: "number"}, {Field: "paid"}}
	after := func(text string) ([]any, error) {
		q, err := query(m, m.Entity("bill"), &pluginpb.FindRequest{OrderBy: order, After: text})
		return q.After, err
	}
	last := &core.Record{ID: "b1", Values: map[string]any{"number": int64(1 << 60), "paid": nil}}
	e := m.Entity("bill")
	text, err := cursor([]core.Order{{Path: "number", Field: e.Field("number")}, {Path: "paid", Field: e.Field("paid")}}, last)
	if err != nil {
		t.Fatal(err)
	}
	got, err := after(text)
	if diff := cmp.Diff([]any{int64(1 << 60), nil, "b1"}, got); err != nil || diff != "" {
		t.Errorf("the cursor of a record: %v (-want +got):\n%s", err, diff)
	}
	for name, text := range map[string]string{
		"an operator of a database": `[{"$gt": 0}, null, "b1"]`,
		"a list":                    `[[1], null, "b1"]`,
		"another type":              `[1, "yesterday", "b1"]`,
		"an id that is none":        `[1, null, {"$ne": null}]`,
		"too few values":            `[1, "b1"]`,
		"no list":                   `{"a": 1}`,
		"no JSON":                   `[`,
	} {
		const want = "The cursor is none of this query. Pass on what came with the page before."
		var ours *core.Error
		if _, err := after(text); !errors.As(err, &ours) || ours.Code != core.Invalid || ours.Message != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
