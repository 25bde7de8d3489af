"""The files of the page, as they are sent."""

from __future__ import annotations

from importlib.resources import files

_PICTURES = "<!-- the pictograms -->"


def _read(name: str) -> str:
    return files("ocpp_tck.console").joinpath(f"web/{name}").read_text(encoding="utf-8")


FILES = {
    "index.html": ("text/html", _read("index.html").replace(_PICTURES, _read("pictograms.svg")).encode()),
    "console.css": ("text/css", _read("console.css").encode()),
    "console.js": ("text/javascript", _read("console.js").encode()),
    "icon.svg": ("image/svg+xml", _read("icon.svg").encode()),
}
"""Content type and content by name; everything that the server gives to somebody who has not come in yet."""
