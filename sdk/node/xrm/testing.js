// A host for tests of a plugin, without a server.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { fromWire, toWire } from "./errors.js";
import { findXRM } from "./program.js";
import { described, Record } from "./record.js";
import { Server, serviceCall } from "./server.js";
import { decode, text } from "./values.js";
import { grpc, HostStub, OPTIONS, PLUGIN } from "./wire.js";

const HANDOVER = 2000; // milliseconds after the end of its lease in which another instance begins a service

// rehearse runs a plugin in the process of the test, where a debugger finds it, until the
// test ends: t is that of node:test, or anything with after. entities are folders with those
// of other plugins. The host is that which plugins in Go are tested with, and a part of the
// program xrm, which the variable XRM_BIN names, or PATH has; `xrm plugin test` sets it.
export async function rehearse(t, plugin, { entities = [] } = {}) {
  const host = new Rehearsal();
  t.after(() => host.close());
  await host.open(plugin, entities);
  return host;
}

// Rehearsal is the other side of a plugin under test. What a user would be refused is
// thrown as an XRMError; what is wrong with the test itself fails it.
class Rehearsal {
  // log is what the host has to say about what it does.
  log = [];
  #waiting = new Map();
  #answers = new Map();
  #last = 0;
  #closing = [];
  #server;
  #process;

  async open(plugin, entities) {
    const program = findXRM();
    const folder = mkdtempSync(path.join(tmpdir(), "xrm"));
    this.#closing.push(() => rmSync(folder, { recursive: true }));
    const [ours, theirs] = [path.join(folder, "plugin"), path.join(folder, "host")];
    this.#server = new Server(plugin, () => {});
    const listener = new grpc.Server(OPTIONS);
    listener.addService(PLUGIN, this.#server.handlers());
    await promisify(listener.bindAsync.bind(listener))(`unix:${ours}`, grpc.ServerCredentials.createInsecure());
    this.#closing.push(() => listener.forceShutdown());
    const stub = new HostStub(`unix:${theirs}`, grpc.credentials.createInsecure(), OPTIONS);
    this.#closing.push(() => stub.close());
    this.#server.connect(stub);
    this.#process = spawn(program, ["plugin", "rehearse"], { cwd: plugin.entities ? path.dirname(plugin.entities) : process.cwd(), stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise((resolve) => this.#process.once("close", resolve));
    this.#closing.push(() => {
      this.#process.stdin.end();
      return ended;
    });
    this.#process.on("error", (error) => this.#over(error.message));
    this.#process.stdin.on("error", () => {}); // it has ended, which is told
    const lines = createInterface({ input: this.#process.stdout });
    lines.on("line", (line) => this.#hear(decode(line)));
    lines.on("close", () => this.#over("what it printed says why"));
    const opened = this.#await(0);
    this.#send({ plugin: ours, host: theirs, entities: entities.map((one) => path.resolve(one)) });
    await opened;
  }

  async close() {
    for (const end of this.#closing.splice(0).reverse()) {
      await end();
    }
  }

  // Records, as if they had always been there, and as they are now.

  async add(entity, values) {
    return record(await this.#ask("add", { entity, values }));
  }

  async get(entity, id) {
    return record(await this.#ask("get", { entity, id }));
  }

  async find(entity, filter) {
    return (await this.#ask("find", { entity, filter })).map(record);
  }

  // What a user does: an administrator, unless actAs says who.

  async create(entity, values) {
    return record(await this.#ask("save", { entity, values }));
  }

  async update({ entity, id, version, values }) {
    return record(await this.#ask("save", { entity, id, version, values }));
  }

  async delete(entity, id) {
    await this.#ask("delete", { entity, id });
  }

  call(operation, args = {}, { idempotencyKey = "" } = {}) {
    return this.#ask("call", { operation, arguments: args, key: idempotencyKey });
  }

  resolve(entity, field, parents) {
    return this.#ask("resolve", { entity, field, parents: parents.map((parent) => parent.id) });
  }

  // subscribe follows a subscription until the loop over it ends.
  async *subscribe(operation, args = {}) {
    const goes = await this.#ask("subscribe", { operation, arguments: args });
    try {
      for (let next = await this.#ask("next", { goes }); next.length > 0; next = await this.#ask("next", { goes })) {
        yield next[0];
      }
    } finally {
      await this.#ask("stop", { goes });
    }
  }

  // fetch sends a request to an endpoint; target is the path below /plugins/NAME.
  async fetch(target, init) {
    const request = new Request(new URL(target, "http://localhost"), init);
    const body = Buffer.from(await request.arrayBuffer()).toString("base64");
    const answer = await this.#ask("http", { method: request.method, target, headers: [...request.headers], body });
    return new Response(answer.body ? Buffer.from(answer.body, "base64") : null, { status: answer.status, headers: answer.headers });
  }

  async actAs({ id, name = "", roles = [], party = "" }) {
    await this.#ask("as", { user: { ID: id, Name: name, Roles: roles, Party: party } });
  }

  // Events, timers, jobs and services.

  // deliver hands the plugin the events that it subscribes to and has not had yet.
  async deliver() {
    await this.#ask("deliver");
  }

  // advance moves the clock by milliseconds: events that come again, timers and jobs, in order.
  async advance(milliseconds) {
    await this.#ask("advance", { milliseconds });
  }

  events(topic) {
    return this.#ask("events", { topic });
  }

  async redeliver(id) {
    await this.#ask("redeliver", { id });
  }

  deadLetters() {
    return this.#ask("deadLetters");
  }

  async runJob(name) {
    await this.#ask("runJob", { name });
  }

  // startService has the plugin run a service until stop is called: what it asks of its host
  // is refused from then on, and it has to return within two seconds.
  async startService(name) {
    const goes = await this.#ask("startService", { name });
    return async () => {
      await this.#ask("stop", { goes });
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${HANDOVER / 1000}s after the end of its call the service ${name} still runs, and another instance begins it; return when host.signal is aborted`)), HANDOVER);
      });
      await Promise.race([this.#server.idle(serviceCall(name)), late]).finally(() => clearTimeout(timer));
    };
  }

  // runService has the plugin run a service until that ends by itself; why is thrown.
  async runService(name) {
    await this.#ask("runService", { name });
  }

  async now() {
    return new Date(await this.#ask("now"));
  }

  // finds is how often the plugin has asked for records; each page is a question.
  finds() {
    return this.#ask("finds");
  }

  // Parties.

  async mergeParty(party, into) {
    await this.#ask("mergeParty", { from: party, into });
  }

  async eraseParty(id) {
    await this.#ask("eraseParty", { id });
  }

  exportParty(id) {
    return this.#ask("exportParty", { id });
  }

  // What an administrator sets, and what others do.

  async configure(values) {
    await this.#ask("configure", { values });
  }

  async setSecret(name, value) {
    await this.#ask("setSecret", { name, value });
  }

  async setCalendars(...files) {
    await this.#ask("setCalendars", { files });
  }

  async broadcast(topic, payload) {
    await this.#ask("broadcast", { topic, payload });
  }

  // migrate takes the values of a record from one version of the data to another, twice.
  migrate(entity, from, to, values) {
    return this.#ask("migrate", { entity, version: from, to, values });
  }

  // upload is a file that the user uploads: its id goes into a field of type file.
  upload(name, content) {
    return this.#ask("upload", { name, body: Buffer.from(content).toString("base64") });
  }

  // content is what is in a file, by its id, whoever has uploaded it.
  async content(file) {
    return Buffer.from((await this.#ask("content", { id: file })) ?? "", "base64");
  }

  // pageFile is a file of a page, as a browser gets it; null where there is none.
  async pageFile(page, file) {
    const content = await this.#ask("pageFile", { name: page, target: file });
    return content === null || content === undefined ? null : Buffer.from(content, "base64");
  }

  // text is what users who read a language ("de") see of what the plugin says in English.
  text(language, english) {
    return this.#ask("text", { key: language, value: english });
  }

  // mails are what the plugin has sent, filled in: of each key the first.
  mails() {
    return this.#ask("mails");
  }

  broadcasts() {
    return this.#ask("broadcasts");
  }

  async missBroadcasts() {
    await this.#ask("missBroadcasts");
  }

  async awaitListener(topic) {
    await this.#ask("awaitListener", { topic });
  }

  // offer is an operation of another plugin: answer(arguments) returns its result, or throws.
  async offer(operation, answer) {
    this.#answers.set(`operation ${operation}`, answer);
    await this.#ask("offer", { operation });
  }

  // site is a host outside, "https://api.example.com": answer(request) gets the Request that
  // the plugin sends, and returns a Response. Nothing leaves the test.
  async site(origin, answer) {
    this.#answers.set(`site ${origin}`, async ({ method, url, headers, body }) => {
      const sent = body ? Buffer.from(body, "base64") : undefined;
      const said = await answer(new Request(new URL(url, origin), { method, headers, body: sent?.length ? sent : undefined }));
      return { status: said.status, headers: Object.fromEntries(said.headers), body: Buffer.from(await said.arrayBuffer()).toString("base64") };
    });
    await this.#ask("site", { name: origin });
  }

  // The wire between the test and the host.

  async #ask(what, arguments_ = {}) {
    const id = ++this.#last;
    const answer = this.#await(id);
    this.#send({ id, do: what, with: arguments_ });
    return answer;
  }

  #await(id) {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #send(line) {
    if (!this.#process.stdin.writable) {
      this.#over("what it printed says why");
      return;
    }
    this.#process.stdin.write(`${text(line)}\n`);
  }

  #hear(line) {
    if (line.log) {
      this.log.push(line.log);
      return;
    }
    if (line.asks) {
      this.#answer(line.id, line.asks);
      return;
    }
    const { resolve, reject } = this.#waiting.get(line.id ?? 0) ?? {};
    if (!this.#waiting.delete(line.id ?? 0)) {
      return; // it was given up
    }
    const { value, refused, failed } = line.answer;
    if (failed) {
      reject(new Error([failed, ...this.log].join("\n")));
    } else if (refused) {
      reject(fromWire(refused));
    } else {
      resolve(value);
    }
  }

  async #answer(id, { of, name, with: sent }) {
    const answer = await Promise.resolve().then(() => this.#answers.get(`${of} ${name}`)(sent ?? {})).then((value) => ({ value }), (error) => {
      const { code, message, violations, cause } = toWire(`the test answered ${name}`, error);
      return { refused: { code, message: message ?? cause, violations } };
    });
    this.#send({ id, answer });
  }

  #over(why) {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(`the host has ended: ${why}`));
    }
    this.#waiting.clear();
  }
}

const record = (told) => described(new Record(told.entity, told.values ?? {}, told, text(told.values ?? {})), told);
