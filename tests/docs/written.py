"""What the documentation says: its pages, and the names in them."""

import functools
import re
import shlex
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_SNIPPET = re.compile(r"^(\s*)--8<-- \"([^\":]+)(?::(\w+))?\"$", re.MULTILINE)
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def _filled(text):
    def content(match):
        whole = (DOCS / "examples" / match[2]).read_text(encoding="utf-8")
        if match[3]:
            whole = whole.partition(f"[start:{match[3]}]\n")[2].partition(f"# --8<-- [end:{match[3]}]")[0]
        return "\n".join(match[1] + line for line in whole.splitlines())

    return _SNIPPET.sub(content, text)


@functools.cache
def by_hand():
    """Give the pages that are written by hand, README and the like included: path and text, examples filled in."""
    paths = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return {path.relative_to(ROOT).as_posix(): _filled(path.read_text(encoding="utf-8")) for path in paths}


def blocks(text, language):
    """Give the code blocks of a language; `""` for those of none."""
    for indent, name, body in _FENCE.findall(text):
        if name == language:
            yield "\n".join(line.removeprefix(indent) for line in body.splitlines())


def spans(text):
    """Give the code spans outside of code blocks."""
    return _SPAN.findall(_FENCE.sub("", text))


def commands(text):
    """Give every command line of the kit that a page shows, as words."""
    lines = [line for language in ("", "sh") for block in blocks(text, language) for line in block.splitlines()]
    lines += spans(text)
    for line in lines:
        if found := re.match(r"^(?:\.venv/bin/)?(?:docker run .*?)?ocpp-tck ((?:-|[a-z]).*)$", line.strip()):
            try:
                yield shlex.split(found[1], comments=True)
            except ValueError as error:
                raise AssertionError(f"can't be read as a command: {line}") from error


def tables(text):
    """Give the parsed TOML blocks of a page."""
    yield from (tomllib.loads(block) for block in blocks(text, "toml"))
