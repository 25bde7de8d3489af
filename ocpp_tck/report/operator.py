"""What an operator did and said, in words for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.records import ATTEST, OperatorActed, PromptEnded, PromptRenewed

if TYPE_CHECKING:
    from collections.abc import Mapping

_AGAIN = ("the operator: the time anew", "plain")
_ENDINGS = {
    "came": ("the product shows it", "ok"),
    "said": ("the operator: done", "ok"),
    "cannot": ("the operator: can't", "bad"),
    "yes": ("the operator: yes", "ok"),
    "no": ("the operator: no", "bad"),
    "gone": ("the terminal went away", "bad"),
    "expired": ("the operator's time is over", "bad"),
    "dropped": ("the prompt is no longer needed", "plain"),
}
"""Words and tone of each ending of a prompt."""
_SPEAKER = "the operator: "
_PERSONS = {"terminal", "console"}


def told(record: OperatorActed | PromptRenewed | PromptEnded) -> tuple[str, str, str, str]:
    """Give kind, text, detail and tone of the event: `operator` is what he did or said, the rest is a `remark`."""
    if isinstance(record, OperatorActed):
        text = _what(record.action, record.payload)
        if record.action == ATTEST:
            text = f"attested: {text}"
        how = " · ".join(filter(None, (record.driver, record.outcome, record.detail)))
        return "operator", text, how, "ok" if record.outcome in {"done", "prompted"} else "bad"
    text, tone = _AGAIN
    if isinstance(record, PromptEnded):
        text, tone = _ENDINGS.get(record.ending, (f"the prompt ended: {record.ending}", "plain"))
    spoke = record.by in _PERSONS and text.startswith(_SPEAKER)
    where = f"at the {record.by}" if spoke else ""
    detail = " · ".join(filter(None, (_what(record.action, record.payload), where)))
    return "operator" if spoke else "remark", text, detail, tone


def _what(action: str, payload: Mapping[str, Any]) -> str:
    """Write what was asked for; of a question the question."""
    if action == ATTEST:
        return str(payload.get("question", ""))
    written = json.dumps(payload, default=dict, ensure_ascii=False) if payload else ""
    return f"{action} {written}".strip()
