"""Where the configuration is more likely wrong than the product: one sentence each, with the mend.

They change no verdict. A token that the CSMS never takes as what `[test_data]` says of it fails many cases in several
ways, and none of these says that it is one value that somebody has to look at. An
address of the driver at which nothing is leaves cases out, and the run is green.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.text import often, shown
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocpp_tck.report.model import Case, FrameRow, ReportModel

_KNOWN_AS = {
    "valid": "Accepted",
    "same_group": "Accepted",
    "other": "Accepted",
}
"""Status that the CSMS has to give a token of `[test_data]`, by its pseudonym; most cases rest on these."""
_BUSY = "ConcurrentTx"
"""The token is accepted, but in a transaction already (1.6 7.2; 2.0.1 AuthorizationStatusEnumType)."""
_UNDRIVEN, _NOTHING_THERE = "no driver can do ", ": 404 "
"""How the cause of a case begins that no driver could serve, and what an address says at which nothing is."""
_ASKING = frozenset({"Authorize", "StartTransaction", "TransactionEvent"})


@dataclass(slots=True)
class _Answers:
    """How a CSMS answered one token: how often with each status, and where first."""

    first: str
    statuses: Counter[str] = field(default_factory=Counter)


def hints(model: ReportModel) -> list[str]:
    """Give what to look at in the configuration before anything is mended in the product; empty when nothing shows."""
    tokens = _refused(model) if model.sut.get("role") == "csms" else _unknown(model)
    return [*tokens, *_unreached(model)]


def _unreached(model: ReportModel) -> Iterator[str]:
    """Name the actions for which nothing is at the address of the driver: it may mean *not offered*, or a slip."""
    found: dict[str, list[str]] = {}
    for case in model.cases:
        text = case.cause.text if case.cause and case.verdict is Verdict.NOT_RUN and not case.superseded else ""
        if text.startswith(_UNDRIVEN) and _NOTHING_THERE in text:
            found.setdefault(text.removeprefix(_UNDRIVEN).partition(": ")[0], []).append(case.id)
    for action, ids in found.items():
        yield (
            f"{often(len(ids))} a case was not run because [driver.http] was told 404 for {action} ({ids[0]}). If the "
            "product can do it, correct the address; if it can't, say `supported = false` for that action."
        )


def _refused(model: ReportModel) -> Iterator[str]:
    """Name the tokens that the CSMS never took as what they are configured to be."""
    found: dict[str, _Answers] = {}
    for case in model.cases:
        for frame, name, status in _answered(case):
            one = found.setdefault(name, _Answers(f"{case.id}, frame {frame.n}"))
            one.statuses[_KNOWN_AS[name] if status == _BUSY else status] += 1
    for name, wanted in _KNOWN_AS.items():
        if name not in found or wanted in found[name].statuses:
            continue
        one = found[name]
        given = f"{often(one.statuses.total())} with {' and '.join(map(shown, sorted(one.statuses)))} ({one.first})"
        yield (
            f"[test_data] {name}_token was never answered with {wanted}, but {given}. Does the CSMS know that token, "
            f"spelt like this, as {wanted}? If not, enter it there or correct it here, and run again: until then what "
            "fails for it tells nothing of the product."
        )


def _answered(case: Case) -> Iterator[tuple[FrameRow, str, str]]:
    """Give the answers of a CSMS about tokens of `[test_data]`: frame, token, status."""
    asked: dict[tuple[str, str], str] = {}
    for frame in case.frames:
        if frame.malformed or frame.action not in _ASKING:
            continue
        key = frame.connection, frame.message_id
        if frame.type == "CALL" and frame.sender == "kit":
            asked[key] = _token(_payload(frame, 3)).removeprefix("<token:").removesuffix(">")
        elif frame.type == "CALLRESULT" and frame.sender == "product" and asked.get(key) in _KNOWN_AS:
            payload = _payload(frame, 2)
            info = payload.get("idTagInfo", payload.get("idTokenInfo"))
            status = info.get("status") if isinstance(info, dict) else None
            if isinstance(status, str):
                yield frame, asked[key], status


def _unknown(model: ReportModel) -> Iterator[str]:
    """Say when a station sends a token that is none of `[test_data]`, and never the valid one."""
    first = ""
    for case in model.cases:
        for frame in case.frames:
            if frame.malformed or frame.type != "CALL" or frame.sender != "product" or frame.action not in _ASKING:
                continue
            token = _token(_payload(frame, 3))
            if token == "<token:valid>":  # noqa: S105 - a pseudonym
                return
            if token and not token.startswith("<token:"):
                first = first or f"{shown(token)} ({case.id}, frame {frame.n})"
    if first:
        yield (
            f"The station never sent [test_data] valid_token, but {first}, which is none of the configured tokens. "
            "Is valid_token what the reader sends for that card?"
        )


def _token(payload: Mapping[str, Any]) -> str:
    token = payload.get("idTag", payload.get("idToken"))
    if isinstance(token, dict):
        token = token.get("idToken")
    return token if isinstance(token, str) else ""


def _payload(frame: FrameRow, at: int) -> dict[str, Any]:
    try:
        message = json.loads(frame.raw)
    except (ValueError, RecursionError):
        return {}
    payload = message[at] if isinstance(message, list) and len(message) > at else None
    return payload if isinstance(payload, dict) else {}
