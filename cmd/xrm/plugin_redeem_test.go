package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
)

// playCoupons counts the uses of a coupon down, and guards what it counts by a
// rule of its own.
func playCoupons(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/coupon.yaml": {Data: []byte("entity: coupon\nfields:\n  code: {type: text, unique: true}\n  remaining: {type: integer, min: -1000, max: 1000}\n")}}
	p.BeforeSave = map[string]sdk.SaveFunc{"coupon": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if left, _ := r.Values["remaining"].(int64); left < 0 {
			return sdk.Reject("remaining", "is below zero")
		}
		return nil
	}}
	p.Operations = []sdk.Operation{sdk.Mutation("redeem", func(ctx context.Context, host sdk.Host, in struct {
		Coupon string `json:"coupon"`
	}) (bool, error) {
		_, err := host.UpdateIf(ctx, "coupon", in.Coupon, sdk.Filter{"remaining": sdk.Filter{"gte": 1}}, sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}})
		return err == nil, err
	})}
}

// newCoupon has so many uses.
func newCoupon(t testing.TB, p *process, uses int) (id string) {
	t.Helper()
	p.pluginProcess("coupons")
	var made struct {
		CreateCoupon struct{ Coupon struct{ ID string } }
	}
	text := p.must(`mutation ($uses: Int!) { createCoupon(data: {remaining: $uses}) { coupon { id } } }`, map[string]any{"uses": uses})
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	return made.CreateCoupon.Coupon.ID
}

// atOnce tells how often what was done by so many at the same time was answered how.
func atOnce(count int, do func() error) map[string]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	answers := map[string]int{}
	for range count {
		all.Go(func() {
			answer := refusal(do())
			mu.Lock()
			defer mu.Unlock()
			answers[answer]++
		})
	}
	all.Wait()
	return answers
}

const (
	// Nobody is refused since the machine has other work to do.
	patientCoupons = "timeouts: {save: 2s}\n"

	redeem = `mutation ($coupon: String!) { redeem(coupon: $coupon) }`
	usedUp = "CONFLICT The coupon was not changed: the condition does not hold. guard does not hold for the record as it is"
)

func TestThreeHundredWhoRedeemACouponAtTheSameTimeCallThreeHundredTimes(t *testing.T) {
	t.Parallel()
	const callers, uses = 300, 100
	stores(t, func(t *testing.T, flags ...string) {
		plugins := t.TempDir()
		cast(t, plugins, "coupons", patientCoupons)
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		coupon := newCoupon(t, p, uses)
		began := time.Now()
		got := atOnce(callers, func() error { return p.ask(redeem, map[string]any{"coupon": coupon}, new(rawText)) })
		t.Logf("%d calls in %s", callers, time.Since(began).Round(time.Millisecond))
		if diff := cmp.Diff(map[string]int{"no error": uses, usedUp: callers - uses}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got, want := p.must(`{ coupons { nodes { remaining version } } }`, nil), fmt.Sprintf(`{"coupons":{"nodes":[{"remaining":0,"version":%d}]}}`, uses+1); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		p.stop()
	})
}

// Whoever was told of a use has it, and no coupon is used more often than it may be.
func TestACouponIsUsedUpExactlyThoughThePluginIsKilled(t *testing.T) {
	t.Parallel()
	const uses = 60
	stores(t, func(t *testing.T, flags ...string) {
		plugins := t.TempDir()
		cast(t, plugins, "coupons", patientCoupons+"limits: {concurrency: 2}")
		p := spawn(t, filepath.Join(t.TempDir(), "data"), nil, append(flags, "--plugins", plugins)...).ready()
		coupon := newCoupon(t, p, uses)
		var mu sync.Mutex
		var told, unsure int
		var all sync.WaitGroup
		for n := range 6 {
			all.Go(func() {
				kills := 0
				for {
					err := p.ask(redeem, map[string]any{"coupon": coupon}, new(rawText))
					mu.Lock()
					switch answer := refusal(err); {
					case err == nil:
						told++
					case answer == usedUp:
						mu.Unlock()
						return
					case strings.HasPrefix(answer, "UNAVAILABLE "):
						unsure++
						mu.Unlock()
						p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"SERVING"}]}`)
						continue
					default:
						t.Error(answer)
						mu.Unlock()
						return
					}
					kill := n == 0 && err == nil && kills < 3
					mu.Unlock()
					if kill {
						kills++
						_ = syscall.Kill(p.pluginProcess("coupons"), syscall.SIGKILL) // unless it has ended
					}
				}
			})
		}
		all.Wait()
		if told > uses || told+unsure < uses {
			t.Errorf("%d uses were told, %d calls were not answered; the coupon had %d uses", told, unsure, uses)
		}
		t.Logf("%d uses were told, %d calls were not answered", told, unsure)
		if got, want := p.must(`{ coupons { nodes { remaining } } }`, nil), `{"coupons":{"nodes":[{"remaining":0}]}}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		p.stop()
	})
}
