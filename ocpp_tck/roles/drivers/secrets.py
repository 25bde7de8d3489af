"""What in the tables of the drivers is, or may be, a secret: found before anything is recorded.

A header such as `Authorization`, a password in a URL, the value behind `--api-key`. What stands at such a place is
masked in the copy of the configuration; what may be looked for in any text, since nothing else reads like it, is masked
wherever it turns up.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ocpp_tck.evidence.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = re.compile(
    r"pass(?:word|wd|phrase)?$|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth|credential|cookie|session"
    r"|signature|^(?:sig|key|p)$|bearer",
    re.IGNORECASE,
)
_PLAIN_HEADERS = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection", "content-type"}
    | {"host", "if-match", "prefer", "user-agent"},
)
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][^{}\s\"']*\}")
_ENVIRONMENT = re.compile(r"\{env\.(\w+)\}")
_PAIR = re.compile(r"""["']?([A-Za-z][\w-]*)["']?\s*[:=]\s*["']?([^"'\s,;&{}]+)""")
_SHORTEST = 6
"""Characters of the shortest secret that is looked for in any text: a shorter one reads like other things."""
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^\s/\\.{}=]{8,}")


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is a secret."""
    return _NAME.search(name) is not None


def secrets_of(tables: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Give the secrets in the tables of the drivers, those from the environment included."""
    found = set(_environment(tables, environ))
    for table in _tables(tables):
        for name, text in _mapping(table.get("headers")).items():
            found |= set(_header(str(name), str(text)))
        found |= set(_url(str(table.get("url", ""))))
        found |= {value for name, value in _PAIR.findall(str(table.get("body", ""))) if is_secret_name(name)}
        found |= set(_command(words_of(table.get("run", ()))))
        for name, value in _mapping(table.get("options")).items():
            found |= set(_texts(value, secret=is_secret_name(str(name))))
    return frozenset(one for one in found if len(one) >= _SHORTEST and not _PLACEHOLDER.search(one))


def masked_tables(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Give the tables of the drivers without what may be a secret; placeholders stay."""
    return {name: _masked(table) if isinstance(table, Mapping) else table for name, table in tables.items()}


def words_of(run: Any) -> list[str]:
    """Give the words of a command line, written as a text or as a list."""
    if isinstance(run, str):
        try:
            return shlex.split(run)
        except ValueError:
            return run.split()
    return [str(word) for word in run] if isinstance(run, (list, tuple)) else []


def _tables(tables: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for table in tables.values():
        if isinstance(table, Mapping):
            yield table
            yield from (one for one in _mapping(table.get("actions")).values() if isinstance(one, Mapping))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _environment(value: Any, environ: Mapping[str, str]) -> Iterator[str]:
    """Give the values that come from the environment at a place, or by a name, of a secret."""
    for name in set(_ENVIRONMENT.findall(str(value))):
        text = environ.get(name, "")
        if is_secret_name(name) or _RANDOM.fullmatch(text):
            yield text
    for table in _tables(_mapping(value)):
        for name, text in _mapping(table.get("headers")).items():
            if name.lower() not in _PLAIN_HEADERS:
                yield from (environ.get(one, "") for one in _ENVIRONMENT.findall(str(text)))


def _header(name: str, text: str) -> Iterator[str]:
    if name.lower() not in _PLAIN_HEADERS:
        yield text
        yield text.rpartition(" ")[2]


def _url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:
        return
    for part in (password, user if password is None else None):
        if part:
            yield part
            yield unquote(part)
    for name, value in parse_qsl(parts.query):
        if is_secret_name(name):
            yield value


def _command(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals and is_secret_name(name):
            yield value
        elif (before.startswith("-") and is_secret_name(before.lstrip("-"))) or _RANDOM.fullmatch(word):
            yield word
        yield from (value for name, value in _PAIR.findall(word) if is_secret_name(name))
        yield from _url(word)
        before = word


def _texts(value: Any, *, secret: bool) -> Iterator[str]:
    """Give the texts inside an option that is a secret, or looks like one."""
    if isinstance(value, str):
        if secret or _RANDOM.fullmatch(value):
            yield value
        yield from _url(value)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _texts(member, secret=secret or is_secret_name(str(name)))
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _texts(member, secret=secret)


def _masked(table: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = dict(table)
    if "headers" in table:
        shown["headers"] = {
            name: text if str(name).lower() in _PLAIN_HEADERS else _covered(str(text))
            for name, text in _mapping(table["headers"]).items()
        }
    if "run" in table:
        words = words_of(table["run"])
        shown["run"] = [*words[:1], *(_word(word) for word in words[1:])]
    if "options" in table:
        shown["options"] = {name: _covered_all(value) for name, value in _mapping(table["options"]).items()}
    if "body" in table:
        shown["body"] = _PAIR.sub(_pair, str(table["body"]))
    if "url" in table:
        shown["url"] = masked_url(str(table["url"]))
    if "actions" in table:
        shown["actions"] = masked_tables(_mapping(table["actions"]))
    return shown


def masked_url(url: str) -> str:
    """Give a URL without user, password, and values of its query that may be secrets."""
    url = re.sub(r"(://)[^/@\s]+@", rf"\1{MASK}@", url)
    head, mark, query = url.partition("?")
    pairs = [(*part.partition("="),) for part in query.split("&")]
    shown = "&".join(
        f"{name}{equals}{_covered(value) if is_secret_name(name) else value}" for name, equals, value in pairs
    )
    return f"{head}{mark}{shown}"


def _pair(found: re.Match[str]) -> str:
    if not is_secret_name(found[1]):
        return found[0]
    at = found.start(2) - found.start()
    return found[0][:at] + MASK + found[0][at + len(found[2]) :]


def _word(word: str) -> str:
    """Leave of a word of a command line its option and its placeholders."""
    name, equals, value = word.partition("=")
    if word.startswith("-"):
        return f"{name}{equals}{_covered(value)}" if equals else (word if word.startswith("--") else word[:2])
    return _covered(word)


def _covered(text: str) -> str:
    """Mask everything of a text but its placeholders."""
    if not text:
        return text
    found = _PLACEHOLDER.findall(text)
    if not found:
        return MASK
    return text if "".join(found) == text else MASK + "".join(f" {one}" for one in found)


def _covered_all(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _covered_all(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_covered_all(member) for member in value]
    return _covered(value) if isinstance(value, str) else value
