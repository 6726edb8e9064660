package record_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// onBothStores runs a test at a desk over each store.
func onBothStores(t *testing.T, test func(d *desk), hooks ...record.Hook) {
	t.Helper()
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		d, store := newDesk(t, hooks...), open(t)
		if err := store.Prepare(t.Context(), d.model); err != nil {
			t.Fatal(err)
		}
		d.Store = store
		test(d)
	})
}

// anew is the desk for a part of a test: its service has told nobody anything yet.
func (d *desk) anew(t *testing.T) *desk {
	part := *d
	part.T, part.Service = t, &record.Service{Store: d.Store, Region: d.Region, Now: d.Now, NewID: d.NewID}
	return &part
}

// vouchers creates so many of an owner, with the codes P0, P1 and so on.
func (d *desk) vouchers(code string, n int, owner string) {
	d.Helper()
	drafts := make([]record.Draft, n)
	for i := range drafts {
		drafts[i] = record.Draft{Action: core.Created, Set: map[string]any{"code": fmt.Sprint(code, i), "owner": owner}}
	}
	for _, r := range d.save(admin, "voucher", drafts...) {
		if r.Err != nil {
			d.Fatal(r.Err)
		}
	}
}

const (
	enough    = "20 times within a minute a record that you may not see had a unique value of yours, which is the limit: wait 60 s and try again."
	notUnique = "The voucher was not saved: another one has the same code."
	ofGermans = "voucher: {read: {owner: {country: {eq: DE}}}, create: true, update: true, delete: true}\ncustomer: {read: {country: {eq: DE}}}"
)

func creation(code string) record.Draft {
	return record.Draft{Action: core.Created, Set: map[string]any{"code": code}}
}

// Whether a hidden record has a value is told 20 times a minute, whatever is asked,
// and then nothing is told of any value.
func TestThatAHiddenRecordHasAUniqueValueIsToldSoOften(t *testing.T) {
	tests := map[string]struct {
		draft  func(d *desk, own, code string) record.Draft
		dryRun bool
	}{
		"creating":               {draft: func(_ *desk, _, code string) record.Draft { return creation(code) }},
		"creating, in a dry run": {draft: func(_ *desk, _, code string) record.Draft { return creation(code) }, dryRun: true},
		"updating": {draft: func(_ *desk, own, code string) record.Draft {
			return record.Draft{Action: core.Updated, ID: own, Set: map[string]any{"code": code}}
		}},
		"updating, in a dry run": {draft: func(_ *desk, own, code string) record.Draft {
			return record.Draft{Action: core.Updated, ID: own, Set: map[string]any{"code": code}}
		}, dryRun: true},
		"an upsert": {draft: func(d *desk, _, code string) record.Draft {
			draft := creation(code)
			draft.By = d.entity("voucher").Field("code")
			return draft
		}},
		"an upsert that makes no sense": {draft: func(d *desk, _, code string) record.Draft {
			draft := creation(code)
			draft.By, draft.Set["remaining"] = d.entity("voucher").Field("code"), "many"
			return draft
		}},
	}
	onBothStores(t, func(d *desk) {
		for name, tt := range tests {
			d.Run(name, func(t *testing.T) {
				d := d.anew(t)
				now := d.Now()
				d.Now = func() time.Time { return now }
				berlin, paris := d.customer("Berlin", "DE").ID, d.customer("Paris", "FR").ID
				d.vouchers(name, 25, paris)
				own := d.create("voucher", map[string]any{"code": name, "owner": berlin}).ID
				user := d.user("", ofGermans)
				try := func(code string) error {
					return d.as(user).Save(d.Context(), d.entity("voucher"), []record.Draft{tt.draft(d, own, code)}, tt.dryRun)[0].Err
				}
				for i := range 20 {
					code := fmt.Sprint(name, i)
					d.refused(try(code), core.Conflict, notUnique, "code is taken: another voucher has "+code+" already")
				}
				for _, code := range []string{name + "20", name + "0", "nobody has it"} {
					err := try(code)
					d.refused(err, core.RateLimited, enough)
					var ours *core.Error
					if !errors.As(err, &ours) {
						t.Fatal(err)
					}
					if _, extensions := ours.GraphQLError(); extensions["retryAfter"] != 60 {
						t.Errorf("extensions = %v, want to retry after 60 s", extensions)
					}
				}
				user.ID = "user-2"
				d.refused(try(name+"0"), core.Conflict, notUnique, "code is taken: another voucher has "+name+"0 already")
				user.ID = "user-1"
				now = now.Add(59 * time.Second)
				d.refused(try(name+"20"), core.RateLimited, strings.Replace(enough, "60 s", "1 s", 1))
				now = now.Add(time.Second)
				d.refused(try(name+"20"), core.Conflict, notUnique, "code is taken: another voucher has "+name+"20 already")
			})
		}
	})
}

// Of many at once no more is told, and nothing is written that would tell.
func TestOfManyUniqueValuesAtOnceNoMoreIsTold(t *testing.T) {
	onBothStores(t, func(d *desk) {
		for name, dryRun := range map[string]bool{"written": false, "in a dry run": true} {
			d.Run(name, func(t *testing.T) {
				d := d.anew(t)
				d.vouchers(name, 60, d.customer("Paris", "FR").ID)
				user := d.user("", ofGermans)
				var drafts []record.Draft
				for i := range 60 {
					drafts = append(drafts, creation(fmt.Sprint(name, i)), creation(fmt.Sprint("free "+name, i)))
				}
				told := map[core.Code]int{}
				for _, r := range d.as(user).Save(d.Context(), d.entity("voucher"), drafts, dryRun) {
					told[core.CodeOf(r.Err)]++
				}
				if told[core.Conflict] != 20 || told[core.RateLimited] != 100 {
					t.Errorf("answers = %v, want 20 times CONFLICT and RATE_LIMITED for all others", told)
				}
			})
		}
	})
}

func TestDryRunsAtTheSameTimeAreToldNoMore(t *testing.T) {
	d := newDesk(t)
	d.vouchers("P", 100, d.customer("Paris", "FR").ID)
	user := d.user("", ofGermans)
	codes := make([]core.Code, 200)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() {
			code := fmt.Sprint([]string{"P", "free"}[i%2], i/2)
			codes[i] = core.CodeOf(d.as(user).Save(t.Context(), d.entity("voucher"), []record.Draft{creation(code)}, true)[0].Err)
		})
	}
	all.Wait()
	told := map[core.Code]int{}
	for i, code := range codes {
		told[code]++
		if i%2 == 0 && code == "" || i%2 == 1 && code == core.Conflict {
			t.Errorf("draft %d: %q", i, code)
		}
	}
	if told[core.Conflict] != 20 {
		t.Errorf("answers = %v, want 20 times CONFLICT", told)
	}
}

func TestWhatIsSeenIsToldAsOftenAsItIsAsked(t *testing.T) {
	tests := map[string]struct {
		rules, more string
		want        map[core.Code]int // of 25, twice
	}{
		"by who sees all":                       {"\"*\": true", "", map[core.Code]int{core.Conflict: 50}},
		"by who sees all of these":              {"voucher: {read: true, create: true}", "", map[core.Code]int{core.Conflict: 50}},
		"by who sees the records of the values": {ofGermans, "", map[core.Code]int{core.Conflict: 50}},
		"by who sees them without the values":   {"voucher: {read: true, fields: {owner: read}}", "voucher: {create: true}", map[core.Code]int{core.Conflict: 20, core.RateLimited: 30}},
	}
	onBothStores(t, func(d *desk) {
		for name, tt := range tests {
			d.Run(name, func(t *testing.T) {
				d := d.anew(t)
				d.vouchers(name, 25, d.customer("Berlin", "DE").ID)
				user := d.user("", tt.rules, tt.more)
				drafts := make([]record.Draft, 25)
				for i := range drafts {
					drafts[i] = creation(fmt.Sprint(name, i))
				}
				told := map[core.Code]int{}
				for _, dryRun := range []bool{true, false} {
					for _, r := range d.as(user).Save(d.Context(), d.entity("voucher"), drafts, dryRun) {
						told[core.CodeOf(r.Err)]++
					}
				}
				if diff := cmp.Diff(tt.want, told); diff != "" {
					t.Errorf("answers (-want +got):\n%s", diff)
				}
			})
		}
	})
}

// A value that a rule of a plugin has set is nobody's to know.
func TestATakenValueIsNamedToWhoKnowsIt(t *testing.T) {
	setting := false
	onBothStores(t, func(d *desk) {
		setting = false
		d.create("voucher", map[string]any{"code": "SECRET"})
		setting = true
		user := d.user("", "voucher: {create: true}")
		for _, dryRun := range []bool{true, false} {
			err := d.as(user).Save(d.Context(), d.entity("voucher"), []record.Draft{creation("A")}, dryRun)[0].Err
			d.refused(err, core.Conflict, notUnique, "code is taken")
		}
	}, hook(func(_ *schema.Entity, changes []core.Change) []error {
		if setting {
			changes[0].After.Values["code"] = "SECRET"
		}
		return nil
	}))
}
