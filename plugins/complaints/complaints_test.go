package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func addCustomer(h *plugintest.Host, name string) *sdk.Record {
	return h.Add("customer", map[string]any{"kind": "organization", "displayName": name})
}

func TestARejectedComplaintNeedsAReason(t *testing.T) {
	h := plugintest.Start(t, plugin())
	customer := addCustomer(h, "Futterhaus")
	complaint := &sdk.Record{Entity: "complaint", Values: map[string]any{
		"customer": customer.ID, "subject": "Dog food was open", "state": "rejected",
	}}
	_, err := h.Save(complaint)
	var refused *sdk.Error
	if !errors.As(err, &refused) {
		t.Fatalf("Save = %v, want a refusal", err)
	}
	want := &sdk.Error{
		Code: sdk.CodeInvalid, Message: "The complaint was not saved: some fields need attention.",
		Violations: []sdk.Violation{{Field: "reason", Rule: "rejected", Message: "is required when a complaint is rejected"}},
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}

	complaint.Values["reason"] = "The customer opened it."
	if _, err := h.Save(complaint); err != nil {
		t.Errorf("with a reason: %v", err)
	}
}

func TestCloseComplaintSettlesItOnce(t *testing.T) {
	h := plugintest.Start(t, plugin())
	complaint := h.Add("complaint", map[string]any{"customer": addCustomer(h, "Futterhaus").ID, "subject": "Dog food was open"})
	in := map[string]any{"id": complaint.ID, "resolution": "New bag sent."}

	got, err := h.Call("closeComplaint", in)
	if err != nil || got != complaint.ID {
		t.Fatalf("closeComplaint = %v, %v; want %s", got, err, complaint.ID)
	}
	closed := h.Get("complaint", complaint.ID)
	if closed.Text("state") != "closed" || closed.Text("resolution") != "New bag sent." {
		t.Errorf("after closing: %v", closed.Values)
	}
	const want = "The complaint was closed before. Read its resolution, or open it again first."
	if _, err := h.Call("closeComplaint", in); err == nil || err.Error() != want {
		t.Errorf("closing again: %v; want %s", err, want)
	}
	in["id"] = "nowhere"
	if _, err := h.Call("closeComplaint", in); err == nil || err.Error() != "There is no complaint with the id nowhere, or you may not see it." {
		t.Errorf("closing what is not there: %v", err)
	}
}

func TestOpenComplaintsOfManyCustomersTakeOneFind(t *testing.T) {
	h := plugintest.Start(t, plugin())
	anna, ben, cleo := addCustomer(h, "Anna"), addCustomer(h, "Ben"), addCustomer(h, "Cleo")
	add := func(customer *sdk.Record, state, day string) string {
		return h.Add("complaint", map[string]any{
			"customer": customer.ID, "subject": "Late", "state": state, "receivedOn": day, "reason": "None",
		}).ID
	}
	later := add(anna, "received", "2026-03-02")
	earlier := add(anna, "investigating", "2026-03-01")
	add(anna, "closed", "2026-02-01")
	add(ben, "rejected", "2026-02-01")
	only := add(cleo, "received", "2026-03-03")

	got, err := h.Resolve("customer", "openComplaints", cleo, ben, anna)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{[]any{only}, nil, []any{earlier, later}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("openComplaints (-want +got):\n%s", diff)
	}
	if n := h.Finds(); n != 1 {
		t.Errorf("%d finds for 3 customers, want 1", n)
	}
}

func TestAComplaintIsInTheTimelineOfItsCustomerOnce(t *testing.T) {
	h := plugintest.Start(t, plugin())
	customer := addCustomer(h, "Futterhaus")
	complaint, err := h.Save(&sdk.Record{Entity: "complaint", Values: map[string]any{"customer": customer.ID, "subject": "Bag was open"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Call("closeComplaint", map[string]any{"id": complaint.ID, "resolution": "New bag sent."}); err != nil {
		t.Fatal(err)
	}
	h.Deliver()
	for _, e := range h.Events("complaint.*") {
		h.Redeliver(e)
	}
	var got []string
	for _, activity := range h.Find("activity", nil) {
		if activity.Text("party") != customer.ID {
			t.Errorf("%s is in the timeline of %s", activity.Text("subject"), activity.Text("party"))
		}
		got = append(got, activity.Text("direction")+": "+activity.Text("subject"))
	}
	number := complaint.Text("number")
	want := []string{"inbound: Complaint " + number + " received: Bag was open", "outbound: Complaint " + number + " closed: Bag was open"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}
