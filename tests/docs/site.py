"""`python -m tests.docs.site FOLDER`: open the built site in chromium, on a desk and a phone, light and dark.

Exit code: 0 when nothing is wrong, 1 when something is, 2 without a browser.
"""

import json
import sys
import threading
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from tests.hostile.browser import chromium, missing

PAGES = ("index.html", "drivers.html", "reference/configuration.html", "reference/rules.html", "cases/16-cs.html")
DEVICES = (("desk", 1280, 900), ("phone", 390, 844))
_LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
PATIENCE = 60


class Page(HTMLParser):
    """What a page loads, links to, and offers as anchors."""

    def __init__(self):
        super().__init__()
        self.loads, self.links, self.anchors = [], [], set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag in _LOADING and given.get(_LOADING[tag]) and given.get("rel") not in {"canonical", "prev", "next"}:
            self.loads.append(given[_LOADING[tag]])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])


def read(folder):
    """Give every page of the site."""
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        pages[path] = Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return pages


def wrong_links(folder, pages):
    """Say which page loads something from elsewhere, or links to what is not there."""
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # is served from any place, so its links begin at the top
        place = path.relative_to(folder)
        yield from (f"{place}: loads {one}" for one in page.loads if "://" in one or one.startswith("//"))
        for link in page.links:
            if "://" in link or link.startswith("mailto:"):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name).resolve() if name else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield f"{place}: no such file: {link}"
            elif anchor and target in pages and anchor not in pages[target].anchors:
                yield f"{place}: no such anchor: {link}"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """Serve the site on the loopback interface; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def opened(base, shots):
    """Open the pages in a browser; give what is wrong."""
    with chromium() as browser:
        for name, width, height in DEVICES:
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": name == "phone"}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            for scheme in ("light", "dark"):
                media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
                browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
                for page in PAGES:
                    browser.get(f"{base}/{page}")
                    if shots:
                        browser.save_screenshot(str(shots / f"{name}-{scheme}-{page.replace('/', '-')}.png"))
                    yield from (f"{name} {scheme} {page}: {one}" for one in _seen(browser, base, width, scheme))


def _seen(browser, base, width, scheme):
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    if wide > width:
        yield f"{wide} pixels wide"
    used = browser.execute_script("return document.body.getAttribute('data-md-color-scheme')")
    if used != {"light": "default", "dark": "slate"}[scheme]:
        yield f"shown in {used}"
    for entry in browser.get_log("browser"):
        if entry["level"] == "SEVERE":
            yield entry["message"]
    for entry in browser.get_log("performance"):
        said = json.loads(entry["message"])["message"]
        if said["method"] == "Network.requestWillBeSent":
            address = said["params"]["request"]["url"]
            if not address.startswith((f"{base}/", "data:", "blob:", "chrome:")):
                yield f"asks for {address}"


def searched(base):
    """Search for a rule; give what is wrong."""
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with chromium() as browser:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get(f"{base}/index.html")
        field = browser.find_element(By.CSS_SELECTOR, ".md-search__input")
        if not field.is_displayed():
            yield "the field for searching is not shown"
            return
        field.send_keys("boot.interval")
        links = "a.md-search-result__link"
        try:
            found = WebDriverWait(browser, PATIENCE).until(
                lambda one: [link.get_attribute("href") for link in one.find_elements(By.CSS_SELECTOR, links)]
            )
        except TimeoutException:
            yield "searching finds nothing"
            return
        if not any("rules.html" in link for link in found):
            yield f"searching for a rule finds only {found}"


def main(arguments):
    """Look, tell; gives the exit code."""
    if missing():
        sys.stderr.write(f"{missing()}\n")
        return 2
    folder = Path(arguments[0]).resolve()
    shots = Path(arguments[1]) if len(arguments) > 1 else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    pages = read(folder)
    with served(folder) as base:
        wrong = [*wrong_links(folder, pages), *opened(base, shots), *searched(base)]
    sys.stdout.write("".join(f"{one}\n" for one in wrong) + f"{len(pages)} pages, {len(wrong)} things wrong\n")
    return 1 if wrong or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
