// What a plugin in Node.js can do, against the host that plugins in Go are tested with.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Conflict, Forbidden, Plugin, Refused, Unavailable } from "@openxrm/sdk";
import { rehearse } from "@openxrm/sdk/testing";
import { plugin } from "./plugin.js";

async function setUp(t) {
  const host = await rehearse(t, plugin);
  const anna = await host.add("customer", { kind: "person", displayName: "Anna" });
  const visit = (values) => host.add("visit", { subject: "Hello", customer: anna.id, ...values });
  const subjects = async () => (await host.find("visit")).map(({ values }) => values.subject);
  return { host, anna, visit, subjects };
}

test("values are those of JSON, and nothing loses a digit", async (t) => {
  const { host, anna } = await setUp(t);
  const big = 2n ** 62n + 1n;
  const dueAt = new Date("2026-03-04T05:06:07Z");
  const made = await host.create("visit", { subject: "\"12345678901234567890\"", customer: anna.id, fee: { amount: "0", currency: "EUR" }, rate: "0.3", dueOn: "2026-03-04", dueAt, left: big });
  assert.deepEqual([made.values.subject, made.values.fee, made.values.rate, made.values.left], ["\"12345678901234567890\"", { amount: "10", currency: "EUR" }, "0.3", big]);
  assert.deepEqual([made.values.dueOn, new Date(made.values.dueAt)], ["2026-03-04", dueAt]);
  assert.deepEqual([made.version, made.createdBy, made.createdAt], [1, "tester", await host.now()]);
});

test("a rule refuses with all that is wrong", async (t) => {
  const { host, anna } = await setUp(t);
  await assert.rejects(host.create("visit", { subject: "nothing", customer: anna.id }), (error) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual(error.violations.map(({ field, message }) => [field, message]), [["subject", "is nothing"], ["rate", "is nothing either"]]);
    return true;
  });
});

test("a deletion is refused with the code that was thrown", async (t) => {
  const { host, visit } = await setUp(t);
  const { id } = await visit({ state: "done" });
  await assert.rejects(host.delete("visit", id), { name: "Conflict", message: "It was done." });
  assert.equal(await host.text("de", "It was done."), "Er ist erledigt.");
});

test("a transition and an update", async (t) => {
  const { host, visit } = await setUp(t);
  const { id } = await visit();
  await host.call("finishVisit", { id, report: { text: "All is well.", fee: "12.5" } });
  const { values } = await host.get("visit", id);
  assert.deepEqual([values.state, values.rate], ["done", "12.5"]);
  await assert.rejects(host.call("finishVisit", { id, report: { text: "Again." } }), Conflict);
});

test("a query reads as many as there are and returns an object", async (t) => {
  const { host, anna, visit } = await setUp(t);
  for (const dueOn of ["2026-01-01", "2026-01-02", "2026-01-03"]) {
    await visit({ dueOn });
  }
  const { count, latest } = await host.call("sumVisits", { customer: anna.id, states: ["planned"] });
  assert.deepEqual([count, new Date(latest)], [3, await host.now()]);
  assert.deepEqual(await host.call("sumVisits", { customer: anna.id, states: [], before: new Date(0) }), { count: 0, days: [] });
});

test("a file is uploaded and read as a stream", async (t) => {
  const { host, visit } = await setUp(t);
  const [{ id }, text] = [await visit(), "It is said. ".repeat(20_000)];
  await host.call("filePaper", { id, name: "C:\\report.txt", text });
  assert.equal(await host.call("readPaper", { id }), `report.txt (text/plain; charset=utf-8): ${text}`);
  const { paper } = (await host.get("visit", id)).values;
  assert.deepEqual([paper.name, paper.size, (await host.content(paper.id)).toString()], ["report.txt", text.length, text]);
  await assert.rejects(host.call("filePaper", { id, name: "..", text: "x" }), { message: /needs a name/ });
  const changed = await host.get("visit", id);
  changed.values.paper = await host.upload("mine.txt", "mine");
  await host.update(changed);
  assert.equal(await host.call("readPaper", { id }), "mine.txt (text/plain; charset=utf-8): mine");
  await assert.rejects(host.call("filePaper", { id, name: "report.txt", text: "%PDF-1.7" }), ({ violations: [{ field, message }] }) => {
    assert.deepEqual([field, message], ["paper", "must be a file of type text/*, not application/pdf"]);
    return true;
  });
});

test("a search goes on from page to page", async (t) => {
  const { host, visit } = await setUp(t);
  const made = [];
  for (const n of [0, 1, 2]) {
    made.push((await visit({ subject: `Visit ${n}` })).id);
  }
  await visit();
  const first = await host.call("findVisits", { words: "vis" });
  const last = await host.call("findVisits", { words: "vis", after: first.next });
  assert.deepEqual([[...first.visits, ...last.visits], last.next], [made, ""]);
});

test("a computed field has the records of each parent, and asks once", async (t) => {
  const { host, anna, visit } = await setUp(t);
  const { id } = await visit();
  const ben = await host.add("customer", { kind: "person", displayName: "Ben" });
  const before = await host.finds();
  assert.deepEqual(await host.resolve("customer", "openVisits", [anna, ben]), [[id], []]);
  assert.equal((await host.finds()) - before, 1);
});

test("a guard counts down and not below, however many take at once", async (t) => {
  const { host, visit } = await setUp(t);
  const { id } = await visit({ left: 10 });
  const answers = await Promise.allSettled(Array.from({ length: 30 }, () => host.call("takeOne", { id })));
  const refused = answers.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  assert.equal(refused.length, 20);
  assert.ok(refused.every((error) => error instanceof Conflict && error.guarded));
  assert.equal((await host.get("visit", id)).values.left, 0);
});

test("a batch is made once for a key", async (t) => {
  const { host, anna } = await setUp(t);
  for (let n = 0; n < 2; n++) {
    await host.call("planVisits", { customer: anna.id, subjects: ["a", "b"] }, { idempotencyKey: "k" });
  }
  assert.equal((await host.find("visit")).length, 2);
  assert.equal((await host.events("visits.planned")).length, 2);
});

test("a timer fires when the configuration says", async (t) => {
  const { host, anna, subjects } = await setUp(t);
  await host.configure({ sla: "1h" });
  await host.call("planVisits", { customer: anna.id, subjects: ["a"] });
  await host.advance(59 * 60_000);
  assert.deepEqual(await subjects(), ["a"]);
  await host.advance(2 * 60_000);
  assert.deepEqual(await subjects(), ["overdue: a"]);
  const [visit] = await host.find("visit");
  assert.deepEqual((await host.mails()).map(({ key, to, language, subject }) => [key, to, language, subject]),
    [[`overdue ${visit.id}`, ["Desk <desk@example.org>"], "de", `Besuch ${visit.id} überfällig`]]);
});

test("a page is its folder and nothing beside it", async (t) => {
  const { host } = await setUp(t);
  assert.match(String(await host.pageFile("board", "board.js")), /xrm\.ask/);
  for (const file of ["none.js", "../plugin.js", "%2e%2e/plugin.js", "/etc/passwd", ""]) {
    assert.equal(await host.pageFile("board", file), null);
  }
});

test("a record is migrated there and back", async (t) => {
  const { host, anna } = await setUp(t);
  assert.equal((await host.migrate("visit", 1, 2, { subject: "Hello", customer: anna.id, rate: "3.5 EUR" })).rate, "3.5");
  assert.equal((await host.migrate("visit", 2, 1, { rate: "3.5" })).rate, "3.5 EUR");
});

test("a configuration is refused by its types and by the plugin", async (t) => {
  const { host } = await setUp(t);
  for (const [settings, wrong] of [[{ tone: "rude" }, /tone/], [{ sla: "soon" }, /sla/], [{ limit: -1 }, /limit must not be less than 0/]]) {
    await assert.rejects(host.configure(settings), wrong);
  }
});

test("an event writes into the timeline and tells who follows", async (t) => {
  const { host, anna } = await setUp(t);
  const heard = host.subscribe("followVisits", { customer: anna.id });
  assert.equal((await heard.next()).value, "listening");
  await host.create("visit", { subject: "Hello", customer: anna.id });
  await host.deliver();
  assert.equal((await heard.next()).value, "Hello");
  assert.deepEqual((await host.find("activity")).map(({ values }) => values.subject), ["Hello"]);
  await host.missBroadcasts();
  await assert.rejects(heard.next(), Unavailable);
});

test("a subscription that nobody follows ends", async (t) => {
  const { host, anna } = await setUp(t);
  for await (const value of host.subscribe("followVisits", { customer: anna.id })) {
    assert.equal(value, "listening");
    break;
  }
});

test("an event comes again or is put aside", async (t) => {
  const { host, anna } = await setUp(t);
  const later = await host.create("visit", { subject: "later", customer: anna.id });
  await host.create("visit", { subject: "never", customer: anna.id });
  await host.deliver();
  assert.deepEqual((await host.deadLetters()).map(({ reason }) => reason), ["nobody can tell this"]);
  later.values.subject = "now";
  await host.update(later);
  await host.advance(59 * 60_000);
  assert.deepEqual(await host.broadcasts(), []);
  await host.advance(2 * 60_000);
  assert.deepEqual((await host.broadcasts()).map(({ value }) => value), ["now", "now"]);
});

test("an event that comes twice is handled once", async (t) => {
  const { host, anna } = await setUp(t);
  await host.create("order", { customer: anna.id });
  await host.deliver();
  const [{ id }] = await host.events("order.created");
  await host.redeliver(id);
  assert.deepEqual((await host.find("visit")).map(({ values }) => values.event), [id]);
});

test("a job reports", async (t) => {
  const { host } = await setUp(t);
  await host.runJob("tidyUp");
  assert.equal(host.log.filter((line) => line.includes("tidyUp")).at(-1), "the job tidyUp reports: 3 of 3 tidying");
});

async function write(host, anna, subject) {
  await host.awaitListener("letters");
  await host.broadcast("letters", { subject, from: anna.id });
}

test("a service goes on until its lease ends and begins anew", async (t) => {
  const { host, anna, subjects } = await setUp(t);
  for (const subject of ["First", "Second"]) {
    const stop = await host.startService("inbox");
    await write(host, anna, subject);
    while (!(await subjects()).includes(subject)) {}
    await stop();
  }
});

test("a service that ends by itself says why", async (t) => {
  const { host, anna } = await setUp(t);
  for (const [subject, why] of [["illegible", /RangeError: nobody can read this/], ["farewell", /the service returned by itself/]]) {
    const ended = assert.rejects(host.runService("inbox"), why);
    await write(host, anna, subject);
    await ended;
  }
});

test("a service that outlives its lease fails the test", async (t) => {
  const stubborn = new Plugin({ name: "visits", version: "1.0.0" });
  let release;
  const began = new Promise((resolve) => stubborn.service("inbox", () => new Promise((free) => resolve((release = free)))));
  const host = await rehearse(t, stubborn);
  const stop = await host.startService("inbox");
  await began;
  await assert.rejects(stop(), /the service inbox still runs/);
  release();
});

test("endpoints", async (t) => {
  const { host } = await setUp(t);
  const answer = await host.fetch("/hook", { method: "POST", body: Buffer.from([0, 255]), headers: { "X-Sum": "255" } });
  assert.deepEqual([answer.status, Buffer.from(await answer.arrayBuffer()), answer.headers.get("content-type")], [202, Buffer.from("got \0\xff", "latin1"), "text/plain"]);
  assert.equal((await host.fetch("/hook", { method: "POST", body: "x" })).status, 401);
  assert.equal(await (await host.fetch("/files/a%20b?q=1&q=2")).text(), "/files/a%20b 1,2");
});

test("what is kept about a party goes with it", async (t) => {
  const { host, anna } = await setUp(t);
  const ben = await host.add("customer", { kind: "person", displayName: "Ben" });
  assert.equal(await host.exportParty(anna.id) ?? null, null);
  await host.call("planVisits", { customer: anna.id, subjects: ["a"] });
  assert.deepEqual(await host.exportParty(anna.id), ["a"]);
  await host.mergeParty(anna.id, ben.id);
  await host.deliver();
  assert.deepEqual(await host.exportParty(ben.id), ["a"]);
  await host.eraseParty(ben.id);
  await host.deliver();
  assert.deepEqual([await host.exportParty(ben.id) ?? null, await host.deadLetters()], [null, []]);
});

test("others are asked", async (t) => {
  const { host, anna } = await setUp(t);
  const sent = [];
  await host.setSecret("token", "s3cret");
  await host.offer("issueVoucher", ({ customer }) => ({ code: `V-${customer}` }));
  await host.site("https://api.example.com", async (request) => {
    sent.push([request.method, request.headers.get("x-token"), await request.text()]);
    return new Response("sent", { status: 201 });
  });
  assert.equal(await host.call("reward", { customer: anna.id }), "sent");
  assert.deepEqual(sent, [["POST", "s3cret", `V-${anna.id}`]]);
  await host.offer("issueVoucher", () => {
    throw new Forbidden("No vouchers today.");
  });
  await assert.rejects(host.call("reward", { customer: anna.id }), { name: "Forbidden", message: /No vouchers today\./ });
});

test("a name that is not there fails the test with the nearest one", async (t) => {
  const { host } = await setUp(t);
  await assert.rejects(host.call("finishVisits"), /did you mean "finishVisit"\?/);
});

test("users are who they are", async (t) => {
  const { host, visit } = await setUp(t);
  const { id } = await visit();
  await host.actAs({ id: "ben", name: "Ben", roles: ["clerk"] });
  await host.call("finishVisit", { id, report: { text: "All is well." } });
  assert.equal((await host.get("visit", id)).updatedBy, "ben");
});
