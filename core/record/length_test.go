package record_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestATextThatWasStoredWhenNothingBoundedItStaysAndItsRecordIsWritten(t *testing.T) {
	d := newDesk(t)
	long := strings.Repeat("a", schema.MaxText+1)
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	stored := &core.Record{Entity: "product", ID: "0190b7f2-0000-7000-8000-000000000001", Version: 1, CreatedAt: at, UpdatedAt: at, Values: map[string]any{"sku": "1", "name": long}}
	if errs := d.store.Commit(t.Context(), d.model.Entity("product"), []core.Change{{At: at, Action: core.Created, After: stored}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	session := d.As(core.Actor{ID: "u", Roles: []string{core.AdminRole}}, d.Basis)
	save := func(set map[string]any) record.Result {
		return session.Save(t.Context(), d.model.Entity("product"), []record.Draft{{Action: core.Updated, ID: stored.ID, Set: set}}, false)[0]
	}
	if result := save(map[string]any{"sku": "2", "name": long}); result.Err != nil || result.Record.Values["name"] != long {
		t.Fatalf("beside the long text, and with it sent again: %v", result.Err)
	}
	want := "The product was not saved: some fields need attention. name must have at most 1048576 bytes, not 1048578: shorten it, or ask for a max in the definition of the field"
	if result := save(map[string]any{"name": long + "b"}); result.Err == nil || result.Err.Error() != want {
		t.Errorf("another long text: got %v\nwant %s", result.Err, want)
	}
	if result := save(map[string]any{"name": "short"}); result.Err != nil {
		t.Errorf("a short text: %v", result.Err)
	}
}
