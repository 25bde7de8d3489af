"""The `http` driver: one templated HTTP request per action. No proxy is used and no redirect is followed."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit
from xml.sax.saxutils import escape as escape_xml

from ocpp_tck.roles.drivers import actions, template
from ocpp_tck.roles.drivers.base import Outcome, Request, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ocpp_tck.tables import Table

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNSUPPORTED_STATUS = {http.client.NOT_FOUND, http.client.NOT_IMPLEMENTED}
_DETAIL_BYTES = 2048
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Call:
    """The HTTP request of an action, with placeholders."""

    url: str
    method: str = "POST"
    body: str = "{payload}"
    headers: Mapping[str, str] = field(default_factory=dict)
    supported: bool = True


class HttpDriver:
    """Sends one HTTP request per action.

    2xx is done; 404 and 501 are unsupported; anything else, a time-out and an unreachable host are failed.

    Args:
        common: the request of every action that has none of its own.
        own: requests of single actions.
        timeout: seconds for connecting, and again for each wait on the socket.
    """

    name = "http"

    def __init__(self, common: Call, own: Mapping[str, Call] | None = None, *, timeout: float = 10.0) -> None:
        self._common = common
        self._own = dict(own or {})
        self._timeout = timeout
        self._opener = urllib.request.OpenerDirector()
        for handler in (urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()):
            self._opener.add_handler(handler)

    @classmethod
    def from_table(cls, table: Table, _base: Path) -> HttpDriver:
        """Read `[driver.http]`; what is wrong is noted in the table's problems."""
        timeout = table.seconds("timeout", 10.0)
        own_table = table.table("actions")
        common = _read(table, Call(url=""))
        own: dict[str, Call] = {}
        for action in own_table.values:
            if wrong := actions.unknown(action):
                own_table.problem(action, wrong)
            one = own_table.table(action)
            own[action] = _read(one, common)
            one.finish()
        if not common.url and not (own and all(call.url or not call.supported for call in own.values())):
            table.problem("url", "missing; allowed: an http:// or https:// URL")
        table.finish()
        return cls(common, own, timeout=timeout)

    def act(self, request: Request) -> Result:
        """Send the request of that action and wait for the HTTP status only."""
        call = self._own.get(request.action, self._common)
        if not call.supported or not call.url:
            return Result(Outcome.UNSUPPORTED, f"[driver.http] has no request for {request.action}")
        try:
            prepared = _prepare(call, request)
            with self._opener.open(prepared, timeout=self._timeout) as response:
                return _judge(prepared, response)
        except template.NoValue as error:
            return Result(Outcome.FAILED, str(error))
        except TimeoutError:
            return Result(Outcome.FAILED, f"{_shown(call, request)}: no answer within {self._timeout:g} s")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Result(Outcome.FAILED, f"{_shown(call, request)}: {self._reason(error)}")

    def close(self) -> None:
        """Hold nothing, free nothing: each action has a connection of its own."""

    def _reason(self, error: Exception) -> str:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, TimeoutError):
            return f"no answer within {self._timeout:g} s"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there (connection refused); start the control API or mend the url"
        if isinstance(cause, socket.gaierror):
            return "the host name is unknown; mend the url"
        if isinstance(cause, http.client.HTTPException):
            return f"the answer is not HTTP ({type(cause).__name__})"
        return str(cause) or type(cause).__name__


def _read(table: Table, common: Call) -> Call:
    url = table.text("url", common.url)
    if url and (urlsplit(url.replace("{", "").replace("}", "")).scheme not in {"http", "https"} or "://" not in url):
        table.refuse("url", "an http:// or https:// URL")
    headers = table.table("headers")
    own = {name: headers.text(name) for name in headers.values}
    call = replace(
        common,
        url=url,
        method=table.choice("method", METHODS, common.method),
        body=table.text("body", common.body),
        headers={**common.headers, **own},
        supported=table.boolean("supported", common.supported),
    )
    for key, text in (("url", call.url), ("body", call.body), *(("headers." + name, own[name]) for name in own)):
        for problem in template.problems(text):
            if key.partition(".")[0] in table.values:
                table.problem(key, problem)
    return call


def _prepare(call: Call, request: Request) -> urllib.request.Request:
    headers = {name: template.fill(text, request, _in_header) for name, text in call.headers.items()}
    lowered = {name.lower(): value for name, value in headers.items()}
    if "content-type" not in lowered:
        headers["Content-Type"] = lowered["content-type"] = "application/json"
    url = template.fill(call.url, request, _in_url)
    body = template.fill(call.body, request, _escape_for(lowered["content-type"]))
    data = None if call.method == "GET" else body.encode()
    return urllib.request.Request(url, data=data, headers=headers, method=call.method)  # noqa: S310 - the opener knows only http and https


def _escape_for(content_type: str) -> Callable[[Any, bool], str]:
    if "json" in content_type:
        return template.in_json
    if "x-www-form-urlencoded" in content_type:
        return lambda value, _quoted: quote_plus(template.plain(value))
    if "xml" in content_type:
        return lambda value, _quoted: escape_xml(template.plain(value), {'"': "&quot;"})
    return lambda value, _quoted: template.plain(value)


def _in_url(value: Any, _quoted: bool) -> str:  # noqa: FBT001 - the signature that `fill` calls
    return quote(template.plain(value), safe="")


def _in_header(value: Any, _quoted: bool) -> str:  # noqa: FBT001 - the signature that `fill` calls
    text = template.plain(value)
    if not text.isprintable():
        raise template.NoValue("a value with control characters can't stand in an HTTP header")
    return text


def _shown(call: Call, request: Request) -> str:
    url = template.fill(call.url, request, _in_url)
    return f"{call.method} {url.partition('?')[0]}"


def _judge(prepared: urllib.request.Request, response: http.client.HTTPResponse) -> Result:
    status = response.status
    if http.client.OK <= status < http.client.MULTIPLE_CHOICES:
        return Result(Outcome.DONE)
    said = " ".join(response.read(_DETAIL_BYTES).decode(errors="replace").split())[:_DETAIL_CHARACTERS]
    place = f"{prepared.get_method()} {prepared.full_url.partition('?')[0]}"
    detail = f"{place}: {status} {response.reason}" + (f": {said}" if said else "")
    if http.client.MULTIPLE_CHOICES <= status < http.client.BAD_REQUEST:
        detail += " (redirects are not followed; give the final url)"
    return Result(Outcome.UNSUPPORTED if status in UNSUPPORTED_STATUS else Outcome.FAILED, detail)
