package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestARoleComesAndGoesAndItsNumberStays(t *testing.T) {
	d := newDesk(t)
	supplier, customer := d.entity("supplier"), d.entity("customer")
	r := d.customer("A", "DE")
	r = d.must("supplier", record.Draft{Action: core.Updated, ID: r.ID, Grant: supplier, Set: map[string]any{"supplier.category": "Tea"}})
	if diff := cmp.Diff([]any{"customer", "supplier"}, r.Values["roles"]); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if got := schema.Lookup(r.Values, "supplier.number"); got != "S-00001" {
		t.Errorf("number = %v, want S-00001", got)
	}
	d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Withdraw: customer})
	if left, _ := d.find(admin, "customer", nil); len(left) != 0 {
		t.Errorf("%d customers are left, want none", len(left))
	}
	if left, _ := d.find(admin, "supplier", nil); len(left) != 1 {
		t.Errorf("%d suppliers are left, want 1", len(left))
	}
	r = d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Grant: customer})
	if got := schema.Lookup(r.Values, "customer.number"); got != "C-00001" {
		t.Errorf("number after the role came back = %v, want C-00001", got)
	}
}

func TestARoleBeginsAndEndsWithTheChangeThatSaysSo(t *testing.T) {
	d := newDesk(t)
	now := d.Now()
	d.Now = func() time.Time { now = now.Add(time.Second); return now }
	r := d.customer("A", "DE")
	if got, want := schema.Lookup(r.Values, "customer.since"), schema.Instant(r.CreatedAt); got != want {
		t.Errorf("a customer since %v, created at %v; want the same", got, want)
	}
	r = d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Withdraw: d.entity("customer")})
	if got, want := schema.Lookup(r.Values, "customer.until"), schema.Instant(r.UpdatedAt); got != want {
		t.Errorf("a customer until %v, updated at %v; want the same", got, want)
	}
	if held, has := r.Values[schema.RolesField]; has {
		t.Errorf("roles = %v, want none", held)
	}
}

func TestACustomerWhoAlsoSuppliesIsNotDeletedAsACustomer(t *testing.T) {
	d := newDesk(t)
	r := d.customer("A", "DE")
	d.must("supplier", record.Draft{Action: core.Updated, ID: r.ID, Grant: d.entity("supplier")})
	result := d.save(admin, "customer", record.Draft{Action: core.Deleted, ID: r.ID})[0]
	d.refused(result.Err, core.Conflict, "The customer also holds other roles. Withdraw the role customer instead, or delete the party.")
}

func TestRoleDataNeedTheRole(t *testing.T) {
	d := newDesk(t)
	r := d.create("party", map[string]any{"kind": "person", "displayName": "A"})
	result := d.save(admin, "party", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"customer.segment": "A"}})[0]
	d.refused(result.Err, core.Invalid, "The party was not saved: some fields need attention.", "customer needs the role customer; grant it first")
}

func TestHistorySaysWhoChangedWhatFromWhatToWhat(t *testing.T) {
	d := newDesk(t)
	r := d.customer("A", "DE")
	d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"displayName": "B", "city": "Bonn"}})
	d.must("customer", record.Draft{Action: core.Deleted, ID: r.ID})
	entries, err := d.as(admin).History(t.Context(), d.entity("customer"), r.ID, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []core.Action
	for _, e := range entries {
		got = append(got, e.Action)
	}
	if want := []core.Action{core.Deleted, core.Updated, core.Created}; !cmp.Equal(want, got) {
		t.Fatalf("actions = %v, want %v", got, want)
	}
	want := []core.Diff{{Path: "city", To: "Bonn"}, {Path: "displayName", From: "A", To: "B"}}
	if diff := cmp.Diff(want, entries[1].Diffs); diff != "" || entries[1].Actor.Name != "Ada" {
		t.Errorf("by %s (-want +got):\n%s", entries[1].Actor.Name, diff)
	}
}

func TestAnImmutableFieldOfARoleStaysWhicheverDoorIsUsed(t *testing.T) {
	d := newDesk(t)
	r := d.create("carrier", map[string]any{"kind": "organization", "displayName": "A", "carrier.code": "DHL"})
	for entity, field := range map[string]string{"carrier": "code", "party": "carrier.code"} {
		result := d.save(admin, entity, record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"carrier.code": "UPS"}})[0]
		d.refused(result.Err, core.Invalid, "The "+entity+" was not saved: some fields need attention.", field+" cannot be changed once it is set")
	}
}
