package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestMutationsThroughTheRealServer(t *testing.T) {
	s := plugintest.NewServer(t)
	admin, reader, agent := s.As("admin"), s.As("reader"), s.As("complaints.agent")
	var created struct {
		CreateCustomer struct{ Customer struct{ ID string } }
	}
	if err := admin.Query(`mutation { createCustomer(data: {kind: organization, displayName: "Futterhaus"}) { customer { id } } }`, nil, &created); err != nil {
		t.Fatal(err)
	}
	complain := func(c *plugintest.Client, state string) (id string, err error) {
		var made struct {
			CreateComplaint struct{ Complaint struct{ ID string } }
		}
		err = c.Query(`mutation ($data: ComplaintInput!) { createComplaint(data: $data) { complaint { id } } }`,
			map[string]any{"data": map[string]any{"customer": created.CreateCustomer.Customer.ID, "subject": "Dog food was open", "state": state}}, &made)
		return made.CreateComplaint.Complaint.ID, err
	}
	_, err := complain(admin, "rejected")
	want := &sdk.Error{
		Code: sdk.CodeInvalid, Message: "The complaint was not saved: some fields need attention.",
		Violations: []sdk.Violation{{Field: "reason", Rule: "rejected", Message: "is required when a complaint is rejected"}},
	}
	var refused *sdk.Error
	if !errors.As(err, &refused) {
		t.Fatalf("the complaint without a reason: %v, want a refusal", err)
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
	id, err := complain(admin, "received")
	if err != nil {
		t.Fatal(err)
	}

	const closing = `mutation ($id: ID!) { closeComplaint(id: $id, resolution: "New bag sent.") { state resolution } }`
	err = reader.Query(closing, map[string]any{"id": id}, nil)
	if !errors.As(err, &refused) || refused.Message != "Your roles allow no mutation; ask an administrator." {
		t.Errorf("a reader closes it: %v, want that there is no such mutation", err)
	}
	var closed struct {
		CloseComplaint struct{ State, Resolution string }
	}
	if err := agent.Query(closing, map[string]any{"id": id}, &closed); err != nil || closed.CloseComplaint.State != "closed" {
		t.Errorf("an agent closes it: %+v, %v", closed, err)
	}
}
