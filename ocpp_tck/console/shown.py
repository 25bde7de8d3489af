"""A prompt as a person reads it on the page: pictogram, headline, values and what is to be copied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.text import visible
from ocpp_tck.roles.drivers import actions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.roles.drivers.actions import Action
    from ocpp_tck.roles.drivers.base import Request
    from ocpp_tck.roles.drivers.prompt import Prompt

LONGEST = 600
"""Characters of one text on the page, payloads aside."""
LONGEST_PAYLOAD = 20_000
"""Characters of a payload that can be copied; a longer one is shown up to there, and not to be copied."""
ASK, SEND = "attest", "send"
"""Pictograms of a question, and of a request of the CSMS; every other action has one of its own name."""

_NAMES = {
    "connector": "Connector",
    "evse": "EVSE",
    "idTag": "Token",
    "idToken": "Token",
    "type": "Token type",
    "errorCode": "Error code",
    "key": "Key",
    "value": "Value",
    "status": "Status",
    "password": "Password",
    "expiryDate": "Expiry date",
    "parentIdTag": "Parent idTag",
    "groupIdToken": "Group idToken",
    "listVersion": "List version",
    "updateType": "Update type",
}
_TOKENS = {"idTag", "idToken"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrompt:
    """What the page shows of a prompt, all text made harmless.

    Attributes:
        number: number of the prompt, which its answer names.
        is_question: whether it is answered by yes or no.
        pictogram: name of its picture.
        headline: what to do, or the question, in one sentence.
        facts: names and values that the person needs.
        payload: JSON to be copied; empty for none.
        is_cut: the payload is longer than what is shown.
    """

    number: int
    is_question: bool
    pictogram: str
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    payload: str = ""
    is_cut: bool = False


def shown(prompt: Prompt, masked: Mapping[str, Any]) -> ShownPrompt:
    """Make a prompt ready for the page.

    Args:
        prompt: the prompt.
        masked: its payload as the journal has it, which tells the kinds of the tokens.
    """
    request = prompt.request
    if request is None:
        return ShownPrompt(number=prompt.number, is_question=True, pictogram=ASK, headline=plain(prompt.text))
    action = actions.actions(request.role, request.version)[request.action]
    payload = _payload(request)
    return ShownPrompt(
        number=prompt.number,
        is_question=False,
        pictogram=SEND if action.request else action.name,
        headline=plain(_headline(prompt, action, request)),
        facts=tuple(_facts(action, request, masked)),
        payload=payload[:LONGEST_PAYLOAD],
        is_cut=len(payload) > LONGEST_PAYLOAD,
    )


def plain(text: str, limit: int = LONGEST) -> str:
    """Make a text that may come from the product harmless, on one line."""
    return visible(text, one_line=True, limit=limit)


def _headline(prompt: Prompt, action: Action, request: Request) -> str:
    if action.request:
        return f"Let the CSMS send {action.request}"
    if "{payload}" in action.prompt:
        return f"{prompt.text.partition(': ')[0]}."
    if "{then}" in action.prompt:
        return f"{prompt.text.partition(' with ')[0]} as shown below."
    del request
    return prompt.text


def _facts(action: Action, request: Request, masked: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [("Station", plain(request.station))] if request.role == "csms" else []
    if action.request:
        return found
    for name, value in request.payload.items():
        if isinstance(value, (dict, list, bool)):  # a yes or no is in the words of the request
            continue
        label = _NAMES.get(name, name)
        kind = str(masked.get(name, ""))
        if name in _TOKENS and kind.startswith("<token:"):
            label = f"{label} ({kind.removeprefix('<token:').rstrip('>')})"
        found.append((plain(label), plain(str(value))))
    return found


def _payload(request: Request) -> str:
    """Give what is to be copied: the payload of what a CSMS does, exactly as it must be."""
    if request.role != "csms" or not request.payload:
        return ""
    return json.dumps(request.payload, indent=2, ensure_ascii=True, default=dict)
