(() => {
  "use strict";
  const $ = id => document.getElementById(id);
  const SIGNS = { pass: "✓", warn: "!", fail: "✕", inconclusive: "?", error: "◆", "not run": "○", "not applicable": "⊘", "not reached": "·", "not taken": "·" };
  const NAMES = { pass: "Pass", warn: "Warning", fail: "Fail", inconclusive: "Inconclusive", error: "Kit error", "not run": "Not run", "not applicable": "Not applicable", "not reached": "Not reached", "not taken": "Not taken" };
  const ENDS = { CALLRESULT: "result", CALLERROR: "error", CALLRESULTERROR: "result error", SEND: "send" };

  // Everything is built from elements and text nodes: no text is ever read as markup.
  const el = (name, className, ...inner) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...inner.filter(one => one !== "" && one !== null && one !== undefined));
    return made;
  };
  const css = verdict => "v-" + (verdict in SIGNS ? verdict.replace(/ /g, "-") : "none");
  const sign = text => { const made = el("span", "sign", text); made.setAttribute("aria-hidden", "true"); return made; };
  const pill = (verdict, text) => el("span", "pill " + css(verdict), sign(SIGNS[verdict] ?? "·"), text ?? NAMES[verdict] ?? verdict);
  const link = (anchor, n) => { const made = el("a", "", "#" + n); made.href = "#" + anchor + "/f" + n; return made; };
  const scroll = inner => { const made = el("div", "scroll", inner); made.tabIndex = 0; made.setAttribute("role", "group"); made.setAttribute("aria-label", "scrolls sideways"); return made; };

  // ---- JSON laid out over lines without being read: every character of the frame stays as it was on the wire
  const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\s+/gy;
  const DEEPEST = 60;
  const pretty = (raw, type, notes) => {
    const tokens = [];
    TOKENS.lastIndex = 0;
    let read = 0;
    for (let found; (found = TOKENS.exec(raw)); read = TOKENS.lastIndex) if (found[0].trim()) tokens.push(found[0]);
    const left = notes.map(note => ({ path: note[0], text: note[1], used: false }));
    const payload = { CALL: 3, SEND: 3, CALLRESULT: 2, CALLERROR: 4 }[type] ?? -1;
    const lines = [];
    let at = 0, line = null;
    const begin = depth => { line = { depth, pieces: [], notes: [] }; lines.push(line); };
    const put = (text, kind) => line.pieces.push(kind ? el("span", kind, text) : text);
    const note = path => { for (const one of left) if (path !== null && one.path === path && !one.used) { one.used = true; line.notes.push(one.text); } };
    const value = (path, depth, top) => {
      if (depth > DEEPEST || at >= tokens.length) throw new Error("not laid out");
      const token = tokens[at++];
      if (token !== "{" && token !== "[") {
        if ("}],:".includes(token)) throw new Error("not laid out");
        put(token, token[0] === '"' ? "str" : "lit");
        note(path);
        return;
      }
      const end = token === "{" ? "}" : "]";
      put(token);
      note(path);
      if (tokens[at] === end) { put(tokens[at++]); return; }
      for (let index = 0; ; index++) {
        if (!top) begin(depth + 1);
        let inner = path === null ? null : token === "[" ? `${path}[${index}]` : path;
        if (top) inner = index === payload ? "" : null;
        if (token === "{") {
          const key = tokens[at++];
          if (!key || key[0] !== '"' || tokens[at++] !== ":") throw new Error("not laid out");
          put(key, "key"); put(": ");
          inner = path === null ? null : path ? `${path}.${key.slice(1, -1)}` : key.slice(1, -1);
        }
        value(inner, top ? depth : depth + 1, false);
        const next = tokens[at++];
        if (next === end) break;
        if (next !== ",") throw new Error("not laid out");
        put(top ? ", " : ",");
      }
      if (!top) begin(depth);
      put(end);
    };
    const made = el("pre", "json");
    made.tabIndex = 0;
    try {
      if (read !== raw.length) throw new Error("not laid out");
      begin(0);
      value(null, 0, tokens[0] === "[");
      if (at !== tokens.length) throw new Error("not laid out");
    } catch {
      made.textContent = raw;
      lines.length = 0;
      for (const one of left) one.used = false;
    }
    for (const one of lines) {
      const row = el("span", one.notes.length ? "line hit" : "line", "  ".repeat(one.depth), ...one.pieces);
      for (const text of one.notes) row.append(el("span", "hint", "  ◀ " + text));
      made.append(row, "\n");
    }
    const rest = left.filter(one => !one.used && one.text).map(one => el("p", "mark", one.path ? `${one.path}: ${one.text}` : one.text));
    return el("div", "", made, ...rest);
  };

  // ---- an opened case
  const step = (anchor, one) => {
    const told = el("dl");
    const say = (name, inner) => told.append(el("dt", "", name), el("dd", "", inner));
    if (one.cause) say(["fail", "error", "inconclusive", "warn"].includes(one.verdict) ? "Cause" : "Reason", one.cause);
    if (one.requirement) say("Requirement", one.requirement);
    if (one.expected) say("Expected", el("code", "", one.expected));
    if (one.received) say("Received", el("code", "", one.received));
    const frames = el("span", "quiet");
    for (const n of (one.frames ?? []).slice(0, 12)) frames.append(link(anchor, n), " ");
    const n = el("td", "n", one.n ?? "", one.oca ? el("small", "", "OCA " + one.oca) : "");
    const text = el("td", "", one.text ?? "", one.optional ? el("em", "tag", "optional") : "", told.childNodes.length ? told : "");
    return el("tr", css(one.verdict).replace("v-", "s-"), n, text, el("td", "", pill(one.verdict)), el("td", "n", frames), el("td", "num", one.time ?? ""));
  };
  const table = (className, names, rows) => el("table", className, el("thead", "", el("tr", "", ...names.map(name => el("th", "", name)))), el("tbody", "", ...rows));
  const rule = (anchor, one) => {
    const facts = [one.spec, one.path, one.note].filter(Boolean).join(" · ");
    const made = el("li", "", pill(one.verdict, one.level), " ", el("code", "", one.rule), " ", one.message, " ", el("span", "quiet", facts, " "));
    if (one.frame) made.append(link(anchor, one.frame));
    return made;
  };
  const frameRow = (anchor, row) => {
    const [, n, offset, sender, type, action, raw, tone, notes, told] = row;
    const end = ENDS[type] ?? (type === "CALL" ? "" : type.toLowerCase());
    const name = [action, end].filter(Boolean).join(" · ") || type;
    const label = el("span", "say", tone ? sign({ bad: "✕ ", warn: "! ", near: "≈ " }[tone]) : "", name, told ? el("em", "tag", told) : "");
    const spoken = el("span", "aside-only", sender === "kit" ? "from the kit: " : "from the product: ");
    const button = el("button", "msg", el("span", "clock", offset.toFixed(3)), el("span", "lane", spoken, label, el("span", "arrow")), el("span", "nr", "#" + n));
    const made = el("li", ["frame", sender === "kit" ? "right" : "left", type === "CALL" || type === "SEND" ? "" : "reply", tone].filter(Boolean).join(" "), button);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    made.id = anchor + "/f" + n;
    made.raw = row;
    button.addEventListener("click", () => show(made, button.getAttribute("aria-expanded") !== "true"));
    return made;
  };
  const show = (made, open) => {
    const button = made.firstChild;
    button.setAttribute("aria-expanded", String(open));
    if (open && made.childNodes.length === 1) made.append(el("div", "wire", pretty(made.raw[6], made.raw[4], made.raw[8])));
    if (made.childNodes.length > 1) made.lastChild.hidden = !open;
  };
  const flowRow = (anchor, row) => {
    if (row[0] === "frame") return frameRow(anchor, row);
    if (row[0] === "gap") return el("li", "gap", `… ${row[1]} more are in the journal …`);
    if (row[0] === "step") return el("li", "step", el("span", "step-name", "Step " + row[1]), row[2] ? pill(row[2]) : "");
    const [, kind, offset, text, detail, tone] = row;
    const said = el("span", "say", kind === "operator" ? "" : kind + ": ", text, detail ? el("small", "", " " + detail) : "");
    return el("li", ["event", kind, tone].filter(Boolean).join(" "), el("span", "clock", offset.toFixed(3)), el("span", "lane", kind === "operator" ? el("span", "aside-only", "operator: ") : "", said, kind === "operator" ? el("span", "arrow") : ""), el("span", "nr"));
  };
  const evidence = (box, data) => {
    const place = box.querySelector(".evidence");
    if (!place) return;
    const frames = data.flow.filter(row => row[0] === "frame" && data.blamed.includes(row[1]));
    const marked = frames.filter(row => row[8].length);
    for (const row of (marked.length ? marked : frames.slice(-1)).slice(0, 3)) {
      place.append(el("h4", "", `Frame `, link(box.id, row[1]), ` ${row[3] === "kit" ? "from the kit" : "from the product"}: ${[row[5], ENDS[row[4]]].filter(Boolean).join(" · ") || row[4]}`), pretty(row[6], row[4], row[8]));
      const got = box.querySelector(".side.got code");
      if (got && got.textContent === row[6]) got.parentElement.remove();
    }
    if (place.childNodes.length && data.blamed.length === 1) box.querySelector(".shown-by")?.remove();
  };
  const build = box => {
    const place = box.querySelector(".late"), source = $("data-" + box.id);
    if (!place || !source || place.childNodes.length) return;
    const data = JSON.parse(source.textContent);
    evidence(box, data);
    if (data.steps.length) place.append(el("h3", "", "Steps"), scroll(table("steps", ["Step", "What happens", "Verdict", "Frames", "Time"], data.steps.map(one => step(box.id, one)))));
    if (data.rules.length) {
      const list = rows => el("ul", "rules", ...rows.map(one => rule(box.id, one)));
      place.append(el("h3", "", "Rules broken ", el("small", "", String(data.rules.length))), list(data.rules.slice(0, 200)));
      if (data.rules.length > 200) place.append(el("p", "quiet", `${data.rules.length - 200} more are in report.json.`));
    }
    if (data.flow.length) {
      const lanes = el("div", "lanes", el("span", "clock", "s"), el("span", "lane", el("b", "op", data.flow.some(row => row[1] === "operator") ? "Operator" : ""), el("b", "kit", "ocpp-tck"), el("b", "product", data.product, el("span", "", " under test"))), el("span", "nr"));
      lanes.setAttribute("aria-hidden", "true");
      const list = el("ol", "flow", ...data.flow.map(row => flowRow(box.id, row)));
      place.append(el("h3", "", "What happened ", el("small", "", `${data.flow.filter(row => row[0] === "frame").length} frames; open one to see it whole`)), el("div", "drawing", lanes, list));
    }
    if (!place.childNodes.length) place.append(el("p", "quiet", "Nothing was exchanged."));
  };

  // ---- filters
  const cases = [...document.querySelectorAll("details.case")];
  const form = $("filters"), search = $("search"), boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const chosen = id => $(id)?.value ?? "";
  let group = "";
  const apply = () => {
    const on = boxes.filter(one => one.checked).map(one => one.value), words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const profile = chosen("profile"), ruled = chosen("rule");
    let shown = 0;
    for (const one of cases) {
      const { verdict, text, rules } = one.dataset;
      one.hidden = (on.length > 0 && !on.includes(verdict)) || !words.every(word => text.includes(word))
        || (profile !== "" && one.dataset.profile !== profile) || (ruled !== "" && !rules.split(" ").includes(ruled))
        || (group !== "" && one.dataset.group !== group);
      shown += !one.hidden;
    }
    $("shown").value = `${shown} of ${cases.length}` + (group ? `, of cause ${group}` : "");
    $("none").hidden = shown > 0 || !cases.length;
    $("clear").hidden = shown === cases.length;
    $("open").hidden = !shown || shown > 100;
  };
  const clear = () => {
    search.value = ""; group = "";
    for (const one of boxes) one.checked = false;
    for (const id of ["profile", "rule"]) if ($(id)) $(id).value = "";
    apply();
  };
  const ORDERS = {
    verdict: () => 0,
    run: (a, b) => a.dataset.run - b.dataset.run,
    id: (a, b) => a.id.localeCompare(b.id, "en", { numeric: true }),
    time: (a, b) => b.dataset.time - a.dataset.time,
  };
  $("sort").addEventListener("change", () => $("cases").append(...[...cases].sort(ORDERS[chosen("sort")] ?? ORDERS.verdict)));
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  $("clear").addEventListener("click", () => { clear(); search.focus(); });
  $("open").addEventListener("click", () => {
    const visible = cases.filter(one => !one.hidden), open = visible.some(one => !one.open);
    for (const one of visible) { if (open) build(one); one.open = open; }
  });
  for (const one of document.querySelectorAll("button.only")) {
    one.hidden = false;
    one.addEventListener("click", () => { clear(); group = one.dataset.group; apply(); form.scrollIntoView(); });
  }

  // ---- links: #TC_003_CS is a case, #TC_003_CS/f12 a frame of it
  const keep = anchor => { try { history.replaceState(null, "", "#" + anchor); } catch { /* the address stays */ } };
  const reveal = () => {
    let wanted = "";
    try { wanted = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const box = $(wanted.split("/")[0]);
    if (!box || !box.matches("details.case")) return;
    box.hidden = false;
    build(box);
    box.open = true;
    const frame = wanted.includes("/") && $(wanted);
    for (const one of document.querySelectorAll(".target")) one.classList.remove("target");
    if (frame) { show(frame, true); frame.classList.add("target"); }
    (frame || box).scrollIntoView({ block: frame ? "center" : "start" });
    (frame ? frame.firstChild : box.firstElementChild).focus({ preventScroll: true });
  };
  for (const one of cases) one.addEventListener("toggle", () => {
    if (!one.open) return;
    build(one);
    if (!location.hash.startsWith("#" + one.id + "/")) keep(one.id);
  });
  addEventListener("hashchange", reveal);
  addEventListener("load", () => setTimeout(reveal));  // the browser's own jump to the fragment takes the focus away
  document.addEventListener("click", event => {  // the same link again: the address does not change, the reader wants to see it
    const at = event.target.closest?.("a[href^='#']");
    if (at && at.getAttribute("href") === location.hash) reveal();
  });

  // ---- light and dark
  const THEMES = { "": "as the system", light: "light", dark: "dark" };
  const theme = wanted => {
    document.documentElement.dataset.theme = wanted;
    $("theme").textContent = "Light or dark: " + THEMES[wanted];
    try { localStorage.setItem("ocpp-tck-theme", wanted); } catch { /* not kept */ }
  };
  const nextTheme = () => { const all = Object.keys(THEMES); theme(all[(all.indexOf(document.documentElement.dataset.theme ?? "") + 1) % all.length]); };
  try { const kept = localStorage.getItem("ocpp-tck-theme"); if (kept in THEMES && kept) theme(kept); } catch { /* as the system */ }
  $("theme").addEventListener("click", nextTheme);

  // ---- keys
  const help = $("help");
  $("ask").addEventListener("click", () => help.showModal());
  $("close").addEventListener("click", () => help.close());
  const move = by => {
    const shown = cases.filter(one => !one.hidden).sort((a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    const now = shown.indexOf(document.activeElement?.closest?.("details.case"));
    const next = shown[now < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, now + by))];
    if (next) { next.firstElementChild.focus({ preventScroll: true }); next.firstElementChild.scrollIntoView({ block: "nearest" }); }
  };
  const nextFault = () => {
    const box = document.activeElement?.closest?.("details.case") ?? cases.find(one => one.open);
    if (box?.open) build(box);
    const faults = box ? [...box.querySelectorAll("li.frame.bad, li.frame.warn, li.frame.near")] : [];
    if (!faults.length) return;
    const next = faults[(faults.findIndex(one => one.classList.contains("target")) + 1) % faults.length];
    keep(next.id); reveal();
  };
  const onlyFailed = () => { const one = boxes.find(box => box.value === "fail"); if (one) { one.checked = !one.checked; apply(); } };
  const KEYS = { "/": () => search.focus(), j: () => move(1), k: () => move(-1), n: nextFault, f: onlyFailed, t: nextTheme, "?": () => help.showModal() };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const at = event.target, writes = at.matches?.("input[type=search], select, textarea");
    if (event.key === "Escape") { if (writes) at.blur(); clear(); return; }
    if (writes) return;
    const closed = at.matches?.("details.case:not([open]) > summary");
    const act = closed && event.key === "ArrowDown" ? KEYS.j : closed && event.key === "ArrowUp" ? KEYS.k : KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  form.hidden = false;
  $("tools").hidden = false;
  apply();
  reveal();
})();
