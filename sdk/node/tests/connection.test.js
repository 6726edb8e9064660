// Hosts outside, and requests from there: what a rehearsal does not play, byte by byte.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import { Ended, Forbidden, Plugin } from "@openxrm/sdk";
import { rehearse } from "@openxrm/sdk/testing";

const inside = (file) => import(new URL(`node_modules/@openxrm/sdk/${file}`, import.meta.url));
const { Host } = await inside("host.js");
const { grpc, HostStub, OPTIONS } = await inside("wire.js");

// against is a Host in a call that controller ends, of a server with these handlers.
async function against(t, handlers, controller = new AbortController()) {
  const folder = await mkdtemp(path.join(tmpdir(), "xrm"));
  const server = new grpc.Server(OPTIONS);
  server.addService(HostStub.service, handlers);
  await new Promise((bound) => server.bindAsync(`unix:${folder}/host`, grpc.ServerCredentials.createInsecure(), bound));
  const stub = new HostStub(`unix:${folder}/host`, grpc.credentials.createInsecure(), OPTIONS);
  t.after(async () => {
    stub.close();
    server.forceShutdown();
    await rm(folder, { recursive: true });
  });
  return new Host({ stub, deadline: Infinity, signal: controller.signal }, { token: "t", now: "", user: null, idempotencyKey: "" });
}

test("a connection carries bytes in both directions until either side ends it", async (t) => {
  const host = await against(t, {
    Dial(call) {
      call.on("data", ({ to, data }) => call.write(to ? { opened: { address: `${to.name}:1` } } : { data }));
      call.on("end", () => call.end());
    },
  });
  const socket = await host.dial("provider");
  const sent = "0123456789".repeat(100_000); // many parts
  socket.end(sent);
  assert.equal((await text(socket)) === sent, true);
});

test("a connection that is refused says why, and one ends with its call", async (t) => {
  const controller = new AbortController();
  const host = await against(t, {
    Dial: (call) => call.on("data", ({ to }) => (to.name === "gone" ? call.end() : call.write(to.name === "pbx" ? { error: { code: "FORBIDDEN", message: "No." } } : { opened: {} }))),
  }, controller);
  await assert.rejects(host.dial("gone"), { name: "Unavailable", message: "The connection ended before it was open." });
  await assert.rejects(host.dial("pbx"), Forbidden);
  const socket = await host.dial("provider");
  const forgotten = await host.dial("provider"); // nobody listens to its errors
  const broken = new Promise((resolve) => socket.once("error", resolve));
  controller.abort(new Ended());
  assert.ok((await broken) instanceof Ended);
  assert.equal(forgotten.destroyed, true);
  await assert.rejects(host.dial("provider"), Ended);
});

test("an answer comes as it is read, and its end may be an error", async (t) => {
  let more;
  const host = await against(t, {
    Fetch(call) {
      call.on("data", ({ head, body }) => {
        if (head) {
          assert.deepEqual([head.method, head.target, head.context.token], ["PUT", "https://api.example.com/a", "t"]);
          call.write({ head: { status: 200, headers: [{ name: "X-Name", value: "\u20ac" }] } });
        } else {
          call.write({ body });
          more = () => call.write({ error: { code: "UNAVAILABLE", message: "The line is gone." } });
        }
      });
    },
  });
  const answer = await host.fetch("https://api.example.com/a", { method: "PUT", body: "first" });
  assert.equal(Buffer.from(answer.headers.get("x-name"), "latin1").toString(), "\u20ac");
  const reader = answer.body.getReader();
  assert.equal(Buffer.from((await reader.read()).value).toString(), "first");
  more();
  await assert.rejects(reader.read(), { name: "Unavailable", message: "The line is gone." });
});

test("an endpoint that throws costs its own answer, whatever was sent", async (t) => {
  const plugin = new Plugin({ name: "visits", version: "1.0.0" }).http("/files/", (host, request) => {
    if (request.url.endsWith("broken")) {
      throw new Error("there is no \ud800 file");
    }
    return new Response(request.url);
  });
  const host = await rehearse(t, plugin);
  assert.equal((await host.fetch("/files/broken")).status, 500);
  assert.match(await (await host.fetch("/files//evil.example/x")).text(), /^http:\/\/[^/]+\/files\/\/evil\.example\/x$/);
  await assert.rejects(host.fetch("/elsewhere"), /the plugin has no endpoint for "GET \/elsewhere"/);
});
