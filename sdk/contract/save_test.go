package contract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestAWishIsReadAsItIsMeant(t *testing.T) {
	m := bills(t)
	e := m.Entity("bill")
	guard, err := m.ParseGuard(e, map[string]any{"left": map[string]any{"gte": "1"}}) // no index is needed
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		request *pluginpb.SaveRequest
		want    contract.Wish
	}{
		"a new one":      {&pluginpb.SaveRequest{Patch: []byte(`{"note":"x","paid":null}`)}, contract.Wish{Set: map[string]any{"note": "x", "paid": nil}}},
		"nothing at all": {&pluginpb.SaveRequest{}, contract.Wish{Set: map[string]any{}}},
		"an upsert":      {&pluginpb.SaveRequest{By: "number", Patch: []byte(`{"number":7}`)}, contract.Wish{By: e.Field("number"), Set: map[string]any{"number": int64(7)}}},
		"a version":      {&pluginpb.SaveRequest{Id: "b1", IfVersion: 3}, contract.Wish{ID: "b1", IfVersion: 3, Set: map[string]any{}}},
		"a move from somewhere, under a guard, with an amount": {
			&pluginpb.SaveRequest{Id: "b1", ToState: "done", FromStates: []string{"open"}, Guard: []byte(`{"left":{"gte":"1"}}`), Add: map[string]string{"left": "-1"}},
			contract.Wish{ID: "b1", Set: map[string]any{"state": "done"}, From: []string{"open"}, Guard: &guard, Add: map[string]string{"left": "-1"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := contract.ReadWish(m, e, "billing", tt.request)
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(schema.Field{})); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAWishThatCannotBeReadIsRefused(t *testing.T) {
	m := bills(t)
	tests := map[string]struct {
		request *pluginpb.SaveRequest
		want    string
	}{
		"values":                     {&pluginpb.SaveRequest{Patch: []byte(`[]`)}, "INVALID The plugin billing sent values that cannot be read."},
		"a state of a new one":       {&pluginpb.SaveRequest{ToState: "done"}, `INVALID No bill was moved to "done": that takes an entity with a field of type state, and an id.`},
		"an upsert of an id":         {&pluginpb.SaveRequest{Id: "b1", By: "number"}, `INVALID A bill cannot be found by "number": it must be a unique field, and the record must have no id.`},
		"an upsert by what is not":   {&pluginpb.SaveRequest{By: "note"}, `INVALID A bill cannot be found by "note": it must be a unique field, and the record must have no id.`},
		"a guard":                    {&pluginpb.SaveRequest{Id: "b1", Guard: []byte(`{`)}, "INVALID The guard cannot be read."},
		"a guard of what is not":     {&pluginpb.SaveRequest{Id: "b1", Guard: []byte(`{"nota":{"eq":"x"}}`)}, `INVALID The guard does not fit bills. guard.nota is no field; did you mean "note"?`},
		"a guard that says too much": {&pluginpb.SaveRequest{Id: "b1", Guard: []byte(`{"note":7}`)}, `INVALID The guard does not fit bills. guard.note must be an object such as {eq: ...}, not 7`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := contract.ReadWish(m, m.Entity("bill"), "billing", tt.request); refused(err) != tt.want {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestARuleChangesFieldsOnly(t *testing.T) {
	e := bills(t).Entity("bill")
	for name, want := range map[string]string{
		"note": "", "color": "wanted to set bill.color, which is no field that can be set", "version": "wanted to set bill.version, which is no field that can be set",
	} {
		got := ""
		if err := contract.CheckPatch(e, map[string]any{name: "x"}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
