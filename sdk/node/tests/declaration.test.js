// What is wrong with a declaration is said at once, all of it; and values.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as sdk from "@openxrm/sdk";
import { Config, Plugin, Record, t } from "@openxrm/sdk";
import { rehearse } from "@openxrm/sdk/testing";
import { plugin as visits } from "./plugin.js";

const nothing = () => {};

test("every mistake is named and says what would be right", async (context) => {
  const loop = { inner: t.list(t.text) };
  loop.inner = t.list(t.object("Loop", loop));
  const plugin = new Plugin({ name: "P", version: "", partyData: { merge: nothing }, config: new Config({ day: t.date }) })
    .query("Sum", { needs: "visit.see", forEverybody: true, args: { untyped: "text", card: t.record("card"), span: t.duration } }, nothing)
    .query("all", { returns: t.object({ a: t.text }) }, nothing)
    .query("loop", { returns: t.object("Loop", loop) }, nothing)
    .mutation("one", { returns: t.object("One", { a: t.text }) }, nothing)
    .mutation("one", { returns: t.object("One", { b: t.text }) })
    .on("order", nothing).on("a.created", nothing).on("a.created", nothing)
    .job("nightly", {}, nothing)
    .http("erp", nothing);
  await assert.rejects(rehearse(context, plugin), (error) => {
    assert.deepEqual(error.message.split("\n").sort(), `plugin P:
on has two functions for a.created; make one of them
the name is "P"; it must be of lower-case letters, digits and hyphens
the version is missing
operation Sum needs "visit.see"; write an entity and one of read, create, update, delete, grant and withdraw, such as visit.update
operation Sum is forEverybody and has needs; say one of them
the argument untyped of Sum has no type; there are t.text, t.boolean, t.integer, t.decimal, t.id, t.date, t.datetime, t.record, t.list, t.object, t.duration, t.oneOf
the argument card of Sum is a record, which cannot be an argument; take its t.id
the argument span of Sum is of a type that only settings can have
the result of Sum has no type; there are t.text, t.boolean, t.integer, t.decimal, t.id, t.date, t.datetime, t.record, t.list, t.object, t.duration, t.oneOf
the result of all is an object without a name; write t.object("Total", { ... })
Loop.inner contains itself; the API cannot show that, return records or ids
there are two objects that would both be called One in the API; rename one
there are two of the operation one; rename one
one has no function as its last argument
the configuration.day is of a type that no setting can have; there are t.text, t.boolean, t.integer, t.decimal, t.duration, t.oneOf, t.list and t.object
partyData has no export
partyData has no erase
"Sum" cannot be the name of an operation; use camelCase
"order" cannot be the name of a topic; write ENTITY.ACTION such as order.created, or order.*
"erp" cannot be the name of an endpoint; write "POST /erp"
job nightly has no schedule`.split("\n").sort());
    return true;
  });
});

test("a record tells what was changed", () => {
  const record = new Record("coupon", { code: "B", n: null, at: new Date(0) }, { id: "1" }, Buffer.from('{"code":"A","n":1,"mood":"good","at":"1970-01-01T00:00:00.000Z"}'));
  assert.equal(record.patch().toString(), '{"code":"B","mood":null,"n":null}');
  record.values = { code: "A", n: 1, mood: "good", at: new Date(0) };
  assert.equal(record.patch().length, 0);
});

test("a number that is not exact is never sent", () => {
  for (const [value, named] of [[0.1, "0.1"], [2 ** 53, "9007199254740992"], [{ rate: [NaN] }, "NaN"]]) {
    assert.throws(() => sdk.create("visit", { value }), { name: "TypeError", message: new RegExp(`${named} is no exact number; write a decimal as a text`) });
  }
  assert.throws(() => sdk.updateIf("visit", "1", null, { add: { left: "many" } }), /"many" is no exact number/);
  assert.equal(sdk.create("visit", { b: 2n ** 63n - 1n, a: undefined, c: [undefined] }).patch.toString(), '{"b":9223372036854775807,"c":[null]}');
  assert.deepEqual(sdk.updateIf("visit", "1", null, { add: { left: -1, rate: "0.50" } }).add, { left: "-1", rate: "0.50" });
});

test("a duration is in milliseconds", async () => {
  const config = new Config({ a: t.duration, b: t.duration.default("1d12h"), c: t.duration.optional() });
  assert.throws(() => config.now, /has not been configured yet/);
  await config.set(Buffer.from('{"a":"1m30.5s"}'));
  assert.deepEqual(config.now, { a: 90_500, b: 129_600_000, c: undefined });
});

test("settings that do not fit are refused, all of them, and those before stay", async () => {
  const config = new Config({ name: t.text, tone: t.oneOf("kind", "strict").default("kind"), days: t.list(t.integer), mail: t.object({ port: t.integer.default(25), on: t.boolean.optional(), rate: t.decimal.optional() }) });
  await config.set(Buffer.from('{"name":"a","days":[1]}'));
  assert.deepEqual(config.now, { name: "a", tone: "kind", days: [1], mail: { port: 25, on: undefined, rate: undefined } });
  await assert.rejects(config.set(Buffer.from('{"tone":"rude","days":[1,"2"],"mail":{"port":"x","rate":"1,5","host":""},"more":1}')), (error) => {
    assert.deepEqual(error.message.split("; "), ["more is no setting", "name is required", "tone must be one of kind, strict", "days[1] must be of the type integer",
      "mail.host is no setting", "mail.port must be of the type integer", "mail.rate must be a text such as 12.50"]);
    return true;
  });
  assert.equal(config.now.name, "a");
});

test("README.md and the types name all that there is", async (context) => {
  const host = await rehearse(context, visits);
  let plain;
  const members = (one) => Object.getOwnPropertyNames(Object.getPrototypeOf(one)).filter((name) => !["constructor", "open", "close"].includes(name));
  await rehearse(context, new Plugin({ name: "visits", version: "1.0.0" }).query("look", { returns: t.text }, (asked) => (plain = asked) && "")).then((other) => other.call("look"));
  const of = (name) => readFile(new URL(name, import.meta.url), "utf8");
  const [readme, types] = [await of("../README.md"), `${await of("../xrm/index.d.ts")}${await of("../xrm/testing.d.ts")}`];
  for (const name of [...Object.keys(sdk), ...Object.keys(t), ...members(visits), ...members(plain), ...members(host), ...Object.keys(plain)]) {
    assert.match(readme, new RegExp(`\\b${name}\\b`), `README.md does not tell of ${name}`);
    assert.match(types, new RegExp(`\\b${name}\\b`), `the types do not have ${name}`);
  }
});
