"use strict";
// Shows what the stream says. Text is only ever put into the page as text.
const at = id => document.getElementById(id);
const MOST = 80;       // events in the page
const SETTLE = 700;    // ms in which a new prompt takes no press: it was meant for the one before
const SURE = 5000;     // ms in which the second press must come
const UNHEARD = 40000; // ms without a sign of life after which the line is taken for dead
const ENDINGS = {
  came: ["good", "closed by itself: it happened"],
  said: ["good", "you said that it is done"],
  cannot: ["bad", "it can’t be done or told"],
  yes: ["good", "yes"],
  no: ["bad", "no"],
  gone: ["bad", "the terminal went away"],
  expired: ["bad", "the time is over"],
  dropped: ["", "no longer needed"],
};
let source = null;
let heard = 0;
let prompt = null;     // the prompt that is shown
let openedAt = 0;
let clock = null;      // {ends, limit} of the prompt
let wait = null;       // {ends, limit, text}
let signals = false;
let audio = null;
let sureTimer = 0;

function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A long name of a request may break between its words, and nowhere else.
function breakable(node, text) {
  node.replaceChildren(...text.split(/(?<=[a-z])(?=[A-Z])/).flatMap((part, index) => index ? [make("wbr"), part] : [part]));
}

function picture(name) {
  const known = document.getElementById("p-" + name) ? name : "configure";
  at("picture").firstElementChild.setAttribute("href", "#p-" + known);
}

function state(kind, text) {
  at("link-state").className = "state " + kind;
  set(at("link-state"), text);
}

function minutes(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin",
  });
  let told = {};
  try { told = await answer.json(); } catch { /* no JSON, so no reason */ }
  if (!answer.ok) throw new Error(told.problem || "the console answered " + answer.status);
  return told;
}

// -- coming in ------------------------------------------------------------------------------------------------

async function enter() {
  const link = location.hash.slice(1);
  if (link) {
    history.replaceState(null, "", "/");
    try {
      await post("/enter", { link });
    } catch (error) {
      if (!await listen()) outside("Not let in", String(error.message));
      return;
    }
  }
  await listen();
}

function outside(title, text) {
  at("inside").hidden = true;
  at("outside").hidden = false;
  set(at("outside-title"), title);
  set(at("outside-text"), text);
  state("bad", "not connected");
}

function listen() {
  return new Promise(resolve => {
    if (source) source.close();
    source = new EventSource("/live/events");
    const own = source;
    source.onmessage = event => {
      heard = performance.now();
      state("good", "live");
      at("inside").hidden = false;
      at("outside").hidden = true;
      show(JSON.parse(event.data));
      resolve(true);
    };
    source.onerror = () => {
      if (own !== source) return;
      if (own.readyState === EventSource.CLOSED) {
        outside("This page needs the link", "Open the link that the terminal of the run shows. It works once; whoever is in can add a device.");
        resolve(false);
      } else {
        state("bad", "connection lost, trying again");
        buttons(false);
      }
    };
  });
}

// -- what there is to see -------------------------------------------------------------------------------------

function show(view) {
  const now = performance.now();
  const run = view.run;
  if (run.role) {
    const name = [run.vendor, run.model].filter(Boolean).join(" ");
    set(at("product"), name || (run.role === "cs" ? "Charging station" : "CSMS"));
    set(at("about"), (run.role === "cs" ? "charging station" : "CSMS") + ", OCPP " + run.version + (run.station ? ", " + run.station : ""));
  }
  wait = view.wait ? { ...view.wait, ends: now + view.wait.left * 1000 } : null;
  if (view.end) ended(view); else if (view.prompt) asked(view.prompt, now); else idle();
  last(view.last);
  progress(view.progress, view.end);
  running(view.end ? null : view.case);
  events(view.events);
  past(view.history);
  tick();
  if (view.end) {
    at("wait").hidden = false;
    set(at("wait"), view.end.details);
  }
}

function asked(next, now) {
  const isNew = !prompt || prompt.number !== next.number;
  prompt = next;
  clock = next.left === null ? null : { ends: now + next.left * 1000, limit: next.limit };
  if (!isNew) return;
  openedAt = now;
  unsure();
  at("now").className = "card asked fresh";
  set(at("kind"), next.is_question ? "Your judgement" : "To do now");
  breakable(at("headline"), next.headline);
  set(at("said"), next.headline);
  picture(next.pictogram);
  at("facts").replaceChildren(...next.facts.map(([name, value]) => {
    const box = make("div");
    box.append(make("dt", "", name), make("dd", "", value));
    return box;
  }));
  at("facts").hidden = !next.facts.length;
  at("payload-box").hidden = !next.payload;
  set(at("payload"), next.payload);
  at("copy").hidden = next.is_cut;
  at("cut").hidden = !next.is_cut;
  set(at("copy"), "Copy");
  at("act-buttons").hidden = next.is_question;
  at("ask-buttons").hidden = !next.is_question;
  at("problem").hidden = true;
  document.title = "● " + next.headline;
  buttons(false);
  setTimeout(() => buttons(true), SETTLE);
  signal();
  at("now").scrollIntoView({ block: "start" });
}

function idle() {
  if (prompt || at("kind").textContent !== "Nothing to do") {
    at("now").className = "card";
    set(at("kind"), "Nothing to do");
    set(at("headline"), "The run goes on by itself");
    picture("wait");
    document.title = "ocpp-tck console";
  }
  close();
}

function close() {
  prompt = clock = null;
  unsure();
  for (const id of ["clock", "wait", "facts", "payload-box", "act-buttons", "ask-buttons"]) at(id).hidden = true;
  set(at("said"), "");
}

function ended(view) {
  close();
  source.close();
  at("now").className = "card";
  set(at("kind"), "The run is over");
  set(at("headline"), view.end.summary);
  picture("end");
  at("invite").disabled = true;
  state("", "run is over");
  document.title = "Over: " + view.end.summary;
  at("now").scrollIntoView({ block: "start" });
}

function last(one) {
  const box = at("last");
  box.hidden = !one;
  if (!one) return;
  const [kind, text] = ENDINGS[one.ending] || ["", one.ending];
  box.className = "last " + kind;
  set(box, "Before: “" + one.headline + "” – " + text + ".");
}

function progress(now, end) {
  const bar = at("progress-bar");
  bar.max = Math.max(now.total, now.done, 1);
  bar.value = now.done;
  const parts = [end ? now.done + " cases" : "Case " + Math.min(now.done + 1, now.total || now.done + 1) + " of " + (now.total || "?")];
  if (now.earlier) parts.push(now.earlier + " decided before the run was resumed");
  if (now.left !== null && !end) parts.push(now.left < 90 ? "about " + now.left + " s left" : "about " + Math.round(now.left / 60) + " min left");
  set(at("progress-text"), parts.join(", "));
  at("tally").replaceChildren(...Object.entries(now.tally).map(([verdict, count]) => make("span", "v-" + verdict.replaceAll(" ", "-"), count + " " + named(verdict))));
}

function named(verdict) {
  return verdict === "error" ? "kit error" : verdict;
}

function badge(verdict) {
  return make("span", "verdict v-" + verdict.replaceAll(" ", "-"), named(verdict));
}

function running(one) {
  at("case").hidden = !one;
  if (!one) return;
  set(at("case-id"), one.id);
  set(at("case-title"), one.title);
  const about = [one.profile, one.requirements];
  if (one.status !== "implemented") about.push(one.status + ", does not count");
  set(at("case-about"), about.filter(Boolean).join(" · "));
  at("steps").replaceChildren(...one.steps.map(step => {
    const row = make("li", step.verdict === "running" ? "running" : "");
    if (step.verdict === "running") row.setAttribute("aria-current", "step");
    row.append(make("span", "n", step.n), make("span", "", step.text));
    if (step.verdict) row.append(step.verdict === "running" ? make("span", "", "now") : badge(step.verdict));
    if (step.cause) row.append(make("p", "cause", step.cause));
    return row;
  }));
}

function events(fresh) {
  const list = at("events");
  for (const one of fresh) {
    if (list.firstElementChild && Number(list.firstElementChild.dataset.seq) >= one.seq) continue;
    const row = make("li", "k-" + one.kind);
    row.dataset.seq = one.seq;
    const more = make("details"), head = make("summary");
    head.append(make("span", "at", one.at), " ");
    if (one.by) head.append(make("span", "by by-" + one.by, one.by === "product" ? "product →" : "kit ←"), " ");
    head.append(make("span", "head", one.head));
    more.append(head, make("p", "text", one.text));
    row.append(more);
    list.prepend(row);
  }
  while (list.children.length > MOST) list.lastElementChild.remove();
  at("events-none").hidden = list.children.length > 0;
}

function past(cases) {
  at("history").replaceChildren(...cases.map(one => {
    const row = make("li"), head = make("p", "head");
    head.append(make("strong", "", one.id), badge(one.verdict));
    row.append(head, make("p", "", one.title));
    if (one.cause && one.verdict !== "pass") row.append(make("p", "cause", one.cause));
    return row;
  }));
  at("history-none").hidden = cases.length > 0;
}

function tick() {
  if (source && source.readyState === EventSource.CLOSED && !prompt && !wait) return;
  const now = performance.now();
  at("clock").hidden = !prompt;
  if (prompt) {
    const left = clock ? (clock.ends - now) / 1000 : null;
    set(at("clock-text"), left === null ? "" : minutes(left));
    set(at("clock-what"), left === null ? "the case begins to wait in a moment" : left > 0 ? "left" : "the time is over");
    at("clock-bar").value = left === null ? 1 : Math.max(0, Math.min(1, left / clock.limit));
    at("clock").className = left !== null && left < Math.min(15, clock.limit / 4) ? "clock late" : "clock";
  }
  const box = at("wait");
  box.hidden = !wait;
  if (wait) set(box, waited(now));
}
setInterval(tick, 250);

function waited(now) {
  if (!prompt) return "Waiting for " + wait.text + ", " + minutes((wait.ends - now) / 1000) + " left";
  const awaited = wait.text.replace(/^the operator, until /, "").replace(/ \(limit operator .*\)$/, "");
  return awaited === "it was done" ? "The case goes on when you press Done." : "Closes by itself when this comes: " + awaited + ".";
}

// A phone that slept has missed things: ask for all of it again.
function look() {
  if (document.visibilityState !== "visible" || !source || source.readyState === EventSource.CLOSED) return;
  if (performance.now() - heard > UNHEARD) listen();
}
document.addEventListener("visibilitychange", () => { look(); awake(); });
window.addEventListener("online", look);
setInterval(look, 5000);

// -- answers --------------------------------------------------------------------------------------------------

function buttons(on) {
  const ready = on && prompt && performance.now() - openedAt >= SETTLE - 50;
  document.querySelectorAll(".buttons button").forEach(one => { one.disabled = !ready; });
}

function unsure() {
  clearTimeout(sureTimer);
  document.querySelectorAll(".buttons button.sure").forEach(one => {
    one.classList.remove("sure");
    one.textContent = one.dataset.label;
  });
}

async function press(button) {
  if (!prompt || button.disabled) return;
  if (button.dataset.sure && !button.classList.contains("sure")) {
    unsure();
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.sure;
    button.classList.add("sure");
    sureTimer = setTimeout(unsure, SURE);
    return;
  }
  unsure();
  const number = prompt.number;
  buttons(false);
  at("problem").hidden = true;
  try {
    await post("/answer", { prompt: number, word: button.dataset.word });
  } catch (error) {
    at("problem").hidden = false;
    set(at("problem"), String(error.message));
  }
  if (button.dataset.word === "again" || !at("problem").hidden) buttons(true);
}

document.querySelectorAll(".buttons button").forEach(one => one.addEventListener("click", () => press(one)));
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !prompt || at("invitation").open) return;
  const keys = prompt.is_question
    ? { y: "yes", n: "no", c: "unsure", r: "ask-again" }
    : { d: "done", c: "cannot", r: "again" };
  const id = keys[event.key.toLowerCase()];
  if (id) press(at(id));
});

at("copy").addEventListener("click", async () => {
  const text = at("payload").textContent;
  let copied = false;
  try {
    await navigator.clipboard.writeText(text); // only where the page is secure: on this machine
    copied = true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(at("payload"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    copied = document.execCommand("copy");
  }
  set(at("copy"), copied ? "Copied" : "Selected: copy it by hand");
});

// -- sound, light, more devices -------------------------------------------------------------------------------

function beep() {
  if (!audio) return;
  [0, 0.22].forEach(after => {
    const tone = audio.createOscillator(), loud = audio.createGain();
    tone.frequency.value = after ? 1175 : 880;
    loud.gain.value = 0.2;
    tone.connect(loud).connect(audio.destination);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + after + 0.16);
  });
}

function signal() {
  if (!signals) return;
  beep();
  if (navigator.vibrate) navigator.vibrate([200, 100, 200]);
}

async function awake() {
  if (!signals || document.visibilityState !== "visible" || !navigator.wakeLock) return;
  try { await navigator.wakeLock.request("screen"); } catch { /* not here */ }
}

at("signal").addEventListener("click", () => {
  signals = !signals;
  at("signal").setAttribute("aria-pressed", String(signals));
  set(at("signal"), "Sound and vibration: " + (signals ? "on" : "off"));
  if (signals && !audio && window.AudioContext) audio = new AudioContext();
  signal();
  awake();
});

at("invite").addEventListener("click", async () => {
  try {
    const { link, rows } = await post("/invite", {});
    const path = rows.flatMap((row, y) => [...row].map((dot, x) => dot === "1" ? "M" + x + " " + y + "h1v1h-1z" : "")).join("");
    at("code").setAttribute("viewBox", "0 0 " + rows.length + " " + rows.length);
    at("code").firstElementChild.setAttribute("d", path);
    set(at("invitation-link"), link);
    at("invitation").showModal();
  } catch (error) {
    at("problem").hidden = false;
    set(at("problem"), String(error.message));
  }
});
at("invitation-close").addEventListener("click", () => at("invitation").close());

enter();
