#!/usr/bin/python3
"""Loyalty counts the uses of coupons, and keeps the points that these are worth on
the cards of customers."""
from typing import Annotated, List

from xrm import ID, ONLY_RECORDS, Conflict, Host, Plugin, Record, Refused, create, ids, sum_of, update_if

plugin = Plugin("loyalty", "1.0.0", entities="entities", party_data=ONLY_RECORDS)


class Coupon(Record, entity="coupon"):
    code: str
    points: int
    uses: int
    remaining: int


class Card(Record, entity="card"):
    customer: ID
    balance: int


class Redemption(Record, entity="redemption"):
    coupon: ID
    card: ID
    points: int


@plugin.before_save(Coupon)
def count_uses(host: Host, coupon: Coupon) -> None:
    """Lets a coupon begin with all of its uses, and carries over what is changed about them later."""
    if coupon.before is None:
        coupon.remaining = coupon.uses
        return
    remaining = coupon.remaining + coupon.uses - coupon.before.uses
    if remaining < 0:
        raise Refused(uses="are fewer than have been used already")
    coupon.remaining = remaining


@plugin.mutation
def redeem_coupon(host: Host, code: Annotated[str, "What stands on the coupon."], card: Annotated[ID, "The card that gets the points."]) -> Redemption:
    """Uses a coupon once, and puts its points on a card."""
    coupons = host.as_plugin.find(Coupon, {"code": {"eq": code}})
    if not coupons:
        raise Refused(code="is that of no coupon")
    coupon = coupons[0]
    try:
        # Of many who want the last use a single one has it; whoever asks again with the same idempotency key has it once.
        *_, redemption = host.as_plugin.batch([
            update_if(Coupon, coupon.id, {"remaining": {"gte": 1}}, add={"remaining": -1}),
            update_if(Card, card, None, add={"balance": coupon.points}),
            create(Redemption(coupon=coupon.id, card=card, points=coupon.points)),
        ], key=host.idempotency_key)
    except Conflict as conflict:
        if conflict.guarded:
            raise Refused(code="is that of a coupon that is used up") from None
        raise
    return redemption


@plugin.mutation
def spend_points(host: Host, card: Annotated[ID, "The card that pays."], points: Annotated[int, "How many points, at least 1."]) -> Card:
    """Takes points off a card."""
    if points < 1:
        raise Refused(points="must be at least 1")
    try:
        [paid] = host.as_plugin.batch([update_if(Card, card, {"balance": {"gte": points}}, add={"balance": -points})], key=host.idempotency_key)
    except Conflict as conflict:
        if conflict.guarded:
            raise Refused(points="are more than the card has") from None
        raise
    return paid


@plugin.computed("customer")
def points(host: Host, customers: List[Record]) -> List[int]:
    """The points on all cards of a customer."""
    groups = host.aggregate(Card, {"customer": {"in": ids(customers)}}, by="customer", measures=[sum_of("balance")])
    balances = {group.keys[0]: group.values[0] for group in groups}
    return [balances.get(customer.id, 0) for customer in customers]


if __name__ == "__main__":
    plugin.run()
