package plugintest

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// desk is what a plugin in another language sees of the host: the wire.
type desk struct {
	*testing.T
	*callbacks
	id *pluginpb.CallContext
}

func newDesk(t *testing.T) desk {
	t.Helper()
	h := Start(t, sdk.Plugin{Name: "vouchers", Version: "1", Entities: fstest.MapFS{"voucher.yaml": {Data: []byte(`entity: voucher
fields:
  code: {type: text, index: true}
  city: {type: text, index: true}
  remaining: {type: integer}
  state: {type: state, options: {issued: {next: [redeemed]}, redeemed: {}}, default: issued}
`)}}})
	id, end := h.begin(&pluginpb.User{Id: "tester"}, true)
	t.Cleanup(end)
	return desk{t, &callbacks{Host: h}, id}
}

// put is what the plugin is told about a write.
func (d desk) put(r *pluginpb.SaveRequest) (id, refusal string) {
	d.Helper()
	r.Context, r.Entity = d.id, "voucher"
	answer, err := d.Save(d.Context(), r)
	if err != nil {
		d.Fatal(err)
	}
	return answer.GetRecord().GetId(), said(answer.GetError())
}

func (d desk) page(after string, limit int32, order ...*pluginpb.OrderBy) (answer *pluginpb.FindResponse, refusal string) {
	d.Helper()
	answer, err := d.Find(d.Context(), &pluginpb.FindRequest{Context: d.id, Entity: "voucher", After: after, Limit: limit, OrderBy: order})
	if err != nil {
		d.Fatal(err)
	}
	return answer, said(answer.GetError())
}

func said(e *pluginpb.Error) string {
	if e == nil {
		return ""
	}
	text := e.GetCode() + " " + e.GetMessage()
	for _, v := range e.GetViolations() {
		text += " " + v.GetField() + " " + v.GetMessage()
	}
	return text
}

func TestAGuardHoldsBesideTheStatesOfAMove(t *testing.T) {
	d := newDesk(t)
	const (
		elsewhere = "CONFLICT The voucher was not changed: its state is issued, not redeemed. Reload it and try again. state is another by now"
		usedUp    = "CONFLICT The voucher was not changed: the condition does not hold. guard does not hold for the record as it is"
	)
	tests := map[string]struct {
		from      string
		remaining int
		want      string
	}{
		"both hold":               {"issued", 1, ""},
		"the guard does not hold": {"issued", 0, usedUp},
		"it is in another state":  {"redeemed", 1, elsewhere},
		"neither holds":           {"redeemed", 0, elsewhere},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			id, _ := d.put(&pluginpb.SaveRequest{Patch: fmt.Appendf(nil, `{"remaining":%d}`, tt.remaining)})
			_, got := d.put(&pluginpb.SaveRequest{Id: id, ToState: "redeemed", FromStates: []string{tt.from}, Guard: []byte(`{"remaining":{"gte":1}}`)})
			if got != tt.want {
				t.Errorf("the plugin is told %q, want %q", got, tt.want)
			}
		})
	}
}

func TestACursorBelongsToItsOrder(t *testing.T) {
	d := newDesk(t)
	for _, code := range []string{"A", "B", "C"} {
		d.put(&pluginpb.SaveRequest{Patch: fmt.Appendf(nil, `{"code":%q,"city":"Berlin"}`, code)})
	}
	byCode := &pluginpb.OrderBy{Field: "code"}
	first, refused := d.page("", 2, byCode)
	if len(first.GetRecords()) != 2 || first.GetNext() == "" || refused != "" {
		t.Fatalf("the first page has %d records and the cursor %q, %s; want 2 and another page", len(first.GetRecords()), first.GetNext(), refused)
	}
	last := first.GetRecords()[1].GetId()
	if err := d.Host.Delete("voucher", last); err != nil { // the place in the list stays
		t.Fatal(err)
	}
	if second, refused := d.page(first.GetNext(), 2, byCode); len(second.GetRecords()) != 1 || second.GetNext() != "" || refused != "" {
		t.Errorf("the second page has %d records and the cursor %q, %s; want the one that is left", len(second.GetRecords()), second.GetNext(), refused)
	}
	const otherOrder = "INVALID The cursor belongs to another order; start again from the first page."
	for name, order := range map[string][]*pluginpb.OrderBy{
		"another field": {{Field: "city"}}, "the other direction": {{Field: "code", Descending: true}}, "none": nil,
	} {
		if _, refused := d.page(first.GetNext(), 2, order...); refused != otherOrder {
			t.Errorf("%s: %q, want %q", name, refused, otherOrder)
		}
	}
	if _, refused := d.page("made up", 2, byCode); refused != "INVALID The cursor is none of this query. Pass on what came with the page before." {
		t.Errorf("a made up cursor: %q", refused)
	}
}
