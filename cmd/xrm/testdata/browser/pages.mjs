// Uses a page of a plugin as a person does: opens it, is asked for a key, enters it,
// reads what the page shows, signs out elsewhere, and goes on. Then tries to frame what
// must not be framed. Prints what was seen as JSON. Arguments: address, browser, key,
// address of a page of another origin that frames what its fragment says.
import { chromium } from "playwright-core";

const [url, executablePath, key, framing] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await plain.goto(`${url}/signin`);
  await plain.getByLabel("API key").fill(key);
  await plain.getByRole("button", { name: "Sign in" }).click();
  const withoutScripts = await plain.getByRole("status").innerText();

  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/pages/fair/board`);
  const asked = page.url();
  await page.getByLabel("API key").fill("xrm_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  const refused = await page.getByRole("alert").innerText();
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  const frame = page.frameLocator("iframe");
  const seen = frame.locator("#seen");
  await seen.filter({ hasText: "whoAsks" }).waitFor();
  const landed = page.url();
  const shown = JSON.parse(await seen.innerText());
  const cookies = await page.evaluate(() => document.cookie);
  const { href, pathname } = new URL(await page.locator("iframe").evaluate((f) => f.src));

  const framed = {};
  const other = await context.newPage();
  for (const [name, target] of [["signin", `${url}/signin`], ["page", `${url}/pages/fair/board`], ["files", href]]) {
    await other.goto(`${framing}/#${target}`);
    await other.waitForLoadState("networkidle");
    framed[name] = other.frames()[1].url();
    await other.goto("about:blank");
  }

  const elsewhere = await context.newPage();
  await elsewhere.goto(`${url}/signin`);
  const listed = await elsewhere.getByRole("listitem").allInnerTexts();
  await elsewhere.getByRole("button", { name: "Sign out" }).click();
  await elsewhere.getByLabel("API key").waitFor();
  await frame.getByRole("button", { name: "Ask again" }).click();
  await page.getByLabel("API key").waitFor(); // it is asked for again
  const after = page.url();

  console.log(JSON.stringify({ withoutScripts, asked, refused, landed, shown, cookies, framed, listed, after }));
} finally {
  await browser.close();
}
