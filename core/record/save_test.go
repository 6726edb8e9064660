package record_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestANewCustomerGetsItsRoleAndItsNumber(t *testing.T) {
	d := newDesk(t)
	r := d.create("customer", map[string]any{"kind": "organization", "displayName": "Alfreds Futterkiste", "country": "de", "phone": "030-0074321"})
	want := map[string]any{
		"kind": "organization", "displayName": "Alfreds Futterkiste", "country": "DE", "status": "active",
		"phone":    map[string]any{"raw": "030-0074321", "e164": "+49300074321"},
		"roles":    []any{"customer"},
		"customer": map[string]any{"number": "C-00001", "since": "2026-02-28T09:30:00.000Z"},
	}
	if diff := cmp.Diff(want, r.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if r.Entity != "party" || r.Version != 1 || r.CreatedBy != "admin-1" {
		t.Errorf("record = %s version %d by %s, want party version 1 by admin-1", r.Entity, r.Version, r.CreatedBy)
	}
}

func TestNullClearsAFieldAndAnAbsentOneIsLeftAlone(t *testing.T) {
	d := newDesk(t)
	r := d.create("customer", map[string]any{"kind": "organization", "displayName": "A", "city": "Berlin", "customer.segment": "A"})
	r = d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"city": nil, "customer.segment": "B"}})
	if _, has := r.Values["city"]; has {
		t.Errorf("city = %v, want none", r.Values["city"])
	}
	if got := schema.Lookup(r.Values, "customer.segment"); got != "B" || r.Values["displayName"] != "A" || r.Version != 2 {
		t.Errorf("segment = %v, displayName = %v, version = %d; want B, A, 2", got, r.Values["displayName"], r.Version)
	}
}

func TestAnUpdateThatChangesNothingIsNotWritten(t *testing.T) {
	d := newDesk(t)
	r := d.customer("A", "DE")
	result := d.save(admin, "customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"country": "de"}})[0]
	if result.Done != record.Unchanged || result.Record.Version != 1 {
		t.Errorf("outcome = %s, version = %d; want unchanged, 1", result.Done, result.Record.Version)
	}
}

func TestEveryViolationIsReportedAtOnceInTheWordsOfTheView(t *testing.T) {
	d := newDesk(t)
	result := d.save(admin, "customer", record.Draft{Action: core.Created, Set: map[string]any{
		"kind": "company", "email": "nobody", "customer.segment": "Z", "customer.accountManager": "id-404",
	}})[0]
	d.refused(result.Err, core.Invalid, "The customer was not saved: some fields need attention.",
		"accountManager must be the id of an existing party that you may see, not id-404",
		"displayName is required",
		"email must be an e-mail address such as maria@example.org, not nobody",
		"kind must be one of person, organization, not company",
		"segment must be one of A, B, C, not Z",
	)
}

func TestAStaleVersionIsAConflict(t *testing.T) {
	d := newDesk(t)
	r := d.customer("A", "DE")
	d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"city": "Bonn"}})
	result := d.save(admin, "customer", record.Draft{Action: core.Updated, ID: r.ID, IfVersion: 1, Set: map[string]any{"city": "Ulm"}})[0]
	d.refused(result.Err, core.Conflict, "The customer was changed by somebody else in the meantime. Reload it and try again.", "version is out of date")
}

func TestWhatTheProgramKeepsCannotBeSet(t *testing.T) {
	d := newDesk(t)
	result := d.save(admin, "party", record.Draft{Action: core.Created, Set: map[string]any{
		"kind": "person", "displayName": "A", "roles": []any{"customer"},
	}})[0]
	d.refused(result.Err, core.Invalid, "The party was not saved: some fields need attention.", "roles is kept by the program and cannot be set")
}

func TestAnImmutableFieldStaysAsItIs(t *testing.T) {
	d := newDesk(t)
	r := d.customer("A", "DE")
	result := d.save(admin, "party", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"kind": "person"}})[0]
	d.refused(result.Err, core.Invalid, "The party was not saved: some fields need attention.", "kind cannot be changed once it is set")
}

func TestAnUpsertCreatesThenUpdatesThenChangesNothing(t *testing.T) {
	d := newDesk(t)
	by := d.entity("customer").Field("number")
	upsert := func(city string) record.Draft {
		return record.Draft{Action: core.Created, By: by, Set: map[string]any{
			"customer.number": "ALFKI", "kind": "organization", "displayName": "Alfreds", "city": city,
		}}
	}
	var got []core.Action
	for _, r := range d.save(admin, "customer", upsert("Berlin"), upsert("Bonn"), upsert("Bonn")) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		got = append(got, r.Done)
	}
	if want := []core.Action{core.Created, core.Updated, record.Unchanged}; !cmp.Equal(want, got) {
		t.Errorf("outcomes = %v, want %v", got, want)
	}
}

func TestOneBadDraftDoesNotHoldUpTheOthers(t *testing.T) {
	d := newDesk(t)
	results := d.save(admin, "product",
		record.Draft{Action: core.Created, Set: map[string]any{"sku": "1", "name": "Chai"}},
		record.Draft{Action: core.Created, Set: map[string]any{"sku": "2"}},
		record.Draft{Action: core.Created, Set: map[string]any{"sku": "1", "name": "Again"}},
		record.Draft{Action: core.Created, Set: map[string]any{"sku": "3", "name": "Syrup"}},
	)
	if results[0].Err != nil || results[3].Err != nil {
		t.Errorf("good drafts failed: %v, %v", results[0].Err, results[3].Err)
	}
	d.refused(results[1].Err, core.Invalid, "The product was not saved: some fields need attention.", "name is required")
	d.refused(results[2].Err, core.Conflict, "The product was not saved: another one has the same sku.", "sku is taken: another product has 1 already")
}

func TestNumbersGoOnAboveThoseThatAreGivenByHand(t *testing.T) {
	d := newDesk(t)
	d.customer("first", "DE")
	for _, number := range []string{"C-00099", "C-00007", "ALFKI"} {
		d.create("customer", map[string]any{"kind": "person", "displayName": number, "customer.number": number})
	}
	order := d.create("order", map[string]any{"customer": d.customer("A", "DE").ID, "number": "O-2025-00500"})
	for entity, want := range map[string]any{"customer": "C-00101", "order": "O-2026-00001"} {
		set := map[string]any{"kind": "person", "displayName": "B"}
		path := "customer.number"
		if entity == "order" {
			set, path = map[string]any{"customer": order.Values["customer"]}, "number"
		}
		if got := schema.Lookup(d.create(entity, set).Values, path); got != want {
			t.Errorf("number of the next %s = %v, want %v", entity, got, want)
		}
	}
}

func TestADryRunSaysWhichValuesAreTaken(t *testing.T) {
	d := newDesk(t)
	d.create("customer", map[string]any{"kind": "person", "displayName": "A", "externalId": "x", "customer.number": "C-1"})
	drafts := []record.Draft{
		{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "B", "externalId": "x"}},
		{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "B", "customer.number": "C-1"}},
		{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "B", "externalId": "y"}},
		{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "B", "externalId": "y"}},
	}
	results := d.as(admin).Save(t.Context(), d.entity("customer"), drafts, true)
	d.refused(results[0].Err, core.Conflict, "The customer was not saved: another one has the same externalId.", "externalId is taken: another party has x already")
	d.refused(results[1].Err, core.Conflict, "The customer was not saved: another one has the same number.", "number is taken: another party has C-1 already")
	if results[2].Err != nil {
		t.Errorf("the first y: %v", results[2].Err)
	}
	d.refused(results[3].Err, core.Conflict, "The customer was not saved: another one has the same externalId.", "externalId is taken: another party has y already")
}

// Codes that look like numbers do not use up the counter.
func TestANumberThatNobodyCountsToDoesNotEndTheCounter(t *testing.T) {
	d := newDesk(t)
	for _, given := range []string{"C-9223372036854775806", "C-9223372036854775807", "C-92233720368547758070"} {
		r := d.customer("A", "DE")
		d.must("customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"customer.number": given}})
	}
	if got := schema.Lookup(d.customer("B", "DE").Values, "customer.number"); got != "C-00004" {
		t.Errorf("number = %v, want C-00004", got)
	}
}

func TestSaveRejectsWhatAHookBroke(t *testing.T) {
	d := newDesk(t, hook(func(_ *schema.Entity, changes []core.Change) []error {
		changes[0].After.Values["status"] = "sleeping"
		return nil
	}))
	result := d.save(admin, "party", record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "A"}})[0]
	d.refused(result.Err, core.Invalid, "The party was not saved: some fields need attention.", "status must be one of active, blocked, not sleeping")
	if left, _ := d.find(admin, "party", nil); len(left) != 0 {
		t.Errorf("%d parties are stored, want none", len(left))
	}
}

func TestAHookMayChangeAndRefuse(t *testing.T) {
	veto := &core.Error{Code: core.Invalid, Message: "no"}
	d := newDesk(t, hook(func(_ *schema.Entity, changes []core.Change) []error {
		errs := make([]error, len(changes))
		for i, c := range changes {
			if c.After.Values["displayName"] == "Mallory" {
				errs[i] = veto
			}
			c.After.Values["tags"] = []any{"checked"}
		}
		return errs
	}))
	results := d.save(admin, "party",
		record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "Mallory"}},
		record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "Alice"}})
	d.refused(results[0].Err, core.Invalid, "no")
	if diff := cmp.Diff([]any{"checked"}, results[1].Record.Values["tags"]); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// The server answers a panic and goes on; so must the writers of the record.
func TestAPanicDoesNotLockARecord(t *testing.T) {
	broken := false
	d := newDesk(t, hook(func(*schema.Entity, []core.Change) []error {
		if broken {
			panic("a bug")
		}
		return nil
	}))
	r := d.customer("A", "DE")
	rename := record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"displayName": "B"}}
	broken = true
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the hook did not panic")
			}
		}()
		d.save(admin, "customer", rename)
	}()
	broken = false
	if got := d.must("customer", rename).Values["displayName"]; got != "B" {
		t.Errorf("the name is %v, want B", got)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	d := newDesk(t)
	draft := record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "A"}}
	result := d.as(admin).Save(t.Context(), d.entity("customer"), []record.Draft{draft}, true)[0]
	if result.Err != nil || result.Done != core.Created {
		t.Errorf("result = %s, %v; want created", result.Done, result.Err)
	}
	if left, _ := d.find(admin, "party", nil); len(left) != 0 {
		t.Errorf("%d parties are stored, want none", len(left))
	}
}

func TestADeletedRecordComesBackWithRestore(t *testing.T) {
	d := newDesk(t)
	r := d.customer("A", "DE")
	d.must("customer", record.Draft{Action: core.Deleted, ID: r.ID})
	if left, _ := d.find(admin, "customer", nil); len(left) != 0 {
		t.Fatalf("%d customers are left, want none", len(left))
	}
	result := d.save(admin, "customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"city": "Bonn"}})[0]
	d.refused(result.Err, core.NotFound, "There is no customer with the id "+r.ID+", or you may not see it.")
	d.must("customer", record.Draft{Action: core.Restored, ID: r.ID})
	if left, _ := d.find(admin, "customer", nil); len(left) != 1 {
		t.Errorf("%d customers are left, want 1", len(left))
	}
}

// A counter that holds what remains is safe however many want it at once.
func TestNoMoreIsTakenThanRemains(t *testing.T) {
	d := newDesk(t)
	v := d.create("voucher", map[string]any{"code": "X", "remaining": 3})
	guard, err := d.model.ParseGuard(d.entity("voucher"), map[string]any{"remaining": map[string]any{"gte": 1}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	results := make([]record.Result, 500)
	for i := range results {
		wg.Go(func() {
			results[i] = d.save(admin, "voucher", record.Draft{Action: core.Updated, ID: v.ID, Guard: &guard, Add: map[string]string{"remaining": "-1"}})[0]
		})
	}
	wg.Wait()
	taken := 0
	for _, r := range results {
		if r.Err == nil {
			taken++
			continue
		}
		d.refused(r.Err, core.Conflict, "The voucher was not changed: the condition does not hold.", "guard does not hold for the record as it is")
	}
	left, _ := d.find(admin, "voucher", nil)
	if taken != 3 || left[0].Values["remaining"] != int64(0) {
		t.Errorf("%d were taken and %v remain, want 3 and 0", taken, left[0].Values["remaining"])
	}
}

// Of a hundred who want to be the first, one is.
func TestATransitionIsMadeOnce(t *testing.T) {
	d := newDesk(t)
	v := d.create("voucher", map[string]any{"code": "X"})
	var wg sync.WaitGroup
	results := make([]record.Result, 100)
	for i := range results {
		wg.Go(func() {
			results[i] = d.save(admin, "voucher", record.Draft{Action: core.Updated, ID: v.ID, From: []string{"issued"}, Set: map[string]any{"state": "redeemed"}})[0]
		})
	}
	wg.Wait()
	made := 0
	for _, r := range results {
		if r.Err == nil {
			made++
			continue
		}
		d.refused(r.Err, core.Conflict, "The voucher was not changed: its state is redeemed, not issued. Reload it and try again.", "state is another by now")
	}
	if made != 1 {
		t.Errorf("it was made %d times", made)
	}
}

func TestAHookIsHeldToTheStatesToo(t *testing.T) {
	d := newDesk(t, hook(func(e *schema.Entity, changes []core.Change) []error {
		if e.Name == "voucher" {
			changes[0].After.Values["state"] = "redeemed"
		}
		return nil
	}))
	result := d.save(admin, "voucher", record.Draft{Action: core.Created, Set: map[string]any{"code": "X"}})[0]
	d.refused(result.Err, core.Invalid, "The voucher was not saved: some fields need attention.", "state begins as issued, not as redeemed")
}

func TestAWriterWaitsNoLongerThanItsRequest(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	d := newDesk(t, hook(func(_ *schema.Entity, changes []core.Change) []error {
		if changes[0].After.Values["city"] == "slow" {
			close(entered)
			<-release
		}
		return nil
	}))
	r := d.customer("A", "DE")
	done := make(chan error)
	go func() {
		done <- d.save(admin, "customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"city": "slow"}})[0].Err
	}()
	<-entered
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	draft := record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"city": "fast"}}
	result := d.as(admin).Save(hurried, d.entity("customer"), []record.Draft{draft}, false)[0]
	d.refused(result.Err, core.Unavailable, "The customer was not saved: others were writing it all the time. Try again.")
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if result := d.save(admin, "customer", draft)[0]; result.Err != nil {
		t.Errorf("the line is not free again: %v", result.Err)
	}
}

func TestReferencesOfADeletedRecordAreTurnedWhateverTheRulesSayOfIt(t *testing.T) {
	d := newDesk(t, hook(func(e *schema.Entity, changes []core.Change) []error {
		if e.Name == "voucher" && changes[0].Action == core.Updated {
			return []error{&core.Error{Code: core.Invalid, Message: "The voucher is sealed."}}
		}
		return nil
	}))
	old, now := d.customer("A", "DE"), d.customer("B", "DE")
	v := d.create("voucher", map[string]any{"code": "X", "owner": old.ID})
	v = d.must("voucher", record.Draft{Action: core.Deleted, ID: v.ID})
	unfit := v.Clone()
	unfit.Version++
	delete(unfit.Values, "code")
	if errs := d.store.Commit(t.Context(), d.entity("voucher"), []core.Change{{Action: core.Updated, Before: v, After: unfit}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	turn := record.Draft{Action: core.Updated, ID: v.ID, Redirect: &record.Redirect{From: old.ID, To: now.ID}}
	for _, want := range []core.Action{core.Updated, record.Unchanged} {
		result := d.save(admin, "voucher", turn)[0]
		if result.Err != nil || result.Done != want || result.Record.Values["owner"] != now.ID || !result.Record.Deleted() {
			t.Errorf("%+v, error %v; want it %s, deleted and of %s", result.Record, result.Err, want, now.ID)
		}
	}
	result := d.save(admin, "voucher", record.Draft{Action: core.Updated, ID: v.ID, Set: map[string]any{"code": "Y"}})[0]
	d.refused(result.Err, core.NotFound, "There is no voucher with the id "+v.ID+", or you may not see it.")
}
