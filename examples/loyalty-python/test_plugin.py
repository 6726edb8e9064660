import unittest
from concurrent.futures import ThreadPoolExecutor

import xrm
import xrm.testing
from plugin import Card, Coupon, Redemption, plugin


class Loyalty(unittest.TestCase):
    def setUp(self):
        self.host = xrm.testing.start(self, plugin)
        self.anna = self.host.add("customer", kind="person", displayName="Anna")
        self.card = self.host.add(Card, customer=self.anna.id)

    def coupon(self, uses):
        return self.host.save(Coupon(code="SUMMER", points=20, uses=uses))

    def redeem(self, **key):
        return self.host.call("redeemCoupon", code="SUMMER", card=self.card.id, **key)

    def refused(self, what, violation):
        with self.assertRaises(xrm.Refused) as refused:
            what()
        self.assertIn(violation, str(refused.exception))

    def test_many_who_redeem_a_coupon_at_the_same_time_use_it_up_exactly(self):
        self.coupon(uses=5)
        used_up = "code is that of a coupon that is used up"

        def redeem(_):
            try:
                self.redeem()
                return "redeemed"
            except xrm.Refused as refused:
                return used_up if used_up in str(refused) else str(refused)

        with ThreadPoolExecutor(20) as people:
            answers = list(people.map(redeem, range(20)))
        self.assertEqual(sorted(answers), [used_up] * 15 + ["redeemed"] * 5)
        self.assertEqual(len(self.host.find(Redemption)), 5)
        self.assertEqual(self.host.resolve("customer", "points", [self.anna]), [100])

    def test_a_coupon_that_is_redeemed_twice_with_one_key_is_used_once(self):
        coupon = self.coupon(uses=5)
        self.assertEqual(self.redeem(idempotency_key="till-1"), self.redeem(idempotency_key="till-1"))
        self.assertEqual(self.host.get(Coupon, coupon.id).remaining, 4)

    def test_nobody_spends_more_than_the_card_has(self):
        self.coupon(uses=1)
        self.redeem()
        for points, refused, left in (0, "points must be at least 1", 20), (15, None, 5), (6, "points are more than the card has", 5), (5, None, 0):
            spend = lambda: self.host.call("spendPoints", card=self.card.id, points=points)
            if refused:
                self.refused(spend, refused)
            else:
                spend()
            self.assertEqual(self.host.get(Card, self.card.id).balance, left)

    def test_uses_are_carried_over(self):
        coupon = self.coupon(uses=3)
        for _ in range(2):
            self.redeem()
        coupon = self.host.get(Coupon, coupon.id)
        coupon.uses = 10
        coupon = self.host.save(coupon)
        self.assertEqual(coupon.remaining, 8)
        coupon.uses = 1
        self.refused(lambda: self.host.save(coupon), "uses are fewer than have been used already")

    def test_what_is_on_no_coupon_is_refused(self):
        self.refused(self.redeem, "code is that of no coupon")


if __name__ == "__main__":
    unittest.main()
