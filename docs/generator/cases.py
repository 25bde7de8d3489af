"""Every OCA case with its steps, from what `ocpp-tck plan --json` prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from generator.markdown import code, generated, plain, table
from ocpp_tck.plan import as_json, entries

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = (
    ("16-cs", "Charging stations, 1.6", "cs", True),
    ("16-csms", "CSMSs, 1.6", "csms", True),
    ("2x-cs", "Charging stations, 2.0.1 and 2.1", "cs", False),
    ("2x-csms", "CSMSs, 2.0.1 and 2.1", "csms", False),
)


def pages() -> Iterator[tuple[str, str]]:
    """Give the overview, and a page for each role and generation."""
    rows = [as_json(entry) for entry in entries()]
    yield "cases/index.md", _overview(rows)
    for name, title, sut, is_16 in _PARTS:
        chosen = [row for row in rows if row["sut"] == sut and ("1.6" in row["versions"]) is is_16]
        yield f"cases/{name}.md", _page(title, chosen)


def _overview(rows: list[dict[str, Any]]) -> str:
    counts = Counter((row["sut"], version, _status(row)) for row in rows for version in row["versions"])
    statuses = sorted({status for _, _, status in counts})
    kinds = sorted({(version, sut) for sut, version, _ in counts})
    lines = [
        (version, "charging station" if sut == "cs" else "CSMS", *(str(counts[sut, version, one]) for one in statuses))
        for version, sut in kinds
    ]
    return "\n".join(
        [
            "# Cases\n",
            generated("the catalogue and the cases"),
            table(("OCPP", "product", *statuses), lines),
            (
                "*Run under other ids*: an older edition of the OCA document has one id where the current one has "
                "several; "
                "the old id selects them all. *Pending*: not written yet; such a case is never run and never counts as "
                "passed.\n"
            ),
            *(f"- [{title}]({name}.md)" for name, title, _, _ in _PARTS),
            (
                "\nThe ids and the numbers of the steps are those of the OCA's test case documents, the titles and the "
                "sentences are the kit's own. Lay the document beside a page to compare them. [How a case is "
                "written](../write-a-case.md).\n"
            ),
        ]
    )


def _status(row: dict[str, Any]) -> str:
    return "run under other ids" if row["status"] == "implemented" and not row["steps"] else row["status"]


def _page(title: str, rows: list[dict[str, Any]]) -> str:
    written = [row for row in rows if row["steps"]]
    parts = [f"# {title}\n", generated("the catalogue and the cases")]
    profiles: dict[str, list[dict[str, Any]]] = {}
    for row in written:
        profiles.setdefault(row["profile"], []).append(row)
    for profile, cases in profiles.items():
        parts.append(f"## {plain(profile or 'Without a profile')}\n")
        parts.extend(_case(row) for row in cases)
    moved = [(code(row["id"]), plain(row["reason"])) for row in rows if _status(row) == "run under other ids"]
    if moved:
        parts.append("## Run under other ids\n\n" + table(("id", "how"), moved))
    others = sorted({row["status"] for row in rows} - {"implemented"})
    for status in others:
        listed = _open(row for row in rows if row["status"] == status)
        parts += [f"## {status.capitalize()}\n", listed]
    return "\n".join(parts)


def _open(rows: Iterator[dict[str, Any]]) -> str:
    profiles: dict[str, list[str]] = {}
    for row in rows:
        reason = f" ({plain(row['reason'])})" if row["reason"] else ""
        profiles.setdefault(row["profile"] or "without a profile", []).append(code(row["id"]) + reason)
    lines = ((plain(profile), str(len(ids)), ", ".join(ids)) for profile, ids in profiles.items())
    return table(("profile", "cases", "ids"), lines)


def _case(row: dict[str, Any]) -> str:
    facts = [
        ("versions", ", ".join(row["versions"])),
        ("applies if", code(row.get("applies_if", ""))),
        ("needs", ", ".join(code(one) for one in row.get("needs", ()))),
        ("security profiles", ", ".join(str(one) for one in row.get("security_profiles", ()))),
        ("changes", plain(row.get("changes", ""))),
        ("older ids", ", ".join(code(one) for one in row.get("aliases", ()))),
        ("requirements", plain(row.get("requirements", ""))),
    ]
    said = "  \n".join(f"**{name}** {text}" for name, text in facts if text)
    steps = table(("step", "what happens", ""), (_step(one) for one in row["steps"]))
    title = f"### {row['id']} {plain(row['title'])} {{#{row['id'].lower().replace('_', '-')}}}"
    return f"{title}\n\n{said}\n\n{steps}"


def _step(step: dict[str, Any]) -> tuple[str, str, str]:
    notes = []
    if step.get("level", "must") != "must":
        notes.append(step["level"])
    if step.get("optional"):
        notes.append("optional")
    if step.get("when"):
        notes.append(f"when {step['when']}")
    if step.get("requirement"):
        notes.append(step["requirement"])
    if step.get("oca"):
        notes.append(f"numbered {step['oca']} in the document")
    return plain(step["n"]), plain(step["text"]), plain("; ".join(notes))
