// What a handler may ask of the host.
import { dial, fetch } from "./connection.js";
import { check, Ended, XRMError } from "./errors.js";
import { opened, sendFile } from "./files.js";
import { recordFromWire } from "./record.js";
import { decode, encode, instant } from "./values.js";
import { grpc } from "./wire.js";
import * as writes from "./writes.js";

// ANY_VERSION is over whatever version there is, in putState and deleteState.
export const ANY_VERSION = -1;

// Measures are one number about each group.
export const sum = (field) => ({ function: "SUM", field });
export const avg = (field) => ({ function: "AVG", field });
export const min = (field) => ({ function: "MIN", field });
export const max = (field) => ({ function: "MAX", field });

const LEVELS = { debug: -4, info: 0, warn: 4, error: 8 };

// Host acts with the rights of the user and the plugin, as long as the call lasts.
export class Host {
  #call; // { stub, ears, deadline, signal }
  #context;

  constructor(call, context) {
    this.#call = call;
    this.#context = context;
    // signal is aborted when the call has ended: the user has gone, an administrator has
    // canceled the job, or xrm stops.
    this.signal = call.signal;
    // user is who caused the call; null for nobody: events, jobs, services, timers, HTTP.
    this.user = context.user;
    // idempotencyKey is the same at every attempt of one request, in a mutation.
    this.idempotencyKey = context.idempotencyKey;
    // log writes into the log of xrm: host.log.info("late", { visit: id }).
    this.log = Object.fromEntries(Object.keys(LEVELS).map((level) => [level, (message, fields = {}) => this.#write(level, message, fields)]));
  }

  // What is read.

  async get(entity, id) {
    return recordFromWire((await this.#ask("Get", { entity, id })).record);
  }

  async find(entity, query = {}) {
    const found = [];
    for (let { after = "", limit = 0 } = query; ; ) {
      const page = await this.findPage(entity, { ...query, after, limit: Math.max(0, limit - found.length) });
      found.push(...page.records);
      after = page.next;
      if (!after || (limit > 0 && found.length >= limit)) {
        return found;
      }
    }
  }

  async findPage(entity, query = {}) {
    const { records, next } = await this.#ask("Find", finding(entity, query));
    return { records: records.map(recordFromWire), next };
  }

  async *each(entity, query = {}) {
    for await (const page of this.#stream("Each", finding(entity, query))) {
      yield* check(page).records.map(recordFromWire);
    }
  }

  async aggregate(entity, { filter, by = [], measures = [], items = "" } = {}) {
    const { groups } = await this.#ask("Aggregate", { entity, ...(filter && { filter: encode(filter) }), by: [by].flat(), measures, items });
    return groups.map(({ keys, count, values }) => ({ keys: keys.map(decode), count, values: values.map(decode) }));
  }

  // What is written.

  create(entity, values) {
    return this.#save(writes.create(entity, values));
  }

  update(record) {
    return this.#save(writes.update(record));
  }

  upsert(entity, values, by) {
    return this.#save(writes.upsert(entity, values, by));
  }

  updateIf(entity, id, guard, change) {
    return this.#save(writes.updateIf(entity, id, guard, change));
  }

  transition(entity, id, to, from) {
    return this.#save(writes.transition(entity, id, to, from));
  }

  async batch(all, { key = "" } = {}) {
    return (await this.#ask("Batch", { key, writes: all })).records.map(recordFromWire);
  }

  async delete(entity, id, { ifVersion = 0 } = {}) {
    await this.#ask("Delete", { entity, id, ifVersion });
  }

  // What is told and kept.

  async publish(name, payload, { key = "" } = {}) {
    await this.#ask("Publish", { name, key, payload: encode(payload) });
  }

  // sendMail queues a mail at the mail server of the site, of a template of the plugin or
  // with a subject and a text. Of all mails with one key one is sent; state says what became
  // of it.
  async sendMail(key, to, { values = {}, cc = [], bcc = [], ...mail }) {
    const { id, state } = await this.#ask("SendMail", { ...mail, key, to: [to].flat(), cc: [cc].flat(), bcc: [bcc].flat(), values: encode(values) });
    return { id, state };
  }

  // openFile reads a file that a record has in a field of type file, by its id there: a
  // Readable whose file says which one it is.
  openFile(entity, record, file) {
    return opened(this.#stream("ReadFile", { entity, record, file }));
  }

  // uploadFile keeps a file whose id goes into a field of type file of a record that is
  // saved by the same user, or asPlugin. content is bytes, a text, or what gives either bit
  // by bit, such as a Readable. What no record has taken is gone after a day.
  uploadFile(name, content) {
    return new Promise((resolve, reject) => {
      this.signal.throwIfAborted();
      const stream = this.#call.stub.WriteFile({ deadline: this.#call.deadline }, (broken, answer) => {
        if (broken) {
          reject(this.#broken("WriteFile", broken));
        } else {
          resolve(answer);
        }
      });
      this.#ends(stream);
      sendFile(stream, { context: this.#context, name }, content, this.signal).catch((error) => {
        reject(error); // a content that breaks off leaves nothing
        stream.cancel();
      });
    }).then((answer) => check(answer).file);
  }

  async broadcast(topic, value) {
    await this.#ask("Broadcast", { topic, value: encode(value) });
  }

  // listen hears what is broadcast on a topic after its promise is fulfilled. So who
  // listens first and reads then misses nothing.
  async listen(topic) {
    const ear = this.#call.ears.open(topic); // before the host knows, so that nothing comes too early
    this.signal.addEventListener("abort", () => ear.close(), { once: true });
    try {
      await this.#ask("Listen", { topic });
    } catch (error) {
      ear.close();
      throw error;
    }
    return ear;
  }

  async schedule(name, key, dueAt, payload) {
    await this.#ask("Schedule", { name, key, dueAt: dueAt.toISOString(), ...(payload !== undefined && { payload: encode(payload) }) });
  }

  async cancel(name, key) {
    return (await this.#ask("Cancel", { name, key })).canceled;
  }

  async state(key) {
    const { value, version } = await this.#ask("GetState", { key });
    return { value: version > 0 ? decode(value) : undefined, version };
  }

  async putState(key, value, { ifVersion = ANY_VERSION, expiresAfter = 0 } = {}) {
    return (await this.#ask("PutState", { key, value: encode(value), ifVersion, expiresAfterMs: expiresAfter })).version;
  }

  async deleteState(key, { ifVersion = ANY_VERSION } = {}) {
    await this.#ask("DeleteState", { key, ifVersion });
  }

  // What is asked of others.

  async dueAfter(calendar, from, milliseconds) {
    return instant((await this.#ask("WorkTime", { calendar, from: from.toISOString(), milliseconds })).at);
  }

  async workTime(calendar, from, to) {
    return (await this.#ask("WorkTime", { calendar, from: from.toISOString(), to: to.toISOString() })).milliseconds;
  }

  async nextOpen(calendar, at) {
    return instant((await this.#ask("WorkTime", { calendar, from: at.toISOString() })).at);
  }

  async call(operation, args = {}) {
    return decode((await this.#ask("Call", { operation, arguments: encode(args) })).result);
  }

  // fetch is that of the web, for the hosts that needs.connections of plugin.yaml covers.
  // Redirects are not followed.
  async fetch(input, init) {
    const request = new Request(input, { ...(init?.body && { duplex: "half" }), ...init });
    return fetch(this.#open("Fetch"), this.#context, request, this.signal).catch((error) => this.#rethrow("Fetch", error));
  }

  // dial opens the TCP connection of that name in needs.connections, as a Duplex, which
  // ends with the call. For TLS, give it to tls.connect as its socket.
  async dial(name) {
    return dial(this.#open("Dial"), this.#context, name, this.signal).catch((error) => this.#rethrow("Dial", error));
  }

  async secret(name) {
    return (await this.#ask("Secret", { name })).value;
  }

  // asPlugin is the host with the rights of the plugin alone, whatever the user may do.
  get asPlugin() {
    return new Host(this.#call, { ...this.#context, asPlugin: true });
  }

  // now is the time; in a test that of its clock.
  get now() {
    return instant(this.#context.now) ?? new Date();
  }

  async #save(write) {
    return recordFromWire((await this.#ask("Save", write)).record);
  }

  #write(level, message, fields) {
    const attributes = encode(Object.fromEntries(Object.entries(fields).map(([name, value]) =>
      [name, value instanceof Error ? value.stack : ["boolean", "bigint"].includes(typeof value) || Number.isSafeInteger(value) ? value : String(value)])));
    this.#call.stub.Log({ context: this.#context, level: LEVELS[level], message: String(message), attributes }, { deadline: Date.now() + 1000 }, (lost) => {
      if (lost) {
        console.error(level, message, fields);
      }
    });
  }

  // ask calls the host, no longer than the call itself lasts.
  #ask(method, request) {
    return new Promise((resolve, reject) => {
      this.signal.throwIfAborted();
      const cancel = () => asked.cancel();
      const asked = this.#call.stub[method]({ ...request, context: this.#context }, { deadline: this.#call.deadline }, (broken, answer) => {
        this.signal.removeEventListener("abort", cancel);
        if (broken) {
          reject(this.#broken(method, broken));
        } else {
          resolve(answer);
        }
      });
      this.signal.addEventListener("abort", cancel, { once: true });
    }).then(check);
  }

  async *#stream(method, request) {
    const answers = this.#open(method, { ...request, context: this.#context });
    try {
      yield* answers;
    } catch (broken) {
      throw this.#broken(method, broken);
    } finally {
      answers.cancel(); // when the reader has seen enough
    }
  }

  // open begins a stream that ends with the call.
  #open(method, ...request) {
    this.signal.throwIfAborted();
    return this.#ends(this.#call.stub[method](...request, { deadline: this.#call.deadline }));
  }

  // ends has a stream end with the call.
  #ends(stream) {
    const cancel = () => stream.cancel();
    this.signal.addEventListener("abort", cancel, { once: true });
    stream.on("error", () => {}); // whoever reads it is told
    stream.on("close", () => this.signal.removeEventListener("abort", cancel));
    return stream;
  }

  #rethrow(method, error) {
    throw error instanceof XRMError ? error : this.#broken(method, error);
  }

  #broken(method, broken) {
    if (this.signal.aborted || broken.code === grpc.status.DEADLINE_EXCEEDED) {
      return new Ended();
    }
    return new Error(`${method} at the host: ${broken.details ?? broken.message}`);
  }
}

function finding(entity, { filter, search = "", orderBy = [], after = "", limit = 0 }) {
  const order = [orderBy].flat().map((field) => ({ field: field.replace(/^-/, ""), descending: field.startsWith("-") }));
  return { entity, ...(filter && { filter: encode(filter) }), search, orderBy: order, after, limit };
}
