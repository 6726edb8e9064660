// gRPC, and the way from and to its streams.
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

export { grpc };
export const MAX_PART = 64 << 10;
export const OPTIONS = { "grpc.max_receive_message_length": 16 << 20, "grpc.max_send_message_length": 16 << 20 };

const loaded = loader.loadSync(["plugin.proto", "goplugin.proto"], {
  includeDirs: [fileURLToPath(new URL("proto", import.meta.url))], defaults: true, oneofs: true, longs: Number, enums: String,
});
const { plugin, xrm } = grpc.loadPackageDefinition(loaded);

export const HostStub = xrm.plugin.v1.Host;
export const PLUGIN = xrm.plugin.v1.Plugin.service;
export const CONTROLLER = plugin.GRPCController.service;
export const BROKER = plugin.GRPCBroker.service;

const raw = (bytes) => bytes;
const asIs = { requestStream: false, responseStream: false, requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw };

// HEALTH is what go-plugin asks; SERVING is the message with the state 1.
export const HEALTH = { Check: { path: "/grpc.health.v1.Health/Check", ...asIs } };
export const SERVING = Buffer.from([8, 1]);

// cut cuts bytes into parts as the wire has them.
export function* cut(bytes) {
  for (let at = 0; at < bytes.length; at += MAX_PART) {
    yield bytes.subarray(at, at + MAX_PART);
  }
}

// send writes into a stream, no faster than it is read.
export async function send(stream, message, signal) {
  if (!stream.write(message) && !signal.aborted) {
    await once(stream, "drain", { signal });
  }
}

// webStream is what the web's classes have as a body.
export function webStream(parts) {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) {
        controller.close();
      } else {
        controller.enqueue(new Uint8Array(value));
      }
    },
    async cancel() {
      await parts.return();
    },
  });
}
