"""A real headless browser opens a report; a trap on the loopback interface sees whatever the page would ask for."""

from __future__ import annotations

import html
import json
import re
import shutil
import socket
import tempfile
import threading
from contextlib import contextmanager, suppress

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-ipc-flooding-protection",  # every link is clicked at once
)
_OPEN = """
document.querySelectorAll("details").forEach(one => { one.open = true; one.dispatchEvent(new Event("toggle")); });
document.querySelectorAll("button[aria-expanded=false]").forEach(one => one.click());
const closed = document.querySelectorAll("button[aria-expanded=false]").length;
const built = [...document.querySelectorAll("details.case")].filter(one => one.querySelector(".late").childNodes.length).length;
const cases = document.querySelectorAll("details.case").length;
const rows = document.querySelectorAll("li.frame").length;
return [cases, built, rows, rows - closed, document.querySelectorAll(".wire").length];
"""
"""Opens every case and every frame of it: the page builds them only then. Gives cases, those built; frames, those open, those laid out."""

_PROVOKE = """
const ALLOWED = new Set("HTML HEAD META TITLE STYLE BODY HEADER MAIN SECTION DIV P H1 H2 H3 H4 SPAN A B I EM STRONG SMALL \
CODE PRE MARK KBD BR UL OL LI DL DT DD TABLE THEAD TBODY TR TH TD DETAILS SUMMARY BUTTON LABEL INPUT SELECT OPTION OUTPUT \
NOSCRIPT DIALOG SCRIPT svg rect".split(" "));
const found = [];
const every = [...document.querySelectorAll("*")];
for (const one of every)
  for (const kind of ["mouseover", "mouseenter", "focus", "error", "load", "toggle", "animationend"])
    one.dispatchEvent(new Event(kind));
for (const one of every) {
  if (!ALLOWED.has(one.tagName) && !(one.tagName === "FORM" && one.id === "filters")) found.push(`element ${one.tagName}`);
  for (const attribute of one.attributes) {
    if (/^on/i.test(attribute.name)) found.push(`attribute ${attribute.name}`);
    if (attribute.name === "style") found.push("a style of its own");
    if (["href", "src", "xlink:href", "action", "srcdoc"].includes(attribute.name) && !attribute.value.startsWith("#"))
      found.push(`${attribute.name} ${attribute.value}`);
  }
}
const inert = [...document.scripts].filter(one => one.type === "application/json" && one.id.startsWith("data-") && !one.src);
if (document.scripts.length !== inert.length + 1) found.push(`${document.scripts.length - inert.length} scripts that run`);
if (inert.length !== document.querySelectorAll("details.case").length) found.push(`${inert.length} parcels of data`);
for (const one of inert)
  try { JSON.parse(one.textContent); } catch { found.push(`${one.id} is not JSON`); }
if (document.querySelectorAll("meta[http-equiv]").length !== 1) found.push("another http-equiv");
document.querySelectorAll("a").forEach(one => one.click());
const search = document.getElementById("search");
search.value = "no case has these words";
search.dispatchEvent(new Event("input", { bubbles: true }));
if (!document.getElementById("shown").value.startsWith("0 of ")) found.push("the page's own script does not run");
return found;
"""


class Trap:
    """Listens on the loopback interface and notes what anybody asks for."""

    def __init__(self):
        self.seen = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    def _serve(self):
        with suppress(OSError):
            while True:
                taken, _ = self._listening.accept()
                with taken, suppress(OSError):
                    taken.settimeout(1)
                    self.seen.append(taken.recv(200).decode("latin-1"))


def _browser():
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


def missing():
    """Say what a browser check lacks on this machine; empty when it has all."""
    if _browser() is None or shutil.which("chromedriver") is None:
        return "no chromium or no chromedriver here: apt-get install chromium chromium-driver"
    return ""


@contextmanager
def chromium():
    """Start the browser with an empty profile; gives its driver."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    with tempfile.TemporaryDirectory(prefix="hostile-chromium-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = _browser()
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
        try:
            driver.set_page_load_timeout(60)
            yield driver
        finally:
            driver.quit()


def open_report(driver, path, trap):
    """Open a report, provoke whatever could run in it; gives what was wrong, one line each."""
    driver.get("about:blank")
    for kind in ("browser", "performance"):
        driver.get_log(kind)
    before = len(trap.seen)
    driver.get(path.as_uri())
    cases, built, frames, opened, shown = driver.execute_script(_OPEN)
    wrong = [f"{built} of {cases} cases can be opened"] if built != cases else []
    wrong += [f"{opened} of {frames} frames can be opened, {shown} are shown"] if {opened, shown} != {frames} else []
    wrong += [f"the page has {one}" for one in driver.execute_script(_PROVOKE)]
    driver.execute_async_script("setTimeout(arguments[0], 200)")
    written = re.search("<title>(.*?)</title>", path.read_text(encoding="utf-8"), re.DOTALL)
    if written is None or driver.title != html.unescape(written.group(1)).strip():
        wrong.append(f"the title is {driver.title!r}")
    wrong += [f"console: {entry['level']} {entry['message'][:300]}" for entry in driver.get_log("browser")]
    for entry in driver.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            if url.partition("#")[0] != path.as_uri() and not url.startswith("data:"):
                wrong.append(f"asked for {url}")
    wrong += [f"the trap was asked: {text!r}" for text in trap.seen[before:]]
    return wrong
