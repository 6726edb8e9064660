#!/usr/bin/env node
// Loyalty counts the uses of coupons, and keeps the points that these are worth on the
// cards of customers.
import { Conflict, create, ids, Plugin, Refused, sum, t, updateIf } from "@openxrm/sdk";

export const plugin = new Plugin({
  name: "loyalty", version: "1.0.0", entities: new URL("entities", import.meta.url), partyData: { onlyRecords: true },
});

// A coupon begins with all of its uses; what is changed about them later is carried over.
plugin.beforeSave("coupon", (host, { values, before }) => {
  if (!before) {
    values.remaining = values.uses;
    return;
  }
  const remaining = values.remaining + values.uses - before.values.uses;
  if (remaining < 0) {
    throw new Refused({ uses: "are fewer than have been used already" });
  }
  values.remaining = remaining;
});

plugin.mutation("redeemCoupon", {
  doc: "Uses a coupon once, and puts its points on a card.",
  args: { code: t.text.doc("What stands on the coupon."), card: t.id.doc("The card that gets the points.") },
  returns: t.record("redemption"),
}, async (host, { code, card }) => {
  const [coupon] = await host.asPlugin.find("coupon", { filter: { code: { eq: code } } });
  if (!coupon) {
    throw new Refused({ code: "is that of no coupon" });
  }
  const { points } = coupon.values;
  // Of many who want the last use a single one has it; whoever asks again with the same idempotency key has it once.
  const [, , redemption] = await host.asPlugin.batch([
    updateIf("coupon", coupon.id, { remaining: { gte: 1 } }, { add: { remaining: -1 } }),
    updateIf("card", card, null, { add: { balance: points } }),
    create("redemption", { coupon: coupon.id, card, points }),
  ], { key: host.idempotencyKey }).catch(guarded({ code: "is that of a coupon that is used up" }));
  return redemption;
});

plugin.mutation("spendPoints", {
  doc: "Takes points off a card.",
  args: { card: t.id.doc("The card that pays."), points: t.integer.doc("How many points, at least 1.") },
  returns: t.record("card"),
}, async (host, { card, points }) => {
  if (points < 1) {
    throw new Refused({ points: "must be at least 1" });
  }
  const [paid] = await host.asPlugin.batch([
    updateIf("card", card, { balance: { gte: points } }, { add: { balance: -points } }),
  ], { key: host.idempotencyKey }).catch(guarded({ points: "are more than the card has" }));
  return paid;
});

plugin.computed("customer", "points", { returns: t.integer, doc: "The points on all cards of a customer." }, async (host, customers) => {
  const groups = await host.aggregate("card", { filter: { customer: { in: ids(customers) } }, by: "customer", measures: [sum("balance")] });
  const balances = new Map(groups.map(({ keys, values }) => [keys[0], values[0]]));
  return customers.map((customer) => balances.get(customer.id) ?? 0);
});

// guarded says to the user what it means that the guard of a write did not hold.
const guarded = (violations) => (error) => {
  throw error instanceof Conflict && error.guarded ? new Refused(violations) : error;
};

await plugin.run(import.meta);
