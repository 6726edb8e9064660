package plugintest_test

import (
	"context"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

type taking struct {
	What string `json:"what"`
}

// A mutation that was killed in the middle is called again with the same key, so that its
// batch is written once; an answer is given again without the plugin.
func TestAMutationWithAKeyIsCarriedOutOnce(t *testing.T) {
	calls, killed := 0, true
	h := plugintest.Start(t, sdk.Plugin{Name: "shop", Version: "1", Operations: []sdk.Operation{
		sdk.Mutation("take", func(ctx context.Context, host sdk.Host, in taking) (string, error) {
			calls++
			made, err := host.Batch(ctx, sdk.Batch{Key: host.IdempotencyKey(), Writes: []sdk.Write{
				sdk.Create(&sdk.Record{Entity: "product", Values: map[string]any{"sku": in.What, "name": in.What}}),
			}})
			if err != nil {
				return "", err
			}
			if killed {
				return "", &sdk.Error{Code: sdk.CodeUnavailable, Message: "It was killed."}
			}
			return made[0].ID, nil
		}).ForEverybody(),
	}})
	if _, err := h.CallOnce("k1", "take", map[string]any{"what": "tea"}); err == nil {
		t.Fatal("what is killed has answered")
	}
	killed = false
	first, err := h.CallOnce("k1", "take", map[string]any{"what": "tea"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.CallOnce("k1", "take", map[string]any{"what": "tea"})
	if err != nil || first != again || calls != 2 {
		t.Errorf("the answers are %v and %v (%v) of %d calls; want the same, and none for the third", first, again, err, calls)
	}
	_, err = h.CallOnce("k1", "take", map[string]any{"what": "coffee"})
	if want := `Nothing was done: the idempotency key "k1" was used before, for another request. Send that one as it was, or choose a new key for this one.`; err == nil || err.Error() != want {
		t.Errorf("another request: %v; want %s", err, want)
	}
	h.As(sdk.User{ID: "bert"})
	if other, err := h.CallOnce("k1", "take", map[string]any{"what": "coffee"}); err != nil || other == first {
		t.Errorf("the key of somebody else: %v, %v", other, err)
	}
	if products := h.Find("product", nil); len(products) != 2 {
		t.Errorf("there are %d products; want the tea once, and the coffee", len(products))
	}
}
