package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The triplets are one plugin, in Go, in Python and in Node.js.
func TestTheTripletsOfTheLoyaltyPluginUseACouponUpExactly(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"go", "python", "node"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			source := "../../examples/loyalty-" + language
			switch language {
			case "python":
				needsPython(t)
			case "node":
				source = nodePlugin(t, "examples/loyalty-node")
			}
			stores(t, func(t *testing.T, flags ...string) {
				plugins := t.TempDir()
				if status, _, complaints := command(t, nil, "plugin", "build", source, "--to", plugins); status != 0 {
					t.Fatal(complaints)
				}
				write(t, plugins+"/loyalty.yaml", patientCoupons)
				p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
				p.pluginProcess("loyalty")
				uses := 100
				if len(flags) > 0 {
					uses = 20 // on MongoDB whoever wants a record that a batch holds comes again and again
				}
				usesUpACoupon(t, p, 3*uses, uses)
				p.stop()
			})
		})
	}
}

// usesUpACoupon lets clerks redeem a coupon more often than it may be, all at once.
func usesUpACoupon(t *testing.T, p *process, callers, uses int) {
	t.Helper()
	var made struct {
		CreateCard struct{ Card struct{ ID string } }
	}
	text := p.must(`mutation ($anna: ID!, $uses: Long!) { createCard(data: {customer: $anna}) { card { id } } createCoupon(data: {code: "SUMMER", points: 20, uses: $uses}) { coupon { id } } }`,
		map[string]any{"anna": p.customer("Anna"), "uses": uses})
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	var key struct{ CreateAPIKey struct{ Secret string } }
	if err := p.ask(`mutation { createApiKey(roles: ["loyalty.clerk"]) { secret } }`, nil, &key); err != nil {
		t.Fatal(err)
	}
	card, clerk := made.CreateCard.Card.ID, key.CreateAPIKey.Secret
	redeeming := map[string]any{"card": card}
	began := time.Now()
	got := atOnce(callers, func() error {
		return p.askWith(clerk, `mutation ($card: ID!) { redeemCoupon(code: "SUMMER", card: $card) { points card { number } } }`, redeeming, new(rawText))
	})
	t.Logf("%d calls in %s", callers, time.Since(began).Round(time.Millisecond))
	const usedUp = "INVALID redeemCoupon was not carried out: some fields need attention. code is that of a coupon that is used up"
	if diff := cmp.Diff(map[string]int{"no error": uses, usedUp: callers - uses}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	spend := `mutation ($card: ID!) { spendPoints(card: $card, points: ` + strconv.Itoa(15*uses) + `) { balance } }`
	if got, want := p.must(spend, redeeming), fmt.Sprintf(`{"spendPoints":{"balance":"%d"}}`, 5*uses); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	const poor = "INVALID spendPoints was not carried out: some fields need attention. points are more than the card has"
	if got := refusal(p.askWith(clerk, spend, redeeming, new(rawText))); got != poor {
		t.Errorf("%s, want %s", got, poor)
	}
	want := fmt.Sprintf(`{"customers":{"nodes":[{"points":"%d"}]},"coupons":{"nodes":[{"remaining":"0"}]},"redemptions":{"totalCount":%d}}`, 5*uses, uses)
	if got := p.must(`{ customers { nodes { points } } coupons { nodes { remaining } } redemptions { totalCount } }`, nil); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := refusal(p.askWith(clerk, `mutation { createCoupon(data: {code: "MINE", points: 1000, uses: 1}) { coupon { id } } }`, nil, new(rawText))); got == "no error" {
		t.Error("a clerk makes coupons")
	}
}
