package record_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

func TestAGuardHoldsBesideTheStatesThatAMoveBeginsIn(t *testing.T) {
	const (
		elsewhere = "The voucher was not changed: its state is issued, not redeemed. Reload it and try again."
		usedUp    = "The voucher was not changed: the condition does not hold."
	)
	tests := map[string]struct {
		remaining int64
		from      string
		want      []string // nil: it is redeemed
	}{
		"both hold":               {1, "issued", nil},
		"the guard does not hold": {0, "issued", []string{usedUp, "guard does not hold for the record as it is"}},
		"it is in another state":  {1, "redeemed", []string{elsewhere, "state is another by now"}},
		"neither holds":           {0, "redeemed", []string{elsewhere, "state is another by now"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			v := d.create("voucher", map[string]any{"code": "A", "remaining": tt.remaining})
			guard, err := d.model.ParseGuard(d.entity("voucher"), map[string]any{"remaining": map[string]any{"gte": 1}})
			if err != nil {
				t.Fatal(err)
			}
			result := d.save(admin, "voucher", record.Draft{
				Action: core.Updated, ID: v.ID, Guard: &guard, From: []string{tt.from},
				Set: map[string]any{"state": "redeemed"},
			})[0]
			if tt.want != nil {
				d.refused(result.Err, core.Conflict, tt.want...)
				return
			}
			if result.Err != nil || result.Record.Values["state"] != "redeemed" {
				t.Errorf("it is %+v, %v; want it to be redeemed", result.Record, result.Err)
			}
		})
	}
}
