"""Stable pseudonyms of the same shape for what tells who, where and which device: the same value, the same pseudonym.

A letter becomes a letter, a digit a digit, all else stays, so that lengths and formats hold: an eMAID stays an eMAID.
Who has the result can't compute the values from it: the pseudonyms are drawn anew for each trace.
"""

from __future__ import annotations

import ipaddress
import json
import random
import re
import secrets
import string
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ocpp_tck.bundle.certificates import Replaced, replace_pem

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 3
"""Characters of the shortest value that is replaced: a shorter one reads like other things."""
_TRIES = 100
_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:.])"
)
_HOST = re.compile(r"(?<=://)(?:[^/@\s\"']*@)?[^/@\s\"'?#:\[\]]+")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----(?:\\n|\n)?", re.DOTALL)
_HEX = frozenset(string.hexdigits)
_DOCUMENTED = ipaddress.ip_network("2001:db8::/32")


class Pseudonyms:
    """Knows what to replace, and by what.

    Args:
        keep: values that stay whatever they look like, such as those that the kit itself makes.
    """

    def __init__(self, keep: Iterable[str] = ()) -> None:
        self._dice = random.Random(secrets.randbits(128))  # noqa: S311 - seeded by the system's own
        self._known: dict[str, str] = {}
        self._keep = {value.casefold() for value in keep}
        self._words = re.compile("(?!)")
        self._stale = False
        self._hosts: dict[str, str] = {}
        self._certificates: dict[str, Replaced] = {}

    def learn(self, value: str) -> None:
        """Take a value for an identifier; pseudonyms of the kit, masks and very short ones are none."""
        key = value.casefold()
        if len(value) < _SHORTEST or key in self._known or key in self._keep or "<token:" in value or "***" in value:
            return
        if any(character.isalnum() for character in value):
            self._put(value, self._alike(value))

    def _put(self, value: str, pseudonym: str) -> None:
        self._known[value.casefold()] = pseudonym
        self._stale = True

    def text(self, text: str) -> str:
        """Replace everything that is known, and addresses and host names, in any text; JSON stays JSON."""
        text = _PEM.sub(self._pem, text)
        if self._stale:
            spelt = {form for value in self._known for form in (value, value.upper())}
            forms = spelt | {json.dumps(form)[1:-1] for form in spelt}
            ordered = sorted(forms, key=lambda form: (-len(form), form))
            self._words = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)
            self._stale = False
        text = self._words.sub(lambda found: self._pseudonym(found.group()), text)
        text = _HOST.sub(lambda found: self._host(found.group()), text)
        return _ADDRESS.sub(lambda found: self._address(found.group()), text)

    def _pseudonym(self, found: str) -> str:
        known = self._known.get(found.casefold())
        if known is None:
            known = self._known[json.loads(f'"{found}"').casefold()]
            return json.dumps(_in_case_of(found, known))[1:-1]
        return _in_case_of(found, known)

    def _alike(self, value: str) -> str:
        """Draw a pseudonym of the shape of a value that no other one has."""
        taken = {pseudonym.casefold() for pseudonym in self._known.values()} | self._known.keys()
        is_hex = _HEX.issuperset(value) and not value.isalpha()
        for _ in range(_TRIES):
            drawn = "".join(self._drawn(character, is_hex=is_hex) for character in value)
            if drawn.casefold() not in taken:
                break
        return drawn

    def _drawn(self, character: str, *, is_hex: bool) -> str:
        if character.isascii() and character.isdigit():
            return self._dice.choice(string.digits)
        if not character.isalpha():
            return character
        letter = self._dice.choice("abcdef" if is_hex else string.ascii_lowercase)
        return letter.upper() if character.isupper() else letter

    def _host(self, found: str) -> str:
        user, at, host = found.rpartition("@")
        if at:
            name, colon, rest = user.partition(":")
            user = f"{'user' if name else ''}{colon}{rest}"
        if not host or _ADDRESS.fullmatch(host) or host.endswith(".example"):
            return f"{user}{at}{host}"
        return f"{user}{at}{self._hosts.setdefault(host.casefold(), f'host{len(self._hosts) + 1}.example')}"

    def _address(self, text: str) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text  # a time, or a version
        if address.is_unspecified or str(address) in self._hosts.values():
            return text
        key = str(address)
        if key not in self._hosts:
            number = len(self._hosts) + 1
            low = f"192.0.2.{number}" if number < 255 else f"198.51.100.{number % 256}"  # noqa: PLR2004 - an octet
            self._hosts[key] = low if address.version == 4 else str(_DOCUMENTED[number])  # noqa: PLR2004 - IPv4
        return self._hosts[key]

    def _pem(self, found: re.Match[str]) -> str:
        """Replace a certificate or signing request by one of the same kind whose names are pseudonyms."""
        whole = found.group()
        if whole not in self._certificates:
            self._certificates[whole] = replace_pem(whole, self.named)
            for before, after in self._certificates[whole].hashes.items():
                self._put(before, after)
        return self._certificates[whole].text

    def named(self, value: str) -> str:
        """Give the pseudonym of a name in a certificate; one that is unknown becomes known."""
        self.learn(value)
        return self.text(value)

    def learn_certificates(self, text: str) -> None:
        """Learn what the certificates in a text say, before anything is replaced."""
        for found in _PEM.finditer(text):
            self._pem(found)

    def learn_url(self, text: str) -> None:
        """Learn the host of a bare URL or of `host:port`."""
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        if host and not _ADDRESS.fullmatch(host):
            self._put(host, self._host(host))


def _in_case_of(found: str, pseudonym: str) -> str:
    """Write a pseudonym in upper and lower case as the value stands there."""
    if len(found) != len(pseudonym):
        return pseudonym
    return "".join(
        new.upper() if old.isupper() else new.lower() if old.islower() else new
        for old, new in zip(found, pseudonym, strict=True)
    )
