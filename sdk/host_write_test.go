package sdk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

var coupon = fstest.MapFS{"coupon.yaml": {Data: []byte(`entity: coupon
fields:
  code: {type: text, unique: true}
  remaining: {type: integer, min: 0, index: true}
  worth: {type: decimal}
  note: {type: text}
  state: {type: state, options: {new: {next: [active, lost]}, active: {next: [spent]}, spent: {}, lost: {}}, default: new}
`)}}

// running runs a plugin whose only mutation does with the host what a test
// wants.
func running(t *testing.T, p sdk.Plugin, do func(ctx context.Context, host sdk.Host) error) (h *plugintest.Host, run func() error) {
	t.Helper()
	p.Name, p.Version, p.Entities = "coupons", "1", coupon
	p.Operations = []sdk.Operation{
		sdk.Mutation("run", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) { return true, do(ctx, host) }),
	}
	h = plugintest.Start(t, p)
	return h, func() error {
		_, err := h.Call("run", nil)
		return err
	}
}

// refused is what a user reads of an error: its code, sentence and violations.
func refused(err error) string {
	var refusal *sdk.Error
	if !errors.As(err, &refusal) {
		return "no refusal"
	}
	return refusal.Code + " " + refusal.Error()
}

func TestUpdateIfTakesNoMoreThanThereIs(t *testing.T) {
	var id string
	var mu sync.Mutex
	answers := map[string]int{}
	h, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
		var redeeming sync.WaitGroup
		for range 20 {
			redeeming.Go(func() {
				_, err := host.UpdateIf(ctx, "coupon", id, sdk.Filter{"remaining": sdk.Filter{"gte": 1}},
					sdk.Change{Set: map[string]any{"note": "Redeemed"}, Add: map[string]sdk.Decimal{"remaining": "-1", "worth": "-0.10"}})
				mu.Lock()
				defer mu.Unlock()
				answers[refused(err)]++
				if sdk.Guarded(err) != (err != nil) {
					t.Errorf("the guard refuses, says Guarded: %t; want %t", sdk.Guarded(err), err != nil)
				}
			})
		}
		redeeming.Wait()
		return nil
	})
	id = h.Add("coupon", map[string]any{"code": "SPRING", "remaining": 7, "worth": "1.00"}).ID
	if err := run(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"no refusal": 7, "CONFLICT The coupon was not changed: the condition does not hold.; guard does not hold for the record as it is": 13}, answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	want := map[string]any{"code": "SPRING", "remaining": int64(0), "worth": "0.3", "note": "Redeemed", "state": "new"}
	if diff := cmp.Diff(want, h.Get("coupon", id).Values); diff != "" {
		t.Errorf("the coupon (-want +got):\n%s", diff)
	}
}

func TestATransitionIsMadeFromWhereItIsSaid(t *testing.T) {
	var id string
	answers := map[string]string{}
	h, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
		moved, err := host.Transition(ctx, "coupon", id, "active")
		if err != nil || moved.Text("state") != "active" {
			t.Errorf("moved to %v, %v", moved, err)
		}
		_, err = host.Transition(ctx, "coupon", id, "active")
		answers["there already"] = refused(err)
		_, err = host.Transition(ctx, "coupon", id, "spent", "new", "lost")
		answers["from elsewhere"] = refused(err)
		_, err = host.Transition(ctx, "coupon", id, "lost")
		answers["no way"] = refused(err)
		_, err = host.Transition(ctx, "customer", id, "lost")
		answers["no state"] = refused(err)
		return nil
	})
	id = h.Add("coupon", map[string]any{"code": "SPRING"}).ID
	if err := run(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"there already":  "no refusal",
		"from elsewhere": "CONFLICT The coupon was not changed: its state is active, not new or lost. Reload it and try again.; state is another by now",
		"no way":         "INVALID The coupon was not saved: some fields need attention.; state cannot go from active to lost, only to spent",
		"no state":       `INVALID No customer was moved to "lost": that takes an entity with a field of type state, and an id.`,
	}
	if diff := cmp.Diff(want, answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestManyUpsertsAreOne(t *testing.T) {
	h, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
		var arriving sync.WaitGroup
		for range 20 {
			arriving.Go(func() {
				saved, err := host.Upsert(ctx, &sdk.Record{Entity: "coupon", Values: map[string]any{"code": "SPRING", "remaining": 7}}, "code")
				if err != nil || saved.Version != 1 {
					t.Errorf("Upsert = %+v, %v; want version 1: nothing has changed", saved, err)
				}
			})
		}
		arriving.Wait()
		return nil
	})
	for range 2 {
		if err := run(); err != nil {
			t.Fatal(err)
		}
	}
	if found := h.Find("coupon", nil); len(found) != 1 {
		t.Errorf("%d coupons, want 1", len(found))
	}
}

func TestUpsertNeedsAUniqueField(t *testing.T) {
	tests := map[string]struct{ by, want string }{
		"none":       {"", "upsert coupon: say by which unique field the record is found"},
		"not unique": {"note", `A coupon cannot be found by "note": it must be a unique field, and the record must have no id.`},
		"no value":   {"code", "The coupon was not saved: some fields need attention.; code is needed to find the record, and must be a text, not null"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
				_, err := host.Upsert(ctx, &sdk.Record{Entity: "coupon", Values: map[string]any{"note": "Spring"}}, tt.by)
				if err == nil || err.Error() != tt.want {
					t.Errorf("Upsert = %v, want %s", err, tt.want)
				}
				return nil
			})
			if err := run(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARuleMayVetoADeletion(t *testing.T) {
	p := sdk.Plugin{BeforeDelete: map[string]sdk.DeleteFunc{"coupon": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Values["remaining"] != int64(0) {
			return &sdk.Error{Code: sdk.CodeConflict, Message: "The coupon " + r.Text("code") + " can still be redeemed."}
		}
		r.Values["note"] = "ignored"
		return nil
	}}}
	var live, spent string
	h, run := running(t, p, func(ctx context.Context, host sdk.Host) error {
		for _, step := range []struct {
			id      string
			version int64
			want    string
		}{
			{live, 0, "CONFLICT The coupon SPRING can still be redeemed."},
			{spent, 2, "CONFLICT The coupon was changed by somebody else in the meantime. Reload it and try again.; version is out of date"},
			{spent, 1, "no refusal"},
			{spent, 0, "NOT_FOUND There is no coupon with the id " + spent + ", or you may not see it."},
		} {
			if got := refused(host.Delete(ctx, "coupon", step.id, step.version)); got != step.want {
				t.Errorf("delete version %d of %s: %s, want %s", step.version, step.id, got, step.want)
			}
		}
		return nil
	})
	live = h.Add("coupon", map[string]any{"code": "SPRING", "remaining": 7}).ID
	spent = h.Add("coupon", map[string]any{"code": "AUTUMN", "remaining": 0}).ID
	if err := run(); err != nil {
		t.Fatal(err)
	}
	if got := refused(h.Delete("coupon", live)); got != "CONFLICT The coupon SPRING can still be redeemed." {
		t.Errorf("a user deletes it: %s", got)
	}
	if left := h.Find("coupon", nil); len(left) != 1 || left[0].ID != live {
		t.Errorf("left are %v, want SPRING alone", left)
	}
}

func TestStateIsKeptByVersion(t *testing.T) {
	type mark struct{ Last string }
	steps := []func(ctx context.Context, host sdk.Host) error{
		func(ctx context.Context, host sdk.Host) error {
			got := mark{"untouched"}
			if version, err := host.State(ctx, "sync", &got); version != 0 || err != nil || got.Last != "untouched" {
				t.Errorf("before: version %d, %v, %v; want none", version, got, err)
			}
			version, err := host.PutState(ctx, "sync", mark{"a"}, 0, 0)
			if version != 1 || err != nil {
				t.Errorf("the first write: version %d, %v", version, err)
			}
			const conflict = `CONFLICT Somebody else changed the value of the key "sync" in the meantime. Read it and try again.`
			_, err = host.PutState(ctx, "sync", mark{"b"}, 0, 0)
			if refused(err) != conflict || refused(host.DeleteState(ctx, "sync", 7)) != conflict {
				t.Errorf("over a version that is not there: %v, want %s", err, conflict)
			}
			version, err = host.PutState(ctx, "sync", mark{"b"}, sdk.AnyVersion, time.Hour)
			if version != 2 || err != nil {
				t.Errorf("over any version: version %d, %v", version, err)
			}
			_, err = host.PutState(ctx, strings.Repeat("k", 201), nil, 0, 0)
			if got := refused(err); got != "INVALID The key has 201 bytes; shorten it to 200." {
				t.Errorf("a long key: %s", got)
			}
			return nil
		},
		func(ctx context.Context, host sdk.Host) error {
			var got mark
			if version, err := host.State(ctx, "sync", &got); version != 2 || err != nil || got.Last != "b" {
				t.Errorf("in a later call: version %d, %v, %v; want b in version 2", version, got, err)
			}
			return nil
		},
		func(ctx context.Context, host sdk.Host) error {
			if version, err := host.State(ctx, "sync", &mark{}); version != 0 || err != nil {
				t.Errorf("once it has expired: version %d, %v; want none", version, err)
			}
			_, err := host.PutState(ctx, "sync", mark{"c"}, 0, 0)
			return errors.Join(err, host.DeleteState(ctx, "sync", sdk.AnyVersion), host.DeleteState(ctx, "sync", 0))
		},
	}
	h, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
		step := steps[0]
		steps = steps[1:]
		return step(ctx, host)
	})
	for _, after := range []time.Duration{59 * time.Minute, time.Minute, 0} {
		if err := run(); err != nil {
			t.Fatal(err)
		}
		h.Advance(after)
	}
}

func TestASecretIsGivenByTheAdmin(t *testing.T) {
	h, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
		if token, err := host.Secret(ctx, "erpToken"); token != "s3cret" || err != nil {
			t.Errorf("the secret is %q, %v", token, err)
		}
		_, err := host.Secret(ctx, "erpKey")
		return err
	})
	h.SetSecret("erpToken", "s3cret")
	if got, want := refused(run()), `NOT_FOUND There is no secret "erpKey". A test gives it with SetSecret.`; got != want {
		t.Errorf("an unknown secret: %s, want %s", got, want)
	}
}

func TestTheHostEndsWithItsCall(t *testing.T) {
	var kept sdk.Host
	_, run := running(t, sdk.Plugin{}, func(_ context.Context, host sdk.Host) error { kept = host; return nil })
	if err := run(); err != nil {
		t.Fatal(err)
	}
	_, err := kept.Get(t.Context(), "coupon", "c1")
	const want = "FORBIDDEN The call that this belongs to has ended. Ask the host only while a handler runs, with the context that came with it."
	if refused(err) != want {
		t.Errorf("after the call: %v, want %s", err, want)
	}
}

func TestABatchIsMadeOnceAndWhole(t *testing.T) {
	var id string
	answers := map[string]string{}
	h, run := running(t, sdk.Plugin{}, func(ctx context.Context, host sdk.Host) error {
		take := sdk.UpdateIf("coupon", id, sdk.Filter{"remaining": sdk.Filter{"gte": 1}}, sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}})
		other := func(code string) sdk.Write {
			return sdk.Create(&sdk.Record{Entity: "coupon", Values: map[string]any{"code": code}})
		}
		batch := func(what, key string, writes ...sdk.Write) []*sdk.Record {
			saved, err := host.Batch(ctx, sdk.Batch{Key: key, Writes: writes})
			if err == nil && len(saved) != len(writes) {
				t.Errorf("%s: %d records of %d writes", what, len(saved), len(writes))
			}
			answers[what] = refused(err)
			if got, want := sdk.Guarded(err), strings.Contains(answers[what], "the condition does not hold"); got != want {
				t.Errorf("%s: the guard refuses, says Guarded: %t; want %t", what, got, want)
			}
			return saved
		}
		first := batch("the first", "event 1", take, other("A"), sdk.Transition("coupon", id, "active"))
		if first != nil {
			t.Error("a record was in a batch twice")
		}
		first = batch("without repetition", "event 1", take, other("A"))
		second := batch("once more", "event 1", take, other("A"))
		batch("other values", "event 1", take, other("B"))
		if len(first) != 2 || len(second) != 2 || first[1].ID != second[1].ID {
			t.Errorf("the batch gave %v, and once more %v; want the same records", first, second)
		}
		batch("the key of another", "event 1", take)
		batch("a taken code", "", take, other("A"))
		batch("nothing left", "", other("C"), take)
		batch("nothing", "")
		batch("an entity that is not there", "", take, sdk.Create(&sdk.Record{Entity: "cupon"}))
		batch("no id", "", sdk.Update(&sdk.Record{Entity: "coupon"}))
		return nil
	})
	id = h.Add("coupon", map[string]any{"code": "SPRING", "remaining": 1}).ID
	if err := run(); err != nil {
		t.Fatal(err)
	}
	const none = "Nothing of the batch was saved. "
	const otherBatch = `CONFLICT Nothing was done: the idempotency key "event 1" was used before, for another request. Send that one as it was, or choose a new key for this one.`
	want := map[string]string{
		"the first":                   "INVALID " + none + "Change 3 (coupon): The coupon " + id + " is in the batch twice, as change 1 and as change 3. Make one of them.",
		"without repetition":          "no refusal",
		"once more":                   "no refusal",
		"other values":                otherBatch,
		"the key of another":          otherBatch,
		"a taken code":                "CONFLICT " + none + "Change 1 (coupon): The coupon was not changed: the condition does not hold.; guard does not hold for the record as it is",
		"nothing left":                "CONFLICT " + none + "Change 2 (coupon): The coupon was not changed: the condition does not hold.; guard does not hold for the record as it is",
		"nothing":                     "INVALID Nothing was saved: the batch is empty.",
		"an entity that is not there": "INVALID " + none + `Change 2 (cupon): The plugin asked for an entity that is not there: no such entity: "cupon"; did you mean "coupon".`,
		"no id":                       "no refusal",
	}
	if diff := cmp.Diff(want, answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if n := len(h.Find("coupon", nil)); n != 2 {
		t.Errorf("there are %d coupons; want 2", n)
	}
	if left := h.Get("coupon", id).Int("remaining"); left != 0 {
		t.Errorf("%d are left; want none", left)
	}
}
