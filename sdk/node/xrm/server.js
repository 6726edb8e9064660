// The plugin's side of the wire: each call of the host goes to the handler of its name.
import { setMaxListeners } from "node:events";
import { fits, requestFromWire, responseToWire } from "./connection.js";
import { describe, keepsMore } from "./describe.js";
import { Ears } from "./ears.js";
import { DeadLetter, Ended, RetryAfter, toWire } from "./errors.js";
import { activity, eventFromWire, topicFits } from "./events.js";
import { Host } from "./host.js";
import { fileOf } from "./pages.js";
import { recordFromWire } from "./record.js";
import { readMembers } from "./types.js";
import { decode, encode, instant } from "./values.js";
import { grpc, send } from "./wire.js";

const SDK = "node 1.0.0";
const CHECK_EVERY = 10_000;

// serviceCall is what the call of a service is called.
export const serviceCall = (name) => `run the service ${name}`;

// Server answers the host for one plugin.
export class Server {
  #plugin;
  #hostGone;
  #ears = new Ears();
  #running = new Map(); // promises of calls, with what they do

  constructor(plugin, hostGone) {
    this.#plugin = plugin;
    this.#hostGone = hostGone;
    this.description = describe(plugin, SDK);
    this.stub = new Promise((resolve) => (this.connect = resolve));
  }

  // handlers are what gRPC calls, by the names of the contract.
  handlers() {
    const unary = (answer) => (call, callback) => answer.call(this, call.request, call).then((said) => callback(null, said), callback);
    const stream = (answer) => (call) => answer.call(this, call.request, call).then(() => call.end(), (error) => call.emit("error", error));
    return {
      Describe: unary(async () => this.description),
      Watch: (call) => this.#watch(call),
      Configure: unary(this.#configure), BeforeSave: unary(this.#beforeSave), BeforeDelete: unary(this.#beforeDelete),
      Migrate: unary(this.#migrate), Resolve: unary(this.#resolve), Call: unary(this.#operate), FireTimer: unary(this.#fireTimer), Export: unary(this.#export),
      Hear: unary(async ({ heard, missed }) => this.#ears.hear(heard, missed) ?? {}),
      Drain: unary(async () => (await this.idle()) ?? {}),
      Subscribe: stream(this.#subscribe), Deliver: stream(this.#deliver), RunJob: stream(this.#runJob), RunService: stream(this.#runService),
      ServeHTTP: (call) => this.#serveHTTP(call).then(() => call.end(), (error) => call.emit("error", error)),
    };
  }

  // idle waits for the end of all calls, or of those to one handler.
  async idle(what) {
    await Promise.allSettled([...this.#running].filter(([, does]) => what === undefined || does === what).map(([running]) => running));
  }

  // watch is the lifeline: when the host ends it, or has gone, the process ends too.
  async #watch(call) {
    let timer;
    call.on("cancelled", () => {
      clearInterval(timer);
      this.#hostGone();
    });
    await this.stub;
    let last = { state: "SERVING", reason: "" };
    call.write(last);
    if (this.#plugin.health) {
      timer = setInterval(async () => {
        const now = await this.#health();
        if (now.reason !== last.reason) {
          call.write((last = now));
        }
      }, CHECK_EVERY);
    }
  }

  async #health() {
    try {
      await this.#plugin.health();
      return { state: "SERVING", reason: "" };
    } catch (error) {
      return { state: "DEGRADED", reason: error?.message || String(error) };
    }
  }

  async #configure({ config }) {
    try {
      await this.#plugin.config?.set(config);
      return {};
    } catch (error) {
      return { error: toWire("Configure", error) };
    }
  }

  async #beforeSave({ context, changes }, call) {
    const verdicts = [];
    for (const { before, after } of changes) { // one after the other, for a rule may ask the host
      const verdict = {};
      verdict.error = await this.#run(context, call, `beforeSave ${after.entity}`, async (host) => {
        const record = recordFromWire(after);
        record.before = before && recordFromWire(before);
        await found(this.#plugin.saveRules.get(after.entity), `rule for ${after.entity}`)(host, record);
        verdict.patch = record.patch();
      });
      verdicts.push(verdict);
    }
    return { verdicts };
  }

  async #beforeDelete({ context, records }, call) {
    const verdicts = [];
    for (const record of records) {
      verdicts.push({ error: await this.#run(context, call, `beforeDelete ${record.entity}`, async (host) => {
        await found(this.#plugin.deleteRules.get(record.entity), `rule for deletions of ${record.entity}`)(host, recordFromWire(record));
      }) });
    }
    return { verdicts };
  }

  async #migrate({ context, from, to, records }, call) {
    const up = to > from;
    const steps = this.#plugin.migrations.filter((m) => m.to > Math.min(from, to) && m.to <= Math.max(from, to)).sort((a, b) => (up ? a.to - b.to : b.to - a.to));
    const verdicts = [];
    for (const sent of records) {
      const verdict = {};
      verdict.error = await this.#run(context, call, `migrate ${sent.entity}`, async () => {
        const record = recordFromWire(sent);
        for (const step of steps.filter((m) => m.entity === sent.entity)) {
          await found(up ? step.up : step.back, `way back from version ${step.to} of ${sent.entity}`)(record);
        }
        verdict.patch = record.patch();
      });
      verdicts.push(verdict);
    }
    return { verdicts };
  }

  #resolve({ context, entity, field, parents }, call) {
    const name = `${entity}.${field}`;
    return this.#answer(context, call, `resolve ${name}`, async (host) => {
      const { run } = found(this.#plugin.fields.find((f) => f.entity === entity && f.name === field), `field ${name}`);
      const values = await run(host, parents.map(recordFromWire));
      if (values?.length !== parents.length) {
        throw new RangeError(`${name} was resolved to ${values?.length} values for ${parents.length} parents; return one for each`);
      }
      return { values: Array.from(values, encode) };
    });
  }

  #operate(request, call) {
    return this.#answer(request.context, call, `call ${request.operation}`, async (host) => ({ result: encode(await this.#start(host, request)) }));
  }

  #start(host, request) {
    const { run, args } = found(this.#plugin.operations.find((o) => o.name === request.operation), `operation ${request.operation}`);
    return run(host, readMembers(args, decode(request.arguments)));
  }

  async #subscribe(request, call) {
    const error = await this.#run(request.context, call, `subscribe ${request.operation}`, async (host) => {
      for await (const result of this.#start(host, request)) {
        host.signal.throwIfAborted();
        await send(call, { result: encode(result) }, host.signal);
      }
    });
    report(call, error);
  }

  async #deliver({ context, events }, call) {
    const waiting = new Set(); // keys with an event that comes again
    for (const event of events) {
      const receipt = waiting.has(event.key) ? { outcome: "RETRY", reason: "an earlier event of its key comes again" } : await this.#receipt(context, call, event);
      if (receipt.outcome === "RETRY" && event.key) {
        waiting.add(event.key);
      }
      call.write({ receipts: [receipt] });
    }
  }

  async #receipt(context, call, event) {
    let thrown;
    const refused = await this.#run(context, call, `handle ${event.topic}`, async (host) => {
      try {
        await this.#handle(host, eventFromWire(event));
      } catch (error) {
        thrown = error;
        throw error;
      }
    });
    if (!refused) {
      return { outcome: "ACK" };
    }
    if (thrown instanceof DeadLetter) {
      return { outcome: "DEAD", reason: thrown.message || "the plugin has put it aside" };
    }
    if (thrown instanceof RetryAfter) {
      return { outcome: "RETRY", reason: thrown.message, retryAfterMs: thrown.milliseconds };
    }
    return { outcome: "RETRY", reason: refused.cause || thrown.message };
  }

  // handle may find no handler: what an earlier version has subscribed to still comes.
  async #handle(host, event) {
    const { partyData, subscriptions, timelines, name } = this.#plugin;
    if (keepsMore(this.#plugin) && event.topic === "party.erased") {
      await partyData.erase(host, event.recordId);
    }
    if (keepsMore(this.#plugin) && event.topic === "party.merged") {
      await partyData.merge(host, event.recordId, event.changes.find((c) => c.path === "mergedInto").after);
    }
    const first = (functions) => [...functions].find(([topic]) => topicFits(topic, event))?.[1];
    await first(subscriptions)?.(host, event);
    const entry = await first(timelines)?.(host, event);
    if (entry) {
      await host.upsert("activity", activity(entry, name, event), "source");
    }
  }

  async #runJob({ context, job, runId, plannedAt }, call) {
    const error = await this.#run(context, call, `run the job ${job}`, async (host) => {
      const { run } = found(this.#plugin.jobs.find((j) => j.name === job), `job ${job}`);
      await run(host, { id: runId, planned: instant(plannedAt), report: (done, total = 0, note = "") => void call.write({ done, total, note }) });
    });
    report(call, error);
  }

  // runService is over when it is canceled; what is said before is why the service has ended.
  async #runService({ context, service }, call) {
    const error = await this.#run(context, call, serviceCall(service), async (host) => {
      await found(this.#plugin.services.find((s) => s.name === service), `service ${service}`).run(host);
      throw new Error("the service returned by itself; go on until host.signal is aborted");
    });
    report(call, error);
  }

  async #fireTimer({ context, name, key, dueAt, payload }, call) {
    return { error: await this.#run(context, call, `fire the timer ${name}`, async (host) => {
      await found(this.#plugin.timers.get(name), `timer ${name}`)(host, { name, key, dueAt: instant(dueAt), payload: decode(payload) });
    }) };
  }

  async #serveHTTP(call) {
    const parts = call.iterator({ destroyOnReturn: false });
    const { head } = (await parts.next()).value;
    const error = await this.#run(head.context, call, `answer ${head.method} ${head.target}`, async (host) => {
      const endpoint = this.#plugin.endpoints.find((e) => fits(e, head));
      const answer = fileOf(this.#plugin.pages, head) ?? (endpoint ? await endpoint.run(host, requestFromWire(head, parts), { remoteAddress: head.remoteAddress }) : new Response("404 page not found\n", { status: 404 }));
      await responseToWire(call, answer, host.signal);
    });
    if (error && !call.cancelled) {
      throw Object.assign(new Error(`${error.cause || error.message}\n${error.stack ?? ""}`), { code: grpc.status.INTERNAL });
    }
  }

  #export({ context, party }, call) {
    return this.#answer(context, call, "export", async (host) => {
      const data = await this.#plugin.partyData?.export?.(host, party);
      return data === undefined || data === null ? {} : { data: encode(data) };
    });
  }

  async #answer(context, call, what, handler) {
    let answer;
    const error = await this.#run(context, call, what, async (host) => void (answer = await handler(host)));
    return error ? { error } : answer;
  }

  // run calls a handler. What it throws costs this call and not the process.
  #run(context, call, what, handler) {
    const running = this.#guard(context, call, what, handler);
    this.#running.set(running, what);
    return running.finally(() => this.#running.delete(running));
  }

  async #guard(context, call, what, handler) {
    const controller = new AbortController();
    const { signal } = controller;
    setMaxListeners(0, signal);
    const end = () => controller.abort(new Ended());
    call.on("cancelled", end);
    try {
      const stub = await this.stub;
      if (call.cancelled) {
        end();
      }
      await handler(new Host({ stub, ears: this.#ears, deadline: call.getDeadline(), signal }, context));
      return undefined;
    } catch (error) {
      return toWire(what, error);
    } finally {
      call.off("cancelled", end);
      end(); // a host is good for one call
    }
  }
}

// report sends why something has ended, to whoever still listens.
function report(call, error) {
  if (error && !call.cancelled) {
    call.write({ error });
  }
}

function found(one, what) {
  if (one === undefined) {
    throw new ReferenceError(`there is no ${what}`);
  }
  return one;
}
