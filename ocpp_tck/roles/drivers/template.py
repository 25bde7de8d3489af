"""Templates of the `http` and `command` drivers: `{action}`, `{station}`, `{payload.connectorId}` and the like."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from ocpp_tck.tables import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocpp_tck.roles.drivers.base import Request

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*(?:[.\[][^{}\s\"']*)?)\}")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_PLAIN: Mapping[str, Callable[[Request], Any]] = {
    "action": lambda request: request.action,
    "action_kebab": lambda request: request.action_kebab,
    "action_camel": lambda request: request.action_camel,
    "station": lambda request: request.station,
    "version": lambda request: request.version,
    "role": lambda request: request.role,
    "payload": lambda request: dict(request.payload),
}
ALLOWED = ", ".join(f"{{{name}}}" for name in _PLAIN) + ", {payload.field}, {env.NAME}"


class NoValue(Exception):
    """A template names a payload field that this request does not have."""


def problems(template: str) -> list[str]:
    """Say what is wrong with a template: unknown placeholders, environment variables that are not set."""
    found = []
    for name in _PLACEHOLDER.findall(template):
        head, _, rest = name.partition(".")
        if head == "env" and rest:
            if rest not in os.environ:
                found.append(f"{{{name}}} needs the environment variable {rest}, which is not set")
        elif not (name in _PLAIN or name.startswith(("payload.", "payload["))):
            found.append(f"unknown placeholder {{{name}}}{nearest(name, _PLAIN)}; allowed: {ALLOWED}")
    return found


def fill(template: str, request: Request, escape: Callable[[Any, bool], str]) -> str:
    """Put the values of one request into a template.

    Args:
        template: text with placeholders; all else is taken as it stands.
        request: whose values are put in.
        escape: makes text of a value; told whether the placeholder stands inside double quotes.

    Raises:
        NoValue: the payload lacks a field that the template names.
    """
    parts: list[str] = []
    quoted, end = False, 0
    for match in _PLACEHOLDER.finditer(template):
        literal = template[end : match.start()]
        quoted ^= literal.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 1
        parts += [literal, escape(_value(match[1], request), quoted)]
        end = match.end()
    return "".join(parts) + template[end:]


def plain(value: Any) -> str:
    """Write a value as text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def in_json(value: Any, quoted: bool) -> str:  # noqa: FBT001 - the signature that `fill` calls
    """Write a value into a JSON text: inside quotes the escaped characters only, elsewhere a whole JSON value."""
    return json.dumps(plain(value))[1:-1] if quoted else json.dumps(value)


def _value(name: str, request: Request) -> Any:
    if name in _PLAIN:
        return _PLAIN[name](request)
    if name.startswith("env."):
        return os.environ.get(name.removeprefix("env."), "")
    value: Any = request.payload
    for key, index in _STEP.findall(name.removeprefix("payload")):
        try:
            value = value[int(index)] if index else value[key]
        except (KeyError, IndexError, TypeError) as error:
            raise NoValue(f"the template names {{{name}}}, which the payload of {request.action} lacks") from error
    return value
