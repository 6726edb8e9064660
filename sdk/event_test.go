package sdk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/testing/protocmp"
)

func deliver(t *testing.T, plugin pluginpb.PluginClient, r *pluginpb.DeliverRequest) ([]*pluginpb.Receipt, error) {
	t.Helper()
	answer, err := plugin.Deliver(t.Context(), r)
	if err != nil {
		return nil, err
	}
	return contract.Receipts(answer, len(r.GetEvents()))
}

func TestAReceiptIsSentBeforeTheNextEventIsHandled(t *testing.T) {
	received := make(chan bool)
	plugin := serve(t, sdk.Plugin{Name: "listener", Version: "1", Events: []sdk.Subscription{
		sdk.On("order.*", func(_ context.Context, _ sdk.Host, e *sdk.Event) error {
			if e.ID == "2" {
				<-received
			}
			return nil
		}),
	}}, silent{})
	answer, err := plugin.Deliver(t.Context(), &pluginpb.DeliverRequest{Events: []*pluginpb.Event{
		{Id: "1", Topic: "order.created", Entity: "order"}, {Id: "2", Topic: "order.created", Entity: "order"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := answer.Recv(); err != nil || len(first.GetReceipts()) != 1 {
		t.Errorf("while the second is handled: %v, %v; want one receipt", first, err)
	}
	close(received)
	if rest, err := contract.Receipts(answer, 1); err != nil || len(rest) != 1 {
		t.Errorf("then: %v, %v; want one more", rest, err)
	}
}

func TestAnEventGoesToTheFirstSubscriptionThatFits(t *testing.T) {
	var got []string
	handler := func(name string) sdk.EventFunc {
		return func(_ context.Context, _ sdk.Host, e *sdk.Event) error {
			got = append(got, name+" "+e.ID)
			return nil
		}
	}
	plugin := serve(t, sdk.Plugin{Name: "listener", Version: "1", Events: []sdk.Subscription{
		sdk.On("order.created", handler("created")), sdk.On("order.*", handler("any")),
		sdk.On("customer.updated", handler("customer")), sdk.On("party.*", handler("party")),
		sdk.On("billing.paid", handler("paid")),
	}}, silent{})
	receipts, err := deliver(t, plugin, &pluginpb.DeliverRequest{Events: []*pluginpb.Event{
		{Id: "1", Topic: "order.created", Entity: "order", Action: "created"},
		{Id: "2", Topic: "order.deleted", Entity: "order", Action: "deleted"},
		{Id: "3", Topic: "party.updated", Entity: "party", Action: "updated", Roles: []string{"customer", "supplier"}},
		{Id: "4", Topic: "party.updated", Entity: "party", Action: "updated", Roles: []string{"supplier"}},
		{Id: "5", Topic: "billing.paid"},
		{Id: "6", Topic: "invoice.created", Entity: "invoice", Action: "created"}, // of an earlier version of the plugin
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"created 1", "any 2", "customer 3", "party 4", "paid 5"}, got); diff != "" {
		t.Errorf("handled (-want +got):\n%s", diff)
	}
	for i, receipt := range receipts {
		if receipt.GetOutcome() != pluginpb.Receipt_ACK {
			t.Errorf("event %d: %v, want ACK", i+1, receipt)
		}
	}
}

func TestAnErrorSaysWhatBecomesOfTheEvent(t *testing.T) {
	failed := errors.New("no such order")
	plugin := serve(t, sdk.Plugin{Name: "listener", Version: "1", Events: []sdk.Subscription{
		sdk.On("order.*", func(_ context.Context, _ sdk.Host, e *sdk.Event) error {
			switch e.RecordID {
			case "fails":
				return failed
			case "later":
				return sdk.RetryAfter(90*time.Second, failed)
			case "dead":
				return sdk.DeadLetter(failed)
			case "refused":
				return sdk.Reject("total", "is missing")
			case "panics":
				panic("no such thing")
			}
			return nil
		}),
	}}, silent{})
	var request pluginpb.DeliverRequest
	for _, e := range []struct{ key, record string }{
		{"a", "fails"}, {"a", "fine"}, {"b", "later"}, {"c", "dead"}, {"c", "fine"}, {"d", "refused"}, {"e", "panics"}, {"f", "fine"}, {"", "fails"}, {"", "fine"},
	} {
		request.Events = append(request.Events, &pluginpb.Event{Topic: "order.updated", Key: e.key, Entity: "order", Action: "updated", RecordId: e.record})
	}
	receipts, err := deliver(t, plugin, &request)
	if err != nil {
		t.Fatal(err)
	}
	retry := func(reason string) *pluginpb.Receipt {
		return &pluginpb.Receipt{Outcome: pluginpb.Receipt_RETRY, Reason: reason}
	}
	ack := &pluginpb.Receipt{Outcome: pluginpb.Receipt_ACK}
	want := []*pluginpb.Receipt{
		retry("no such order"), retry("an earlier event of its key comes again"),
		{Outcome: pluginpb.Receipt_RETRY, Reason: "no such order", RetryAfterMs: 90_000},
		{Outcome: pluginpb.Receipt_DEAD, Reason: "no such order"}, ack,
		retry("total is missing"), retry("handle order.updated: panic: no such thing"), ack,
		retry("no such order"), ack,
	}
	if diff := cmp.Diff(want, receipts, protocmp.Transform()); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
}

func TestAnEventTellsWhatHasChanged(t *testing.T) {
	var got *sdk.Event
	plugin := serve(t, sdk.Plugin{Name: "listener", Version: "1", Events: []sdk.Subscription{
		sdk.On("order.*", func(_ context.Context, _ sdk.Host, e *sdk.Event) error { got = e; return nil }),
	}}, silent{})
	_, err := deliver(t, plugin, &pluginpb.DeliverRequest{Events: []*pluginpb.Event{{
		Id: "order/o1/2", Topic: "order.updated", Key: "order/o1", Sequence: 2, At: "2026-01-02T03:04:05.678Z", Attempt: 3,
		User: &pluginpb.User{Id: "anna", Roles: []string{"sales"}}, Via: "shop", Entity: "order", RecordId: "o1", Action: "updated",
		Changes: []*pluginpb.FieldChange{{Path: "total.amount", From: []byte(`"9.50"`), To: []byte(`"12.50"`)}, {Path: "units", To: []byte(`9007199254740993`)}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	want := &sdk.Event{
		ID: "order/o1/2", Topic: "order.updated", Key: "order/o1", Sequence: 2, Attempt: 3,
		At: time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC), User: &sdk.User{ID: "anna", Roles: []string{"sales"}}, Via: "shop",
		Entity: "order", RecordID: "o1", Action: "updated",
		Changes: []sdk.FieldChange{{Path: "total.amount", From: "9.50", To: "12.50"}, {Path: "units", To: int64(9007199254740993)}},
	}
	if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".payload" }, cmp.Ignore())); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if !got.Changed("units") || got.Changed("state") {
		t.Error("Changed does not tell what has changed")
	}
}
