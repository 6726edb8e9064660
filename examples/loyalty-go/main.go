// Loyalty counts the uses of coupons, and keeps the points that these are worth
// on the cards of customers.
package main

import (
	"context"
	"embed"
	"fmt"

	"github.com/openxrm/xrm/sdk"
)

//go:embed entities/*.yaml
var entities embed.FS

//go:embed till
var till embed.FS

func main() { sdk.Serve(plugin()) }

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Name:       "loyalty",
		Version:    "1.0.0",
		Entities:   entities,
		PartyData:  sdk.OnlyRecords(),
		BeforeSave: map[string]sdk.SaveFunc{"coupon": countUses},
		Operations: []sdk.Operation{
			sdk.Mutation("redeemCoupon", redeem).Returns("redemption").Doc("Uses a coupon once, and puts its points on a card."),
			sdk.Mutation("spendPoints", spend).Returns("card").Doc("Takes points off a card."),
		},
		Pages:  []sdk.WebPage{sdk.NewWebPage("till", "Coupons", till).Needs("coupon.read")},
		Fields: []sdk.Field{sdk.Computed("customer", "points", points).Doc("The points on all cards of a customer.")},
	}
}

// countUses lets a coupon begin with all of its uses, and carries over what is
// changed about them later.
func countUses(_ context.Context, _ sdk.Host, coupon *sdk.Record) error {
	if coupon.Before == nil {
		coupon.Values["remaining"] = coupon.Int("uses")
		return nil
	}
	remaining := coupon.Int("remaining") + coupon.Int("uses") - coupon.Before.Int("uses")
	if remaining < 0 {
		return sdk.Reject("uses", "are fewer than have been used already")
	}
	coupon.Values["remaining"] = remaining
	return nil
}

type redemption struct {
	Code string `json:"code" doc:"What stands on the coupon."`
	Card sdk.ID `json:"card" doc:"The card that gets the points."`
}

// redeem takes one of the remaining uses, so that of many who want the last one a
// single one has it. Whoever asks again with the same idempotency key has it once.
func redeem(ctx context.Context, host sdk.Host, in redemption) (*sdk.Record, error) {
	own := host.AsPlugin()
	coupons, err := own.Find(ctx, sdk.Criteria{Entity: "coupon", Filter: sdk.Filter{"code": sdk.Filter{"eq": in.Code}}})
	if err != nil {
		return nil, err
	}
	if len(coupons) == 0 {
		return nil, sdk.Reject("code", "is that of no coupon")
	}
	coupon := coupons[0]
	saved, err := own.Batch(ctx, sdk.Batch{Key: host.IdempotencyKey(), Writes: []sdk.Write{
		sdk.UpdateIf("coupon", coupon.ID, sdk.Filter{"remaining": sdk.Filter{"gte": 1}}, sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}}),
		sdk.UpdateIf("card", string(in.Card), nil, sdk.Change{Add: map[string]sdk.Decimal{"balance": coupon.Decimal("points")}}),
		sdk.Create(&sdk.Record{Entity: "redemption", Values: map[string]any{"coupon": coupon.ID, "card": string(in.Card), "points": coupon.Int("points")}}),
	}})
	if sdk.Guarded(err) {
		return nil, sdk.Reject("code", "is that of a coupon that is used up")
	}
	if err != nil {
		return nil, err
	}
	return saved[2], nil
}

type spending struct {
	Card   sdk.ID `json:"card" doc:"The card that pays."`
	Points int64  `json:"points" doc:"How many points, at least 1."`
}

// spend takes what is there and never more, whoever else does at the same time.
func spend(ctx context.Context, host sdk.Host, in spending) (*sdk.Record, error) {
	if in.Points < 1 {
		return nil, sdk.Reject("points", "must be at least 1")
	}
	saved, err := host.AsPlugin().Batch(ctx, sdk.Batch{Key: host.IdempotencyKey(), Writes: []sdk.Write{
		sdk.UpdateIf("card", string(in.Card), sdk.Filter{"balance": sdk.Filter{"gte": in.Points}},
			sdk.Change{Add: map[string]sdk.Decimal{"balance": sdk.Decimal(fmt.Sprint(-in.Points))}}),
	}})
	if sdk.Guarded(err) {
		return nil, sdk.Reject("points", "are more than the card has")
	}
	if err != nil {
		return nil, err
	}
	return saved[0], nil
}

// points adds up the cards of all the customers of a page at once.
func points(ctx context.Context, host sdk.Host, customers []*sdk.Record) ([]int64, error) {
	groups, err := host.Aggregate(ctx, sdk.Aggregation{
		Entity: "card", Filter: sdk.Filter{"customer": sdk.Filter{"in": sdk.IDs(customers)}},
		By: []string{"customer"}, Measures: []sdk.Measure{sdk.Sum("balance")},
	})
	if err != nil {
		return nil, err
	}
	sums := map[any]int64{}
	for _, g := range groups {
		sums[g.Keys[0]] = g.Int(0)
	}
	all := make([]int64, len(customers))
	for i, customer := range customers {
		all[i] = sums[customer.ID]
	}
	return all, nil
}
