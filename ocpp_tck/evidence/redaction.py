"""What is masked before anything is written: secrets become `***`, configured tokens become `<token:valid>`.

The text of a frame keeps its form: only JSON strings (and numbers that are secrets) are exchanged, everything between
them stays byte for byte. Message id and action of a frame are never taken for a token.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import islice
from typing import Any
from urllib.parse import quote, quote_plus

from ocpp_tck.evidence.records import Frame, Record, ViolationFound

MASK = "***"

SECRET_FIELDS = frozenset(
    {
        "apnpassword",
        "authorizationkey",
        "basicauthpassword",
        "clientsecret",
        "keypassword",
        "passphrase",
        "password",
        "privatekey",
        "proxyauthorization",
        "simpin",
    },
)
"""Names of fields whose value is always masked; compared without letter case, `_` and `-`."""

SECRET_VARIABLES = frozenset({"authorizationkey", "basicauthpassword"})
"""Configuration keys (1.6) and variables (2.x) whose value is masked, compared in the same way.

Source: AuthorizationKey, 1.6 security whitepaper 2.3; BasicAuthPassword, 2.0.1 Part 2 SecurityCtrlr.
"""

_VALUES = ("value", "attributeValue", "actualValue")
_SHORT = 4
_ENCODED = 6
"""Bytes of the shortest secret that is looked for in base64 too: of a shorter one too few characters are its own."""
MAX_LEARNT = 500
"""Secrets that are remembered: each later text is searched for all of them, and a product may send one per message."""
_LONGEST_LEARNT = 10_000
"""Characters of a secret that is remembered; a private key has about 3,000."""
_LEARNT_LENGTH = {"kit": 8, "product": 16}
_KEPT = 100
"""Frames that are kept in both forms: a rule is decided on a frame right after it came."""
_STRUCTURE = frozenset(
    {
        *("action", "by", "case", "connection", "driver", "encoding", "kit_version", "level", "n", "node", "outcome"),
        *("path", "phase", "profile", "rule", "seed", "sender", "station", "stations", "status", "sut", "type"),
        *("version", "verdict", "worker", "message_id", "catalogue_sha256", "subprotocol", "offered", "asked"),
        "token_check",
        *("scope", "ending"),
    },
)
"""Fields of records that are names or ids: a token that happens to read the same stays there."""

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]*?)PRIVATE KEY-----.*?(?:-----END \1PRIVATE KEY-----|\Z)", re.DOTALL)
_AUTHORIZATION = re.compile(
    r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest)\s+)?)[^\s\"'*][^\s\"',]*"
)
_USERINFO = re.compile(r"(://[^/@:\s\"']*:)[^/@\s\"']+@")
_SAID = re.compile(
    r"(?i)(\b(?:pass(?:word|wd|phrase)|secret|credential|(?:api|access|client|auth|private|secret)[_-]?(?:key|token|secret))"
    r"[\"']?\s*[:=]\s*[\"']?)[^\s\"'*,;&}<]+"
)
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_LEXEME = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]:]|[^\s"{}\[\],:]+', re.DOTALL)


class Redactor:
    """Masks records. Safe to use from several threads.

    Values of well-known secret fields that pass by are remembered, so that a later message that quotes them is masked
    too.

    Args:
        tokens: configured token values and the names they get, such as `{"04E91C5A": "valid"}`.
        secrets: passwords and keys known from the start.
        keys: more field names whose values are masked.
    """

    def __init__(self, tokens: Mapping[str, str], secrets: Iterable[str] = (), keys: Iterable[str] = ()) -> None:
        self._tokens = {value.casefold(): f"<token:{name}>" for value, name in tokens.items() if value}
        self._fields = SECRET_FIELDS | {_bare(key) for key in keys}
        long = sorted((value for value in self._tokens if len(value) >= _SHORT), key=lambda value: (-len(value), value))
        self._token_words = re.compile(
            rf"(?<![\w-])(?:{'|'.join(map(re.escape, long)) or '(?!)'})(?![\w-])",
            re.IGNORECASE,
        )
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()
        self._secret_parts = re.compile("(?!)")
        secrets = tuple(secrets)
        self._encoded = {form for secret in secrets if len(secret) >= _SHORT for form in _encodings(secret)}
        self._most = len(secrets) + MAX_LEARNT
        self._touched: dict[int, tuple[str, str]] = {}
        self._learn(secrets)

    def redact(self, record: Record) -> Record:
        """Give the record with secrets masked and tokens replaced by their names."""
        if isinstance(record, ViolationFound):
            record = self._told(record)
        if isinstance(record, Frame):
            self._learn(_secret_values(_parse(record.raw), self._fields), _LEARNT_LENGTH.get(record.sender, 0))
        changed: dict[str, Any] = {}
        for item in fields(record):
            value = getattr(record, item.name)
            if item.name == "raw":
                changed[item.name] = self._noted(record, value)
            elif item.name in _STRUCTURE:
                changed[item.name] = self._walk(value, self._hide)
            else:
                self._learn(_secret_values(value, self._fields), _LEARNT_LENGTH["kit"])
                changed[item.name] = self._walk(value, self.text)
        return replace(record, **changed)

    def _noted(self, record: Record, raw: str) -> str:
        """Mask a frame, and keep for a while both forms of one that this changes."""
        masked = self.frame(raw)
        if masked != raw and isinstance(record, Frame):
            with self._lock:
                self._touched[record.n] = (raw, masked)
                while len(self._touched) > _KEPT:
                    del self._touched[next(iter(self._touched))]
        return masked

    def _told(self, record: ViolationFound) -> ViolationFound:
        """Say of a broken rule that nobody can decide it again, when what it was decided on is masked."""
        raw, masked = self._touched.get(record.frame, ("", ""))
        if _at(raw, record.path) == _at(masked, record.path):
            return record
        return replace(record, recomputable=False)

    def text(self, text: str) -> str:
        """Mask free text: messages, causes, headers."""
        whole = self._whole(text)
        if whole is not None:
            return whole
        return self._token_words.sub(lambda found: self._tokens[found.group().casefold()], self._hide(text))

    def frame(self, raw: str) -> str:
        """Mask the text of a frame; JSON stays JSON, anything else is masked as free text."""
        parsed = _parse(raw)
        if parsed is _NOT_JSON:
            return self.text(raw)
        local = {text for text in _secret_values(parsed, self._fields) if text}
        pieces: list[str] = []
        last = 0
        for found, depth, is_value in _lexemes(raw):
            masked = self._scalar(found.group(), depth, local) if is_value else self._name(found.group())
            pieces += (raw[last : found.start()], masked)
            last = found.end()
        return "".join((*pieces, raw[last:]))

    def _scalar(self, lexeme: str, depth: int, local: set[str]) -> str:
        """Mask one JSON string, number or word of a frame; `depth` 1 is the OCPP-J array itself."""
        is_string = lexeme.startswith('"')
        value = json.loads(lexeme) if is_string else lexeme
        if value in local or (value in self._secrets and (is_string or len(value) >= _SHORT)):
            return f'"{MASK}"'
        if not is_string:
            return lexeme
        masked = self.text(value) if depth != 1 else self._hide(value)
        return lexeme if masked == value else json.dumps(masked)

    def _name(self, lexeme: str) -> str:
        """Mask the name of a member: never a token, but a secret is a secret anywhere."""
        name = json.loads(lexeme)
        masked = self._hide(name)
        return lexeme if masked == name else json.dumps(masked)

    def _whole(self, text: str) -> str | None:
        return MASK if text in self._secrets else self._tokens.get(text.casefold())

    def _hide(self, text: str) -> str:
        """Mask secrets, leave tokens."""
        if text in self._secrets:
            return MASK
        text = _PEM.sub(rf"-----BEGIN \1PRIVATE KEY----- {MASK}", text)
        text = _AUTHORIZATION.sub(rf"\1{MASK}", text)
        text = _USERINFO.sub(rf"\1{MASK}@", text)
        text = _SAID.sub(rf"\1{MASK}", text)
        return self._secret_parts.sub(MASK, text)

    def _walk(self, value: Any, mask: Any) -> Any:
        if isinstance(value, str):
            return mask(value)
        if isinstance(value, Mapping):
            hidden = _hidden_members(value, self._fields)
            return {
                name: _mask_all(member) if name in hidden else self._walk(member, mask)
                for name, member in value.items()
            }
        if isinstance(value, (list, tuple)):
            return type(value)(self._walk(member, mask) for member in value)
        return value

    def _learn(self, secrets: Iterable[str], shortest: int = 1) -> None:
        new = {secret for secret in secrets if shortest <= len(secret) <= _LONGEST_LEARNT} - {MASK, ""}
        with self._lock:
            room = max(0, self._most - len(self._secrets))
            every = self._secrets | frozenset(islice(sorted(new - self._secrets), room))
            if every == self._secrets:
                return
            forms = {form for secret in every if len(secret) >= _SHORT for form in _forms(secret)} | self._encoded
            ordered = sorted(forms, key=lambda form: (-len(form), form))
            self._secret_parts = re.compile("|".join(map(re.escape, ordered)) or "(?!)")
            self._secrets = every


def _forms(secret: str) -> Iterator[str]:
    """Give the spellings in which a secret may stand in a text: as it is, escaped, as hexadecimal digits."""
    yield secret
    yield json.dumps(secret)[1:-1]
    whole = secret.encode("utf-8", "surrogatepass")
    yield from (whole.hex(), whole.hex().upper())


def _encodings(secret: str) -> Iterator[str]:
    """Give more spellings of a configured secret: percent-encoded and in base64."""
    whole = secret.encode("utf-8", "surrogatepass")
    yield from (quote(whole, safe=""), quote(whole), quote_plus(whole))
    if len(whole) >= _ENCODED:
        yield from _in_base64(whole)


def _in_base64(secret: bytes) -> Iterator[str]:
    """Give the characters that base64 makes of a secret, wherever in a longer text it begins: three ways."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret)
        first = -(-before * 4 // 3)
        last = (before + len(secret)) * 4 // 3
        core = text[first:last].decode("ascii")
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _at(raw: str, path: str) -> Any:
    """Give the value at a path of the payload of a frame, `meterValue[0].timestamp`; None without a path or a value."""
    parsed = _parse(raw)
    if not path or not isinstance(parsed, list):
        return None
    found: Any = next((part for part in reversed(parsed) if isinstance(part, _Members)), None)
    for name, index in _PART.findall(path):
        if index:
            found = found[int(index)] if isinstance(found, list) and int(index) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, _Members) else None
    return found


def _bare(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


_NOT_JSON = object()


def _parse(raw: str) -> Any:
    """Parse a frame so that duplicate members are kept, as objects of type `_Members`; `_NOT_JSON` if it is none."""
    try:
        return json.loads(raw, object_pairs_hook=_Members, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return _NOT_JSON


class _Members(list[tuple[str, Any]]):
    """The members of a JSON object as they stand there, duplicates included."""

    def items(self) -> Iterator[tuple[str, Any]]:
        """As of a mapping."""
        return iter(self)

    def get(self, name: str) -> Any:
        """The first member of that name, None without."""
        return next((value for member, value in self if member == name), None)


def _hidden_members(value: Any, secret_fields: frozenset[str]) -> set[str]:
    """Give the names of the members of an object whose values are secrets."""
    hidden = {name for name, member in value.items() if isinstance(name, str) and _bare(name) in secret_fields}
    hidden |= {name for name, _ in value.items() if isinstance(name, str) and _bare(name) == "authorization"}
    variable = value.get("variable")
    name = value.get("key") if not isinstance(variable, (Mapping, _Members)) else variable.get("name")
    if isinstance(name, str) and _bare(name) in SECRET_VARIABLES:
        hidden |= {*_VALUES, "variableAttribute"}
    if value.get("server") is not None and value.get("type") is not None:  # VPNType: `key` is the shared secret
        hidden.add("key")
    return hidden


def _secret_values(value: Any, secret_fields: frozenset[str]) -> Iterator[str]:
    """Give the values of the secret fields anywhere inside `value`; numbers as they were written."""
    waiting = [(value, False)]
    while waiting:
        current, secret = waiting.pop()
        if isinstance(current, str):
            if secret:
                yield current
        elif isinstance(current, (Mapping, _Members)):
            hidden = _hidden_members(current, secret_fields)
            waiting += [(member, name in hidden or (secret and name in _VALUES)) for name, member in current.items()]
        elif isinstance(current, (list, tuple)):
            waiting += [(member, secret) for member in current]


def _mask_all(value: Any) -> Any:
    return MASK if value not in (None, "") else value


def _lexemes(raw: str) -> Iterator[tuple[re.Match[str], int, bool]]:
    """Give the scalars of a JSON text with the depth they stand at and whether they are values, not member names."""
    depth = 0
    pending: re.Match[str] | None = None
    for found in _LEXEME.finditer(raw):
        lexeme = found.group()
        if pending is not None:
            yield pending, depth, lexeme != ":"
            pending = None
        if lexeme in "{[":
            depth += 1
        elif lexeme in "}]":
            depth -= 1
        elif lexeme != ":":
            pending = found
    if pending is not None:
        yield pending, depth, True
