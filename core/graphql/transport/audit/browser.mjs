// Uses GraphiQL as a person does: opens the address, is refused without a key
// and with a wrong one, enters the key, writes a query, runs it and reads the
// answer, follows a subscription and stops it.
// Prints what was seen as JSON. Arguments: address, browser, key, screenshot (optional).
import { chromium } from "playwright-core";

const [url, executablePath, key, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints = [];
  const hosts = new Set();
  let questions = 0;
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (request.method() === "POST") questions++;
    if (protocol !== "data:") hosts.add(host);
  });

  const answer = async (word) => {
    await page.getByRole("button", { name: /Execute query/ }).click();
    await page.waitForFunction((word) => document.querySelector(".result-window")?.innerText.includes(word), word);
    return page.locator(".result-window").innerText();
  };

  const says = async (text) => {
    await page.getByRole("status").filter({ hasText: text }).waitFor();
    return page.getByRole("status").innerText();
  };
  const use = async (given) => {
    await page.getByLabel("API key").fill(given);
    await page.getByRole("button", { name: "Use it" }).click();
  };

  await page.goto(url, { waitUntil: "networkidle" });
  const title = await page.title();
  const unasked = { questions, answer: await page.locator(".result-window").innerText() };
  const welcome = await page.evaluate(() => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.getValue());
  if (screenshot) await page.screenshot({ path: screenshot.replace(/(\.\w+)?$/, "-welcome$1") });
  const bar = [await says("without a key")];
  const withoutKey = await answer("UNAUTHENTICATED");

  await use("a wrong key");
  bar.push(await says("You may not."));
  if (screenshot) await page.screenshot({ path: screenshot.replace(/(\.\w+)?$/, "-refused$1") });

  // Being refused is what this part is about; the browser notes it as an error.
  const refused = complaints.splice(0).filter((text) => !text.includes("401"));

  await use(key);
  bar.push(await says("in use"));
  await page.locator(".graphiql-query-editor .CodeMirror").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText("{\n  customers {\n    number\n    name\n  }\n}");
  const withKey = await answer("Alfreds Futterkiste");

  await page.locator(".graphiql-query-editor .CodeMirror").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText("subscription { watch }");
  const followed = await answer("begun");
  const stopped = page.waitForEvent("requestfailed");
  await page.getByRole("button", { name: /Stop query/ }).click();
  const stop = (await stopped).failure().errorText;
  await page.getByRole("button", { name: /Execute query/ }).waitFor();

  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await page.getByRole("link", { name: "Query" }).click();
  await page.getByText("customers", { exact: true }).last().waitFor();
  const documentation = await page.locator(".graphiql-doc-explorer").innerText();
  if (screenshot) await page.screenshot({ path: screenshot });

  // The dialogs bring styles of their own, which the page's policy must allow.
  await page.getByRole("button", { name: "Open settings dialog" }).click();
  await page.getByRole("button", { name: "Dark" }).click();
  if (screenshot) await page.screenshot({ path: screenshot.replace(/(\.\w+)?$/, "-dark$1") });
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  await page.reload();
  const keyAfterReload = await page.getByLabel("API key").inputValue();

  console.log(
    JSON.stringify({
      title, unasked, welcome, bar, withoutKey, withKey, followed, stop, documentation, keyAfterReload,
      keptForLater: kept.includes(key),
      hosts: [...hosts],
      complaints: [...refused, ...complaints],
    }),
  );
} finally {
  await browser.close();
}
