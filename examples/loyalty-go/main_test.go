package main

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// shop has a coupon of 20 points with so many uses, and a card.
func shop(t *testing.T, uses int64) (h *plugintest.Host, card *sdk.Record) {
	t.Helper()
	h = plugintest.Start(t, plugin())
	anna := h.Add("customer", map[string]any{"kind": "person", "displayName": "Anna"})
	if _, err := h.Save(&sdk.Record{Entity: "coupon", Values: map[string]any{"code": "SUMMER", "points": int64(20), "uses": uses}}); err != nil {
		t.Fatal(err)
	}
	return h, h.Add("card", map[string]any{"customer": anna.ID})
}

func redeeming(card *sdk.Record) map[string]any {
	return map[string]any{"code": "SUMMER", "card": card.ID}
}

func TestManyWhoRedeemACouponAtTheSameTimeUseItUpExactly(t *testing.T) {
	h, card := shop(t, 5)
	var all sync.WaitGroup
	var redeemed, usedUp atomic.Int32
	for range 20 {
		all.Go(func() {
			switch _, err := h.Call("redeemCoupon", redeeming(card)); {
			case err == nil:
				redeemed.Add(1)
			case err.Error() == "redeemCoupon was not carried out: some fields need attention.; code is that of a coupon that is used up":
				usedUp.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if redeemed.Load() != 5 || usedUp.Load() != 15 {
		t.Errorf("%d have redeemed it, %d were refused; it had 5 uses", redeemed.Load(), usedUp.Load())
	}
	if n := len(h.Find("redemption", nil)); n != 5 {
		t.Errorf("%d redemptions are stored", n)
	}
	points, err := h.Resolve("customer", "points", h.Find("customer", nil)...)
	if diff := cmp.Diff([]any{int64(100)}, points); err != nil || diff != "" {
		t.Errorf("points: %v (-want +got)\n%s", err, diff)
	}
}

func TestACouponThatIsRedeemedTwiceWithOneKeyIsUsedOnce(t *testing.T) {
	h, card := shop(t, 5)
	first, err := h.CallOnce("till-1", "redeemCoupon", redeeming(card))
	again, err2 := h.CallOnce("till-1", "redeemCoupon", redeeming(card))
	if first != again || err != nil || err2 != nil {
		t.Errorf("%v, %v, then %v, %v", first, err, again, err2)
	}
	if left := h.Find("coupon", nil)[0].Int("remaining"); left != 4 {
		t.Errorf("%d uses remain", left)
	}
}

func TestNobodySpendsMoreThanTheCardHas(t *testing.T) {
	h, card := shop(t, 1)
	if _, err := h.Call("redeemCoupon", redeeming(card)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		points  int
		refused string
		left    int64
	}{
		{0, "spendPoints was not carried out: some fields need attention.; points must be at least 1", 20},
		{15, "", 5},
		{6, "spendPoints was not carried out: some fields need attention.; points are more than the card has", 5},
		{5, "", 0},
	} {
		_, err := h.Call("spendPoints", map[string]any{"card": card.ID, "points": step.points})
		if got := h.Get("card", card.ID).Int("balance"); got != step.left || (err == nil) != (step.refused == "") || err != nil && err.Error() != step.refused {
			t.Errorf("%d points: %v, %d left; want %q, %d", step.points, err, got, step.refused, step.left)
		}
	}
}

func TestUsesAreCarriedOver(t *testing.T) {
	h, card := shop(t, 3)
	if _, err := h.Call("redeemCoupon", redeeming(card)); err != nil {
		t.Fatal(err)
	}
	coupon := h.Find("coupon", nil)[0]
	coupon.Values["uses"] = int64(10)
	coupon, err := h.Save(coupon)
	if err != nil || coupon.Int("remaining") != 9 {
		t.Fatalf("%v, %v", coupon, err)
	}
	coupon.Values["uses"] = int64(0)
	if _, err := h.Save(coupon); err == nil {
		t.Error("it has no uses at all")
	}
}

func TestWhatIsOnNoCouponIsRefused(t *testing.T) {
	h, card := shop(t, 1)
	_, err := h.Call("redeemCoupon", map[string]any{"code": "WINTER", "card": card.ID})
	if want := "redeemCoupon was not carried out: some fields need attention.; code is that of no coupon"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestThePageOfTheTillRedeems(t *testing.T) {
	h := plugintest.Start(t, plugin())
	script, found := h.PageFile("till", "till.js")
	if !found || !strings.Contains(string(script), "redeemCoupon") {
		t.Errorf("till.js: %v %s", found, script)
	}
	if _, found := h.PageFile("till", "../main.go"); found {
		t.Error("what lies beside the page is handed out")
	}
}
