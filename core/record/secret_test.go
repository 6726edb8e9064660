package record_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// What an error quotes is what the actor sees or has sent: not what is stored, nor
// what a default or a rule of a plugin has set.
func TestNoErrorQuotesWhatTheActorMayNotSee(t *testing.T) {
	const saved = "The voucher was not saved: some fields need attention."
	paris := ""
	tests := map[string]struct {
		rules, more string
		draft       record.Draft                // of a voucher that has 5 remaining, if it is not created
		hook        func(after map[string]any)  // what a plugin makes of it
		store       func(values map[string]any) // what is stored, though the rules of today refuse it
		want        string
	}{
		"a value that was sent": {
			rules: "voucher: {read: true, create: true, fields: {remaining: write, code: write}}",
			draft: record.Draft{Action: core.Created, Set: map[string]any{"code": "A", "remaining": int64(-77)}},
			want:  "remaining must be at least 0, not -77",
		},
		"a value that was sent by who sees nothing": {
			rules: "voucher: {create: true}",
			draft: record.Draft{Action: core.Created, Set: map[string]any{"code": "A", "remaining": int64(-77)}},
			want:  "remaining must be at least 0, not -77",
		},
		"a sum": {
			rules: "voucher: {read: true, fields: {code: read}}", more: "voucher: {update: true}",
			draft: record.Draft{Action: core.Updated, Add: map[string]string{"remaining": "-82"}},
			want:  "remaining must be at least 0",
		},
		"a sum with a stored value that is seen": {
			rules: "voucher: {read: true, update: true}",
			draft: record.Draft{Action: core.Updated, Add: map[string]string{"remaining": "-5"}},
			store: func(values map[string]any) { values["remaining"] = int64(-77) },
			want:  "remaining must be at least 0, not -82",
		},
		"a sum with a stored value": {
			rules: "voucher: {read: true, fields: {code: read}}", more: "voucher: {update: true}",
			draft: record.Draft{Action: core.Updated, Add: map[string]string{"remaining": "-5"}},
			store: func(values map[string]any) { values["remaining"] = int64(-77) },
			want:  "remaining must be at least 0",
		},
		"what a rule of a plugin sets": {
			rules: "voucher: {read: true, update: true, fields: {code: write}}",
			draft: record.Draft{Action: core.Updated, Set: map[string]any{"code": "B"}},
			hook:  func(after map[string]any) { after["remaining"] = int64(-77) },
			want:  "remaining must be at least 0",
		},
		"what a rule of a plugin makes of what was sent": {
			rules: "voucher: {create: true}",
			draft: record.Draft{Action: core.Created, Set: map[string]any{"code": "A", "remaining": int64(1)}},
			hook:  func(after map[string]any) { after["remaining"] = int64(-77) },
			want:  "remaining must be at least 0",
		},
		"a step from a state": {
			rules: "voucher: {read: true, update: true, fields: {code: write}}",
			draft: record.Draft{Action: core.Updated, Set: map[string]any{"code": "B"}},
			hook:  func(after map[string]any) { after["state"] = "issued" },
			store: func(values map[string]any) { values["state"] = "redeemed" },
			want:  "state cannot go from the state that it is in to this one",
		},
		"a reference that a plugin sets": {
			rules: "voucher: {read: true, update: true, fields: {code: write}}\ncustomer: {read: {country: {eq: DE}}}",
			draft: record.Draft{Action: core.Updated, Set: map[string]any{"code": "B"}},
			hook:  func(after map[string]any) { after["owner"] = paris },
			want:  "owner must be the id of an existing customer that you may see",
		},
		"a reference that was sent": {
			rules: "voucher: {read: true, update: true}\ncustomer: {read: {country: {eq: DE}}}",
			draft: record.Draft{Action: core.Updated, Set: map[string]any{"owner": "id-404404"}},
			want:  "owner must be the id of an existing customer that you may see, not id-404404",
		},
	}
	for name, tt := range tests {
		for _, dryRun := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				judging := false
				d := newDesk(t, hook(func(e *schema.Entity, changes []core.Change) []error {
					if judging && tt.hook != nil && e.Name == "voucher" {
						tt.hook(changes[0].After.Values)
					}
					return nil
				}))
				paris = d.customer("Paris", "FR").ID
				if tt.draft.Action == core.Updated {
					r := d.create("voucher", map[string]any{"code": "A", "remaining": int64(5)})
					if tt.store != nil {
						d.overwrite(r, tt.store)
					}
					tt.draft.ID = r.ID
				}
				judging = true
				user := d.user("", tt.rules, tt.more)
				err := d.as(user).Save(t.Context(), d.entity("voucher"), []record.Draft{tt.draft}, dryRun)[0].Err
				d.refused(err, core.Invalid, saved, tt.want)
			})
		}
	}
}

// overwrite stores values that a save would refuse, as an older model may have
// allowed them.
func (d *desk) overwrite(r *core.Record, change func(values map[string]any)) {
	d.Helper()
	after := r.Clone()
	after.Version++
	change(after.Values)
	if err := d.store.Commit(d.Context(), d.entity(r.Entity), []core.Change{{Action: core.Updated, At: r.UpdatedAt, Before: r, After: after}})[0]; err != nil {
		d.Fatal(err)
	}
	r.Version++
}
