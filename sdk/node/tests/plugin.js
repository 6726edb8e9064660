#!/usr/bin/env node
// Visits does everything that a plugin in Node.js can do; its tests are those of the SDK.
import { setTimeout as sleep } from "node:timers/promises";
import { Config, Conflict, create, DeadLetter, groupBy, ids, Plugin, Refused, RetryAfter, t, Unavailable } from "@openxrm/sdk";

export const config = new Config({
  sla: t.duration.default("48h").doc("Time until a visit is overdue."),
  tone: t.oneOf("kind", "strict").default("kind"),
  limit: t.integer.default(3),
}, ({ limit }) => {
  if (limit < 0) {
    throw new Refused({ limit: "must not be less than 0" });
  }
});

export const plugin = new Plugin({
  name: "visits", version: "1.0.0", entities: new URL("entities", import.meta.url), mails: new URL("mails", import.meta.url), texts: new URL("texts", import.meta.url), config,
  partyData: {
    async merge(host, party, into) {
      const { value } = await host.state(`notes/${party}`);
      if (value !== undefined) {
        await host.putState(`notes/${into}`, value);
        await host.deleteState(`notes/${party}`);
      }
    },
    export: async (host, party) => (await host.state(`notes/${party}`)).value,
    erase: (host, party) => host.deleteState(`notes/${party}`),
  },
});

plugin.beforeSave("visit", (host, { values, before }) => {
  if (values.subject === "nothing") {
    throw new Refused({ subject: "is nothing", rate: "is nothing either" });
  }
  if (values.fee && !before) {
    values.fee = { ...values.fee, amount: `1${values.fee.amount}` };
  }
});

plugin.beforeSave("customer", (host, customer) => {
});

plugin.beforeDelete("visit", (host, { values }) => {
  if (values.state === "done") {
    throw new Conflict("It was done.");
  }
});

const total = t.object("Total", { count: t.integer, days: t.list(t.date), latest: t.datetime.optional() });

plugin.query("sumVisits", {
  doc: "Adds up the visits of a customer.", forEverybody: true, returns: total,
  args: { customer: t.id, states: t.list(t.text), before: t.datetime.optional() },
}, async (host, { customer, states, before = host.now }) => {
  const days = [];
  let latest;
  const filter = { customer: { eq: customer }, createdAt: { lte: before }, ...(states.length > 0 && { state: { in: states } }) };
  for await (const { values, createdAt } of host.each("visit", { filter, orderBy: "-createdAt" })) {
    days.push(values.dueOn ?? "2026-01-01");
    latest ??= createdAt;
  }
  return { count: days.length, days, latest };
});

plugin.query("findVisits", {
  needs: "visit.read", args: { words: t.text, after: t.text.optional() },
  returns: t.object("Found", { visits: t.list(t.record("visit")), next: t.text }),
}, async (host, { words, after }) => {
  const { records, next } = await host.findPage("visit", { search: words, after, limit: 2 });
  return { visits: records, next };
});

plugin.mutation("finishVisit", {
  needs: ["visit.update"], returns: t.record("visit"),
  args: { id: t.id, report: t.object("Report", { text: t.text.doc("What came of it."), fee: t.decimal.optional() }) },
}, async (host, { id, report }) => {
  const visit = await host.transition("visit", id, "done", "planned");
  visit.values.rate = report.fee;
  host.log.info("a visit is done", { visit: id });
  return host.update(visit);
});

plugin.mutation("planVisits", { forEverybody: true, args: { customer: t.id, subjects: t.list(t.text) }, returns: t.integer }, async (host, { customer, subjects }) => {
  const made = await host.batch(subjects.map((subject) => create("visit", { subject, customer, left: 2 })), { key: host.idempotencyKey });
  await host.putState(`notes/${customer}`, subjects);
  for (const { id, values } of made) {
    await host.schedule("sla", id, new Date(host.now.getTime() + config.now.sla), { subject: values.subject });
    await host.publish("planned", { visit: id }, { key: id });
  }
  return made.length;
});

plugin.mutation("filePaper", { forEverybody: true, args: { id: t.id, name: t.text, text: t.text }, returns: t.record("visit") }, async (host, { id, name, text }) => {
  const paper = await host.uploadFile(name, (function* () {
    for (let at = 0; at < text.length; at += 1000) {
      yield text.slice(at, at + 1000);
    }
  })());
  return host.updateIf("visit", id, null, { set: { paper: paper.id } });
});

plugin.query("readPaper", { forEverybody: true, args: { id: t.id }, returns: t.text }, async (host, { id }) => {
  const visit = await host.get("visit", id);
  if (!visit.values.paper) {
    return "";
  }
  const content = await host.openFile("visit", id, visit.values.paper.id);
  return `${content.file.name} (${content.file.mediaType}): ${Buffer.concat(await content.toArray())}`;
});

plugin.mutation("takeOne", { forEverybody: true, args: { id: t.id }, returns: t.record("visit") }, (host, { id }) =>
  host.updateIf("visit", id, { left: { gte: 1 } }, { add: { left: -1 } }));

plugin.mutation("reward", { forEverybody: true, args: { customer: t.id }, returns: t.text }, async (host, { customer }) => {
  const voucher = await host.call("issueVoucher", { customer });
  const token = await host.asPlugin.secret("token");
  const answer = await host.fetch("https://api.example.com/letters", { method: "POST", headers: { "X-Token": token }, body: voucher.code });
  if (answer.status !== 201) {
    throw new Unavailable(`The letter was not sent: ${answer.status}.`);
  }
  return answer.text();
});

plugin.subscription("followVisits", { forEverybody: true, args: { customer: t.id }, returns: t.text }, async function* (host, { customer }) {
  const heard = await host.listen(`customer/${customer}`);
  yield "listening";
  yield* heard;
});

plugin.computed("customer", "openVisits", { returns: t.list(t.record("visit")), doc: "The visits that are planned." }, async (host, customers) => {
  const found = await host.find("visit", { filter: { customer: { in: ids(customers) }, state: { eq: "planned" } } });
  return groupBy(found, "customer", customers);
});

plugin.on("order.created", (host, event) => host.upsert("visit", { subject: "Thank you", customer: "c1", event: event.id }, "event"));

plugin.on("visit.*", async (host, event) => {
  const { values } = await host.get("visit", event.recordId);
  if (values.subject === "later") {
    throw new RetryAfter(3_600_000, "it is too early");
  }
  if (values.subject === "never") {
    throw new DeadLetter("nobody can tell this");
  }
  await host.broadcast(`customer/${values.customer}`, values.subject);
  await host.putState(`told/${event.id}`, { attempt: event.attempt });
});

plugin.timeline("visit.created", async (host, event) => {
  const { values } = await host.get("visit", event.recordId);
  return { party: values.customer, subject: values.subject, kind: "visit" };
});

plugin.job("tidyUp", { schedule: "0 7 * * 1-5", zone: "Europe/Berlin" }, async (host, run) => {
  for (let n = 1; n <= 3; n++) {
    run.report(n, 3, "tidying");
    await sleep(10, null, { signal: host.signal });
  }
});

plugin.page("board", { title: "Visits", files: new URL("board", import.meta.url), needs: "visit.read" });

plugin.service("inbox", { doc: "Makes a visit of every letter." }, async (host) => {
  for await (const { subject, from } of await host.listen("letters")) {
    if (subject === "illegible") {
      throw new RangeError("nobody can read this");
    }
    if (subject === "farewell") {
      return;
    }
    await host.create("visit", { subject, customer: from });
  }
});

// Rates were texts with a unit once.
plugin.migration("visit", 2, {
  up: ({ values }) => {
    if (values.rate !== undefined) {
      values.rate = String(values.rate).replace(/ EUR$/, "");
    }
  },
  back: ({ values }) => {
    if (values.rate !== undefined) {
      values.rate = `${values.rate} EUR`;
    }
  },
});

plugin.timer("sla", async (host, { key, payload }) => {
  await host.sendMail(`overdue ${key}`, "Desk <desk@example.org>", { template: "overdue", language: "de-AT", values: { visit: key } });
  await host.updateIf("visit", key, null, { set: { subject: `overdue: ${payload?.subject ?? ""}` } });
});

plugin.http("POST /hook", async (host, request) => {
  const body = new Uint8Array(await request.arrayBuffer());
  if (request.headers.get("x-sum") !== String(body.reduce((sum, byte) => sum + byte, 0))) {
    return new Response("who are you?", { status: 401 });
  }
  return new Response(Buffer.concat([Buffer.from("got "), body]), { status: 202, headers: { "Content-Type": "text/plain" } });
});

plugin.http("/files/", (host, request) => {
  const { pathname, searchParams } = new URL(request.url);
  return new Response(`${pathname} ${searchParams.getAll("q")}`);
});

await plugin.run(import.meta);
