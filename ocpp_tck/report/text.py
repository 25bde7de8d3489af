"""Text that came from a product, made fit to be shown: nothing in it can act on a terminal, a page or the reader."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

_KEPT = {"\n", "\t"}
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_SURELY_SAFE = frozenset(map(chr, range(0x20, 0x7F)))


def visible(text: str, *, one_line: bool = False, limit: int = 0) -> str:
    r"""Write control characters, bidi controls, odd spaces, surrogates and the like as `\u202e`; the rest stays.

    Args:
        text: any text.
        one_line: line breaks and tabs are written out too.
        limit: cut longer text and say how much is left out; 0 = never.
    """
    left_out = len(text) - limit if limit and len(text) > limit else 0
    shown = text[:limit] if left_out else text
    if not _SURELY_SAFE.issuperset(shown):
        shown = "".join(_visible(character, one_line=one_line) for character in shown)
    return f"{shown} … ({left_out} more characters)" if left_out else shown


def _visible(character: str, *, one_line: bool) -> str:
    if character in _SURELY_SAFE or (character in _KEPT and not one_line):
        return character
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return escaped(character)


def escaped(character: str) -> str:
    r"""Write a character as `\u202e`."""
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the notation's own border


def seconds(value: float) -> str:
    """Give a duration for reading: `0.012 s`, `3.4 s`, `2 min 05 s`."""
    if value < 1:
        return f"{value:.3f} s"
    if value < 60:  # noqa: PLR2004 - a minute
        return f"{value:.1f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def moment(time: float) -> str:
    """Give a time in UTC: `2026-11-23 09:41:12Z`; empty for times outside the calendar."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def iso(time: float) -> str:
    """Give a time as RFC 3339 with milliseconds, UTC; empty for times outside the calendar."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""


def often(count: int) -> str:
    """Write how often something happened."""
    return "once" if count == 1 else f"{count} times"


def shown(value: Any) -> str:
    """Write a configured value for reading: texts as they are, others as JSON, an absent one as `nothing`."""
    if value is None or value == "":
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=dict)
