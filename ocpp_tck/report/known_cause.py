"""What of a first cause is the same in every run: how a known failure names it, and how that is found again.

A part of a cause stands as it is, or with `…` for what another run may have otherwise: times, frame numbers, ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocpp_tck.report.compare import different_fields, headline, is_bare, is_wait
from ocpp_tck.report.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.report.model import Case, Cause

ANY = "…"
EXACTLY = "exactly: "
"""So begins a part that is the whole text, with or without the place before it: what lacks more is another cause."""
EXPECTED, RECEIVED = "expected: ", "received: "
"""So begins a part that is looked for in what was expected, or received; any other in text, place and clause."""
_LONGEST = 1_000
_BEFORE_LONGEST = 300
_WORD = re.compile(r"[^\s'\"(){}\[\],;:=|]*\d[^\s'\"(){}\[\],;:=|]*")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d(?:[.,]\d+)?"
)
_STEADY = re.compile(r"-?\d{1,3}")
"""A number that may well be the same in every run: a connector, a count, a limit."""
_COUNTED = re.compile(
    r"(?i)(?:transaction|reservation|request|remoteStart|message|profile)_?id|message id|transaction_|listVersion|seqNo"
    r"|meter_?(?:start|stop|value)|energy|serial"
)
"""A cause that is about one of these has numbers that grow from run to run."""
_BEFORE = re.compile(r"(?i)frames?\s+(?:#?\d+\s*,\s*)*#?$")
_AFTER = re.compile(r"\s*(?:s|ms|seconds?|bytes)\b")
_RUN = re.compile(f"{ANY}(?:[\\s:,+-]*{ANY})+")
_NAME = re.compile(r"(?=[A-Za-z]*[G-Zg-z])[A-Za-z]+\d{1,5}[A-Za-z]*")
"""A name with a number in it, such as `ISO15118`, `evse1` or `SHA256`; hexadecimal digits are none."""
_PLACE = re.compile(r"(?:step|rule) \S+: |[a-z]+: ")


def steady(text: str, *, counted: bool = False) -> str:
    """Write `…` for every word of a text that another run may have otherwise.

    Args:
        text: one line.
        counted: whether small numbers in it grow from run to run too.
    """
    text = _TIME.sub(ANY, text)
    found: list[str] = []
    at = 0
    for word in _WORD.finditer(text):
        found.append(text[at : word.start()])
        found.append(word.group() if _is_steady(text, word, counted=counted) else ANY)
        at = word.end()
    return _RUN.sub(ANY, "".join((*found, text[at:])))


def _is_steady(text: str, word: re.Match[str], *, counted: bool) -> bool:
    if _NAME.fullmatch(word.group()):
        return True
    before = text[max(0, word.start() - _BEFORE_LONGEST) : word.start()]
    is_measured = _BEFORE.search(before) is not None or _AFTER.match(text, word.end()) is not None
    return not counted and not is_measured and _STEADY.fullmatch(word.group()) is not None


def narrowest(case: Case) -> tuple[str, ...]:
    """Give the parts that name the first cause of a case and no other, as far as they are the same in every run."""
    cause = case.cause
    if cause is None:
        return ()
    counted = _is_counted(cause)
    parts = [_whole(steady(_line(headline(case)), counted=counted), f"{cause.where}: ")]
    if headline(case) != cause.text:  # which tells of one value and field what the text tells of all
        parts.append(_whole(steady(_line(cause.text), counted=counted)))
    if cause.expected:
        parts.append(EXPECTED + _short(steady(_line(cause.expected), counted=counted)))
    parts += [RECEIVED + _short(steady(_line(part), counted=counted)) for part in _received(case, cause)]
    held = [part for part in dict.fromkeys(parts) if _names(part, case, cause)]
    return tuple(held if held[:1] == parts[:1] else [cause.where, *held])


def _received(case: Case, cause: Cause) -> Iterator[str]:
    """Give of what came instead what tells this cause from another; the rest differs from run to run."""
    if is_wait(cause):
        yield "frame"
        for field in different_fields(case):
            yield f'"{field.path.rpartition(".")[2]}": {field.received}'
    elif " | " in cause.received and not is_bare(cause.text):
        yield cause.received.partition(" | ")[0]
    elif cause.received.startswith("no "):
        yield cause.received


def names(parts: Sequence[str], case: Case) -> bool:
    """Whether all parts name the first cause of a case."""
    if case.cause is None:
        return not parts
    return all(_names(part, case, case.cause) for part in parts)


def _names(part: str, case: Case, cause: Cause) -> bool:
    if part.startswith(EXACTLY):
        return _is(part.removeprefix(EXACTLY), case, cause)
    if part.startswith(EXPECTED):
        part, texts = part.removeprefix(EXPECTED), [cause.expected]
    elif part.startswith(RECEIVED):
        part, texts = part.removeprefix(RECEIVED), [cause.received]
    else:
        texts = [f"{cause.where}: {headline(case)}", cause.text, cause.where, cause.requirement]
    return any(_holds(part, text, counted=_is_counted(cause)) for text in texts)


def _holds(part: str, text: str, *, counted: bool) -> bool:
    """Whether a text contains a part, and not only the beginning or the end of a number: step 1 is not step 11."""
    pattern = (r"(?<!\d)" if part[:1].isdigit() else "") + re.escape(part) + (r"(?!\d)" if part[-1:].isdigit() else "")
    return any(re.search(pattern, one) for one in _forms(part, text, counted=counted))


def _is(part: str, case: Case, cause: Cause) -> bool:
    """Whether a part is the whole text of a cause, with or without the place before it."""
    texts = (f"{cause.where}: {headline(case)}", headline(case), f"{cause.where}: {cause.text}", cause.text)
    return any(part in _forms(part, text, counted=_is_counted(cause)) for text in texts)


def _forms(part: str, text: str, *, counted: bool) -> tuple[str, ...]:
    """Give a text as it is, on one line, and for a part with `…` as `narrowest` writes it."""
    line = _line(text)
    return (text, line, _steady_place(line, counted=counted)) if ANY in part else (text, line)


def _steady_place(line: str, *, counted: bool) -> str:
    """Write `…` in a text as `narrowest` does, which leaves the place before it as it is."""
    place = _PLACE.match(line)
    at = place.end() if place else 0
    return line[:at] + steady(line[at:], counted=counted)


def _is_counted(cause: Cause) -> bool:
    return _COUNTED.search(f"{cause.text} {cause.expected}") is not None


def _line(text: str) -> str:
    return visible(" ".join(text.split()), one_line=True)


def _whole(text: str, place: str = "") -> str:
    """Write a part that is a whole text, if it is short enough to be written."""
    return f"{EXACTLY}{place}{text}" if len(text) <= _LONGEST else f"{place}{_short(text)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(" ")[0]
