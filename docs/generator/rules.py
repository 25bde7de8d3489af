"""The rules that every frame is judged by, with their examples, from the table in `ocpp_tck.protocol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.markdown import block, code, generated, plain, table
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.protocol.types import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.rule import Example, Rule

_TOPICS = {
    "boot": "Boot",
    "frame": "Frames",
    "handshake": "Handshake",
    "json": "JSON",
    "payload": "Payloads",
    "rpc": "Calls and answers",
}


def page() -> str:
    """Give the page."""
    topics: dict[str, list[Rule]] = {}
    for one in RULES.values():
        topics.setdefault(one.id.partition(".")[0], []).append(one)
    parts = [
        "# Rules of frames\n",
        generated("the table of rules"),
        (
            f"Every frame of the product is judged by these {len(RULES)} rules in every case, whatever the case "
            "is about. "
            "A broken *must* fails the running case, a broken *should* warns. A version that a rule does not name does "
            "not have it. The examples are what the kit's own tests run: the first finding in each failing trace "
            "is that "
            "rule.\n"
        ),
    ]
    for topic in sorted(topics):
        parts.append(f"## {_TOPICS.get(topic, topic.replace('_', ' ').capitalize())}\n")
        parts.extend(_rule(one) for one in topics[topic])
    return "\n".join(parts)


def anchor(identifier: str) -> str:
    """Give the place of a rule on the page."""
    return identifier.replace(".", "-")


def _rule(one: Rule) -> str:
    rows = [(str(version), str(level), plain(one.clauses[version])) for version, level in one.levels.items()]
    parts = [
        f"### {code(one.id)} {{#{anchor(one.id)}}}\n",
        f"{plain(one.title)}.\n",
        table(("version", "level", "clause"), rows),
    ]
    if one.failing:
        parts.append(f'??? failure "Breaks it"\n{_examples(one.failing)}')
    if one.passing:
        parts.append(f'??? success "Keeps it"\n{_examples(one.passing)}')
    if not one.failing:
        parts.append("About the connection itself, which no frame shows.\n")
    return "\n".join(parts)


def _examples(examples: tuple[Example, ...]) -> str:
    text = "\n".join(block("\n".join(_lines(one))) for one in examples)
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def _lines(example: Example) -> Iterator[str]:
    product = "the station" if example.product is Side.STATION else "the CSMS"
    yield f"OCPP {example.version}; the product is {product}"
    for one in example.trace:
        if one.dt:
            yield f"... {one.dt:g} s later"
        raw = one.raw if isinstance(one.raw, str) else repr(one.raw)
        raw = raw if len(raw) <= _LONGEST else f"{raw[:_LONGEST]} … ({len(raw)} characters)"
        yield f"{'station' if one.sender is Side.STATION else 'CSMS':>7}  {raw}"
    if example.wait:
        yield f"... and {example.wait:g} s pass"


_LONGEST = 400
