// Starts the charging station simulator of `ocpp-ws-cli` and offers the kit's control API for it.
//
// node tests/peers/ocpp-ws-cli/launch.mjs --installed-in .peers/ocpp-ws-cli --url ws://127.0.0.1:9000/ocpp
//
// The product runs in a child process (product.mjs): power off ends it, power on starts it anew.

import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const BODY_LIMIT = 4 * 1024 * 1024;
const SUBPROTOCOLS = { 1.6: "ocpp1.6", "2.0.1": "ocpp2.0.1" };

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function fail(message) {
  process.stderr.write(`ocpp-ws-cli: ${message}\n`);
  process.exit(1);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        url: { type: "string" },
        "station-id": { type: "string", default: "CP001" },
        version: { type: "string", default: "1.6" },
        control: { type: "string", default: "127.0.0.1:0" },
        password: { type: "string" },
        "installed-in": { type: "string", default: path.join(HERE, "..", "..", "..", ".peers", "ocpp-ws-cli") },
        "until-stdin-closes": { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

// The URL as the product wants it: the station id is appended by the product, Basic
// authentication is only possible as a part of the URL.
function endpointOf(options) {
  let url;
  try {
    url = new URL(options.url ?? "");
  } catch {
    fail("--url: give the ws:// URL of the Central System, without the station id");
  }
  if (!["ws:", "wss:"].includes(url.protocol)) fail(`--url: ${options.url} does not begin with ws:// or wss://`);
  if (options.password !== undefined) {
    url.username = options["station-id"];
    url.password = options.password;
    if (url.password !== options.password) fail("--password: the product takes only characters that a URL leaves alone");
  }
  return url.href.replace(/\/$/, "");
}

const options = readOptions();
const endpoint = endpointOf(options);
const subprotocol = SUBPROTOCOLS[options.version];
if (!subprotocol) fail(`--version: ${options.version} is none of ${Object.keys(SUBPROTOCOLS).join(", ")}`);
const installedIn = path.resolve(options["installed-in"]);
if (!existsSync(path.join(installedIn, "node_modules", "ocpp-ws-cli"))) {
  fail(`not installed in ${installedIn}; run python tests/peers/install.py ocpp-ws-cli`);
}

let product = null;
let pluggedIn = false; // of the world, not of the product: it outlives a power cycle
let ending = false;

// Settles when the product takes actions; that it reaches a Central System is another matter.
function powerOn() {
  if (product !== null) return Promise.resolve();
  const started = fork(
    path.join(HERE, "product.mjs"),
    [installedIn, endpoint, options["station-id"], subprotocol, pluggedIn ? "plugged" : "free"],
    { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] },
  );
  product = started;
  started.on("exit", (code, signal) => {
    if (product !== started) return;
    product = null;
    if (!ending) fail(`the product ended by itself (${signal ?? `exit ${code}`})`);
  });
  return new Promise((resolve) => {
    started.once("message", resolve);
    started.once("exit", resolve);
  });
}

async function powerOff() {
  if (product === null) return;
  const stopped = product;
  product = null;
  await new Promise((resolve) => {
    stopped.once("exit", resolve);
    stopped.kill("SIGKILL");
  });
}

function connectorOf(payload) {
  const connector = payload.connector ?? payload.evse ?? 1;
  if (connector !== 1) throw new Refused(400, `connector: ${connector} does not exist; this product has connector 1`);
}

function tokenOf(payload) {
  const name = options.version === "1.6" ? "idTag" : "idToken";
  if (typeof payload[name] !== "string" || payload[name] === "") {
    throw new Refused(400, `${name}: give a text that is not empty`);
  }
  return payload[name];
}

const FIELDS = {
  plug: ["connector", "evse"],
  unplug: ["connector", "evse"],
  present: ["idTag", "idToken", "type", "connector", "evse"],
  fault: ["connector", "errorCode"],
  clear_fault: ["connector"],
  ev_ready: ["connector"],
  ev_suspend: ["connector"],
  power_off: [],
  power_on: [],
  factory_reset: [],
};

async function act(action, station, payload) {
  if (!Object.hasOwn(FIELDS, action)) throw new Refused(501, `${action}: ocpp-ws-cli has no such action`);
  if (station !== null && station !== options["station-id"]) {
    throw new Refused(404, `station: ${station} is unknown; this is ${options["station-id"]}`);
  }
  const unknown = Object.keys(payload).find((name) => !FIELDS[action].includes(name));
  if (unknown) throw new Refused(400, `${unknown}: unknown field; this action takes ${FIELDS[action].join(", ") || "none"}`);
  if (action === "power_on") {
    await powerOn();
    return {};
  }
  if (action === "power_off") {
    await powerOff();
    return {};
  }
  if (action === "factory_reset") {
    pluggedIn = false;
    await powerOff();
    await powerOn();
    return {};
  }
  if (action === "fault" && payload.connector === 0) {
    throw new Refused(501, "fault: this product can't be faulted as a whole");
  }
  connectorOf(payload);
  if (action === "plug" || action === "unplug") pluggedIn = action === "plug";
  const content = action === "present" ? { token: tokenOf(payload), pluggedIn } : {};
  if (product !== null) product.send({ action, payload: content });
  const ignored = ["errorCode", "type"].filter((name) => name in payload);
  return ignored.length ? { ignored } : {};
}

async function read(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > BODY_LIMIT) throw new Refused(400, `the body may hold ${BODY_LIMIT} bytes at most`);
  }
  if (body.trim() === "") return {};
  let payload;
  try {
    payload = JSON.parse(body);
  } catch (error) {
    throw new Refused(400, `the body is not JSON: ${error.message}`);
  }
  if (payload === null || typeof payload !== "object" || Array.isArray(payload)) {
    throw new Refused(400, "the body must be a JSON object");
  }
  return payload;
}

async function answer(request) {
  if (request.method !== "POST") throw new Refused(405, "use POST /<action>?station=<id>");
  const url = new URL(request.url, "http://control");
  const action = decodeURIComponent(url.pathname.slice(1)).replaceAll("-", "_");
  const extra = await act(action, url.searchParams.get("station"), await read(request));
  return { outcome: "done", ...extra };
}

const server = http.createServer(async (request, response) => {
  let status = 200;
  let content;
  try {
    content = await answer(request);
  } catch (error) {
    status = error instanceof Refused ? error.status : 500;
    content = { error: error.message };
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
});

async function end() {
  ending = true;
  await powerOff();
  process.exit(0);
}

const [, host, port] = /^(.+):(\d+)$/.exec(options.control) ?? fail(`--control: ${options.control} is not HOST:PORT`);
server.on("error", (error) => fail(`cannot listen for control on ${options.control}: ${error.code}`));
server.listen(Number(port), host, async () => {
  const { address, port: taken } = server.address();
  await powerOn();
  const ready = { ocpp: `${options.url.replace(/\/$/, "")}/${options["station-id"]}`, control: `http://${address}:${taken}` };
  process.stdout.write(`ready ${JSON.stringify(ready)}\n`);
});
process.on("SIGTERM", end);
process.on("SIGINT", end);
if (options["until-stdin-closes"]) {
  process.stdin.on("end", end);
  process.stdin.on("error", end);
  process.stdin.resume();
}
