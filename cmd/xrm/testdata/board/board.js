// Asks what it may, tries what it may not, and shows what came of it.
const said = async (what) => {
  try {
    return String((await what()) ?? "nothing");
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
const core = location.ancestorOrigins[0];
const session = { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: '{"query":"{ parties { totalCount } }"}' };
const shown = {
  own: await said(async () => JSON.stringify(await xrm.ask("{ whoAsks }"))),
  others: await said(() => xrm.ask("{ tillTotal }")),
  records: await said(() => xrm.ask("{ parties { totalCount } }")),
  keys: await said(() => xrm.ask("{ apiKeys { id } }")),
  cookies: await said(() => document.cookie.includes("session")),
  parent: await said(() => parent.document.title),
  session: await said(async () => (await fetch(`${core}/graphql`, session)).text()),
  token: await said(async () => (await fetch(`${core}/pages/till/board/token`, session)).text()),
  outside: await said(() => fetch("https://example.com/")),
  origin: self.origin,
  title: document.title,
  style: getComputedStyle(document.querySelector("#seen")).color,
};
document.querySelector("#seen").textContent = JSON.stringify(shown);
document.querySelector("button").onclick = async () => {
  document.querySelector("#seen").textContent = await said(async () => JSON.stringify(await xrm.ask("{ whoAsks }")));
};
