import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "@openxrm/sdk";
import { rehearse } from "@openxrm/sdk/testing";
import { plugin } from "./plugin.js";

async function setUp(t, uses) {
  const host = await rehearse(t, plugin);
  const anna = await host.add("customer", { kind: "person", displayName: "Anna" });
  const card = await host.add("card", { customer: anna.id });
  const coupon = uses && (await host.create("coupon", { code: "SUMMER", points: 20, uses }));
  const redeem = (options) => host.call("redeemCoupon", { code: "SUMMER", card: card.id }, options);
  return { host, anna, card, coupon, redeem };
}

const refused = (what, violation) => assert.rejects(what, (error) => error instanceof Refused && error.message.includes(violation));

test("many who redeem a coupon at the same time use it up exactly", async (t) => {
  const { host, anna, redeem } = await setUp(t, 5);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => redeem()));
  const rejected = answers.filter(({ status }) => status === "rejected").map(({ reason }) => reason.message);
  assert.equal(rejected.length, 15);
  rejected.forEach((message) => assert.match(message, /code is that of a coupon that is used up/));
  assert.equal((await host.find("redemption")).length, 5);
  assert.deepEqual(await host.resolve("customer", "points", [anna]), [100]);
});

test("a coupon that is redeemed twice with one key is used once", async (t) => {
  const { host, coupon, redeem } = await setUp(t, 5);
  assert.equal(await redeem({ idempotencyKey: "till-1" }), await redeem({ idempotencyKey: "till-1" }));
  assert.equal((await host.get("coupon", coupon.id)).values.remaining, 4);
});

test("nobody spends more than the card has", async (t) => {
  const { host, card, redeem } = await setUp(t, 1);
  await redeem();
  const steps = [[0, "points must be at least 1", 20], [15, null, 5], [6, "points are more than the card has", 5], [5, null, 0]];
  for (const [points, violation, left] of steps) {
    const spent = host.call("spendPoints", { card: card.id, points });
    await (violation ? refused(spent, violation) : spent);
    assert.equal((await host.get("card", card.id)).values.balance, left);
  }
});

test("uses are carried over", async (t) => {
  const { host, coupon: { id }, redeem } = await setUp(t, 3);
  await redeem();
  await redeem();
  const coupon = await host.get("coupon", id);
  coupon.values.uses = 10;
  const saved = await host.update(coupon);
  assert.equal(saved.values.remaining, 8);
  saved.values.uses = 1;
  await refused(host.update(saved), "uses are fewer than have been used already");
});

test("what is on no coupon is refused", async (t) => {
  const { redeem } = await setUp(t);
  await refused(redeem(), "code is that of no coupon");
});
