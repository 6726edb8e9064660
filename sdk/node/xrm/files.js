// Files of records, as streams.
import { Readable } from "node:stream";
import { check } from "./errors.js";
import { cut, send } from "./wire.js";

// opened is the content of a file as a Readable, and file says which one it is. Its end is
// the end of the whole file: what breaks off is an error.
export async function opened(answers) {
  const { value: first } = await answers.next();
  const { file } = check(first);
  return Object.assign(Readable.from(contents(answers), { objectMode: false }), { file });
}

async function* contents(answers) {
  try {
    for await (const part of answers) {
      yield check(part).data;
    }
  } finally {
    await answers.return();
  }
}

// sendFile sends a content: bytes, a text, or what gives either bit by bit.
export async function sendFile(stream, head, content, signal) {
  await send(stream, { head }, signal);
  const chunks = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
  for await (const chunk of chunks) {
    for (const data of cut(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) {
      await send(stream, { data }, signal);
    }
  }
  stream.end();
}
