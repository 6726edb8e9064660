package record_test

import (
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// What was stored in another form stays and hinders nothing: neither reads, nor
// another record with the same text in the form of today, nor a change beside it.
func TestATextInAnOlderFormStaysUntilItIsWritten(t *testing.T) {
	d := newDesk(t)
	product, at := d.entity("product"), time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	const apart, odd = "Ko\u0308rner", "a\x07b"
	stored := &core.Record{Entity: "product", ID: "0190b7f2-0000-7000-8000-000000000001", Version: 1, CreatedAt: at, UpdatedAt: at, Values: map[string]any{"sku": apart, "name": odd}}
	if errs := d.store.Commit(t.Context(), product, []core.Change{{At: at, Action: core.Created, After: stored}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	d.must("product", record.Draft{Action: core.Created, Set: map[string]any{"sku": apart, "name": "Grains"}})

	changed := d.must("product", record.Draft{Action: core.Updated, ID: stored.ID, Set: map[string]any{"unitsInStock": 1}})
	if changed.Values["sku"] != apart || changed.Values["name"] != odd {
		t.Errorf("beside a change, the older texts became %+q", changed.Values)
	}
	filter, err := d.model.ParseFilter(product, map[string]any{"sku": map[string]any{"in": []any{apart, "Körner"}}}, false)
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.as(admin).Find(t.Context(), product, core.Query{Filter: filter, First: -1})
	if err != nil || len(found) != 1 || found[0].Values["name"] != "Grains" {
		t.Errorf("found %v, %v; want the record in the form of today", found, err)
	}
	result := d.save(admin, "product", record.Draft{Action: core.Updated, ID: stored.ID, Set: map[string]any{"sku": "Ko\u0308rner\u200b"}})[0]
	if core.CodeOf(result.Err) != core.Conflict {
		t.Errorf("written anew, the text is %v; want it taken", result.Err)
	}
	now, left := product.FormNow(changed.Values, "DE")
	if now["sku"] != "Körner" || len(left) != 1 || left[0].Field != "name" {
		t.Errorf("today it would be %+q, and %v", now, left)
	}
}
