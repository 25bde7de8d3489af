// The product in a process of its own: `ocpp simulate` without its screen and keyboard.
//
// Its simulator draws a dashboard and is driven by single keys. The engine behind them is not
// exported, but it is an EventEmitter, and the command subscribes to its "metrics": that is where it
// is met. What is called on it below is what the keys of the dashboard call, no more.
// Started by launch.mjs with an IPC channel: it says "up" once, then takes one action per message.

import { EventEmitter } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";

const REDIAL_MS = 200;
const AFTER_STOP_MS = 2200;
const [installedIn, endpoint, identity, subprotocol, plugged] = process.argv.slice(2);

let engine = null;
let connected = false;
let authorized = false; // the Central System accepted a token and no transaction has used it yet
let cable = plugged === "plugged"; // a car is plugged in; the product has no sensor for it
let stopping = false; // a StopTransaction is under way
let startedBy = null; // the token that the running transaction began with
let stoppedAt = 0; // Date.now() when the last transaction stopped

const subscribe = EventEmitter.prototype.on;
EventEmitter.prototype.on = function on(event, listener) {
  if (event === "metrics" && engine === null && typeof this.startTransaction === "function") {
    engine = this;
    EventEmitter.prototype.on = subscribe;
    subscribe.call(engine, "log", watchLog);
    process.send("up");
  }
  return subscribe.call(this, event, listener);
};

// The product gives up for good when its very first connection is refused. A person would start it
// again; so does this, until a Central System has been met once.
function watchLog(text) {
  if (process.env.PEER_LOG) process.stderr.write(`${text}\n`);
  if (text.startsWith("WebSocket Connected")) connected = true;
  if (text.startsWith("Authorize Response:")) authorized = !charging();
  if (text.startsWith("Stopping Transaction")) stopping = true;
  if (/^Transaction \S+ Stopped\.$|^StopTransaction failed/.test(text)) stopping = false;
  if (/^Transaction \S+ Started\.$/.test(text)) startedBy = engine.activeIdTag;
  if (/^Transaction \S+ Stopped\.$/.test(text)) stoppedAt = Date.now();
  if (text.startsWith("Simulator automated loop running") && cable) actions.plug(); // never rejects
  if (!connected && text.includes("ECONNREFUSED")) {
    setTimeout(() => {
      engine.stop();
      engine.start();
    }, REDIAL_MS);
  }
}

const charging = () => engine.activeTransactionId !== null && !stopping;

async function begin() {
  authorized = false;
  await engine.startTransaction(); // key T
}

const actions = {
  // Key U, Preparing: the product has no cable; then key T when someone is authorized.
  async plug() {
    cable = true;
    if (charging()) return;
    if (engine.connectorState === "Available") await engine.updateConnectorState("Preparing");
    if (authorized) await begin();
  },
  // Key E while charging (the product then goes to Finishing and Available by itself), else key U, Available.
  async unplug() {
    cable = authorized = false;
    if (charging()) await engine.stopTransaction();
    else if (engine.connectorState === "Preparing") await engine.updateConnectorState("Available");
  },
  // Keys I and A; then key T when a car is plugged in. The token that began the transaction ends it: keys I and E.
  async present({ token, pluggedIn }) {
    cable = pluggedIn;
    if (charging() && token === startedBy) {
      engine.activeIdTag = token;
      await engine.stopTransaction();
      return;
    }
    authorized = false;
    await engine.authorize(token);
    if (authorized && cable) await begin();
  },
  // Key S.
  fault: () => engine.updateConnectorState("Faulted"),
  clear_fault: () => engine.updateConnectorState("Available"),
  // Key U: SuspendedEV and Charging are only announced, the product's meter does not look at them.
  async ev_suspend() {
    if (charging()) await engine.updateConnectorState("SuspendedEV");
  },
  async ev_ready() {
    if (charging() && engine.connectorState === "SuspendedEV") await engine.updateConnectorState("Charging");
  },
};

// After each stop the product becomes Available by a timer, whatever has happened since. Nobody is
// so fast that the next car is there before.
async function pauseBefore(action) {
  const wait = stoppedAt + AFTER_STOP_MS - Date.now();
  if (wait > 0 && !charging() && ["plug", "present"].includes(action)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

let turn = Promise.resolve(); // actions begin in their order; one that is not over yet holds up no other
process.on("message", ({ action, payload }) => {
  turn = turn.then(async () => {
    await pauseBefore(action);
    Promise.resolve(actions[action](payload)).catch((error) => process.stderr.write(`${action}: ${error.message}\n`));
  });
});
process.on("disconnect", () => process.exit(0));

process.stdout.write = (_text, encoding, done) => {
  const callback = typeof encoding === "function" ? encoding : done;
  if (callback) callback();
  return true;
};
console.clear = () => {};
process.argv.splice(
  2,
  process.argv.length,
  "simulate", "--endpoint", endpoint, "--identity", identity, "--protocol", subprotocol,
  "--id-tag", "UNSET", "--report", "json", "--report-dir", process.env.TMPDIR ?? "/tmp",
);
await import(pathToFileURL(path.join(installedIn, "node_modules", "ocpp-ws-cli", "dist", "index.js")).href);
