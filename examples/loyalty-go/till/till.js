// Redeems a coupon for whoever stands at the till. A click that is repeated, because
// nobody knows whether the first one arrived, redeems it once.
const redeem = `mutation ($code: String!, $card: ID!, $key: String!) {
  redeemCoupon(code: $code, card: $card, idempotencyKey: $key) { points card { balance } }
}`;

let key = crypto.getRandomValues(new Uint32Array(4)).join("-");

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const status = document.querySelector("[role=status]");
  try {
    const { code, card } = Object.fromEntries(new FormData(event.target));
    const { redeemCoupon: done } = await xrm.ask(redeem, { code, card, key });
    status.textContent = `${done.points} points; the card has ${done.card.balance} now.`;
    event.target.reset();
    key = crypto.getRandomValues(new Uint32Array(4)).join("-");
  } catch (error) {
    status.textContent = error.message;
  }
});
