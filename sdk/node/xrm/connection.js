// Hosts outside, by way of xrm; and requests that the plugin answers, which are the same
// the other way round.
import { Duplex } from "node:stream";
import { check, fromWire, Unavailable } from "./errors.js";
import { cut, send, webStream } from "./wire.js";

const withoutBody = (status) => [204, 205, 304].includes(status);
const headersToWire = (headers) => [...headers].map(([name, value]) => ({ name, value }));
// The web has headers of bytes alone; what is none is as Node.js has it elsewhere.
const headersFromWire = (headers) => headers.map(({ name, value }) => [name, /[^\0-\xff]/.test(value) ? Buffer.from(value).toString("latin1") : value]);

// fetch sends a Request, and returns a Response whose body comes as it is read.
export async function fetch(stream, context, request, signal) {
  const sending = sendAll(stream, { head: { context, method: request.method, target: request.url, headers: headersToWire(request.headers) } }, request.body, signal);
  sending.catch((error) => stream.destroy(error));
  const parts = stream[Symbol.asyncIterator]();
  const { value: first } = await parts.next();
  const { head } = check(first ?? { error: { code: "UNAVAILABLE", message: "The answer ended before it began." } });
  return new Response(withoutBody(head.status) ? null : webStream(bodies(parts)), { status: head.status, headers: headersFromWire(head.headers) });
}

async function sendAll(stream, head, body, signal) {
  await send(stream, head, signal);
  for await (const chunk of body ?? []) {
    for (const part of cut(chunk)) {
      await send(stream, { body: part }, signal);
    }
  }
  stream.end();
}

async function* bodies(parts) {
  try {
    for (let { done, value } = await parts.next(); !done; { done, value } = await parts.next()) {
      yield check(value).body;
    }
  } finally {
    await parts.return?.();
  }
}

// dial returns a socket, once it is open.
export async function dial(stream, context, name, signal) {
  await send(stream, { to: { context, name } }, signal);
  const socket = new Duplex({
    read: () => stream.resume(),
    write(chunk, _, done) {
      (async () => {
        for (const data of cut(chunk)) {
          await send(stream, { data }, signal);
        }
      })().then(() => done(), done);
    },
    final(done) {
      stream.end();
      done();
    },
    destroy(error, done) {
      stream.cancel();
      done(error);
    },
  });
  stream.on("error", (error) => socket.destroy(signal.aborted ? signal.reason : error));
  stream.on("end", () => socket.push(null));
  return new Promise((resolve, reject) => {
    socket.once("error", reject); // also later, for nobody: a call may end while its socket is forgotten
    stream.once("end", () => reject(new Unavailable("The connection ended before it was open.")));
    stream.on("data", ({ opened, data, error }) => {
      if (error) {
        socket.destroy(fromWire(error));
      } else if (opened) {
        resolve(socket);
      } else if (!socket.push(data)) {
        stream.pause();
      }
    });
  });
}

// requestFromWire is a Request whose body comes byte by byte as it was sent.
export function requestFromWire(head, parts) {
  const body = ["GET", "HEAD"].includes(head.method) ? undefined : webStream(bodies(parts));
  const host = /^[\w.:[\]-]+$/.test(head.host) && URL.canParse(`http://${head.host}`) ? head.host : "localhost"; // anybody can send anything
  return new Request(`http://${host}${head.target}`, { method: head.method, headers: headersFromWire(head.headers), body, ...(body && { duplex: "half" }) });
}

// responseToWire sends what a handler has returned; nothing is 204.
export async function responseToWire(stream, answer = new Response(null, { status: 204 }), signal) {
  await sendAll(stream, { head: { status: answer.status, headers: headersToWire(answer.headers) } }, answer.body, signal);
}

// fits says whether an endpoint answers a request: "" is every method, and a path that
// ends in a slash everything below.
export function fits({ method, path }, head) {
  if (["CONNECT", "TRACE", "TRACK"].includes(head.method)) {
    return false; // of which the web can have no Request
  }
  const asked = decodeURIComponent(head.target.split("?")[0]);
  return (method === "" || method === head.method) && (path === asked || (path.endsWith("/") && asked.startsWith(path)));
}
