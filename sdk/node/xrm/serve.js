// The process of a plugin: the handshake of go-plugin, the way back to the host, and an
// orderly end. sdk/ANY-LANGUAGE.md says what it has to do.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import path from "node:path";
import { promisify } from "node:util";
import { Server } from "./server.js";
import { BROKER, CONTROLLER, grpc, HEALTH, HostStub, OPTIONS, PLUGIN, SERVING } from "./wire.js";

const COOKIE = ["XRM_PLUGIN", "b6b2a3f2-7c1f-4c55-9d0e-2f4d1a8e6c10"];
const PROTOCOL = 1;
const HOST_SERVICE = 1;
const DRAIN = 5000; // milliseconds that a call has to end when somebody else than the host ends the process
const AT_LOCALHOST = { "grpc.ssl_target_name_override": "localhost", "grpc.default_authority": "localhost" };

const end = () => setTimeout(() => process.exit(0), 100); // what is on its way is sent before

export async function serve(plugin) {
  let server;
  try {
    server = new Server(plugin, end);
  } catch (mistakes) {
    console.error(mistakes.message);
    process.exit(1);
  }
  if (process.env[COOKIE[0]] !== COOKIE[1]) {
    console.error(`${plugin.name} ${plugin.version} is a plugin of xrm and does nothing on its own.\nBuild it into the plugin directory of a server: xrm plugin build --to bin/plugins`);
    process.exit(2);
  }
  const print = process.stdout.write.bind(process.stdout); // for the handshake alone:
  process.stdout.write = process.stderr.write.bind(process.stderr); // whatever prints from now on prints to the log
  process.on("SIGINT", () => {}); // of a terminal it goes to all; the host ends its plugins itself
  process.on("SIGTERM", () => {
    server.idle().then(end);
    setTimeout(end, DRAIN);
  });
  endsWithParent(process.ppid);

  const { pem, der } = certificate();
  const host = Buffer.from(process.env.PLUGIN_CLIENT_CERT);
  const listener = new grpc.Server(OPTIONS);
  listener.addService(PLUGIN, server.handlers());
  listener.addService(CONTROLLER, {
    Shutdown(_, callback) {
      callback(null, {});
      end();
    },
  });
  listener.addService(BROKER, {
    StartStream(call) { // says where the host can be called
      call.on("data", ({ serviceId, address }) => {
        if (serviceId === HOST_SERVICE) {
          server.connect(new HostStub(`unix:${address}`, grpc.credentials.createSsl(host, pem, pem), { ...OPTIONS, ...AT_LOCALHOST }));
        }
      });
      call.on("error", () => {}); // the end of the host
    },
  });
  listener.addService(HEALTH, { Check: (_, callback) => callback(null, SERVING) });
  const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR, `plugin${process.pid}`);
  const trusted = grpc.ServerCredentials.createSsl(host, [{ private_key: pem, cert_chain: pem }], true);
  await promisify(listener.bindAsync.bind(listener))(`unix:${socket}`, trusted);
  print(`1|${PROTOCOL}|unix|${socket}|grpc|${der.toString("base64").replace(/=+$/, "")}\n`);
}

// certificate returns a key and a certificate for localhost, both as PEM in one text.
function certificate() {
  const pem = execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
    "-keyout", "-", "-out", "-", "-days", "3650", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
    "-addext", "keyUsage=digitalSignature,keyCertSign", "-addext", "extendedKeyUsage=serverAuth,clientAuth"], { stdio: ["ignore", "pipe", "ignore"] });
  return { pem, der: new X509Certificate(pem).raw };
}

// endsWithParent covers the time before the host has opened Watch, and a host that was killed.
function endsWithParent(parent) {
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(0);
    }
  }, 1000);
}
