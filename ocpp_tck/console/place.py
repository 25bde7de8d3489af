"""Where the console is served: the address that the user gave, and the names under which a browser may ask for it."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

_PORT = re.compile(r"[0-9]{1,5}")
_MOST_PORTS = 65_535
_ELSEWHERE = {"0.0.0.0": (socket.AF_INET, "192.0.2.1"), "::": (socket.AF_INET6, "2001:db8::1")}  # noqa: S104
"""To each way to say "every address" one for documentation: a UDP socket to it tells our own, sending nothing."""


class PlaceError(ValueError):
    """The given address is none; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address to serve at.

    Attributes:
        host: name or IP address, an IPv6 address without brackets.
        port: TCP port; 0 = any free one.
    """

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def authority(self) -> str:
        """`host:port` as a URL has it, with an address that another machine can use in place of "every address"."""
        host = _own_address(*_ELSEWHERE[self.host]) if self.host in _ELSEWHERE else self.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def is_named(self, host: str) -> bool:
        """Whether a request with this Host header means us.

        A page of somebody else whose name was made to point here (DNS rebinding) sends its own name: only IP addresses
        and names of this machine are taken.
        """
        name, port = _split(host)
        if port != str(self.port) and not (port == "" and self.port == 80):  # noqa: PLR2004 - the default of http
            return False
        if self.is_loopback:
            return name in {self.host, "localhost", "127.0.0.1", "::1"}
        own = socket.gethostname().lower()
        return name in {self.host.lower(), "localhost", own, f"{own}.local"} or _is_address(name)


def read_place(text: str) -> Place:
    """Read `PORT`, `:PORT` or `HOST:PORT`; without a host only this machine can reach it.

    Raises:
        PlaceError: it is none of these.
    """
    host, port = _split(text.strip()) if ":" in text else ("", text.strip())
    if _PORT.fullmatch(port) is None or int(port) > _MOST_PORTS:
        raise PlaceError(
            f"{text!r} has no port from 0 to {_MOST_PORTS}; write PORT or HOST:PORT, such as 127.0.0.1:8765"
        )
    if re.fullmatch(r"[A-Za-z0-9._:-]*", host) is None or (":" in host and not _is_address(host)):
        raise PlaceError(f"{text!r} has no host name or IP address before the port; write 127.0.0.1:{port}")
    return Place(host or "127.0.0.1", int(port))


def _split(text: str) -> tuple[str, str]:
    """Give host and port of `host:port`, `[v6]:port` or `host`."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", text)
    if bracketed is not None:
        return bracketed[1].lower(), bracketed[2] or ""
    host, _, port = text.rpartition(":") if ":" in text else (text, "", "")
    return host.lower(), port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_address(family: socket.AddressFamily, elsewhere: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
