"""What `ocpp-tck selftest` does: the parts by name, what they need, and the table at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ocpp_tck.selftest.result import table, told, write_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ocpp_tck.selftest.result import Part

VARIATIONS = 500
"""Legal variations of each role in a whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose.

    Attributes:
        sut, version: only this role, only this version; None = all.
        cases: only these cases; empty = all.
        sample: part of everything that is tried, 0 to 1.
        seed: what is drawn derives from it.
        jobs: processes.
        details: where every systematic mutant with its fate is written as JSON Lines; None = nowhere.
    """

    sut: str | None = None
    version: str | None = None
    cases: tuple[str, ...] = ()
    sample: float = 1.0
    seed: int = 1
    jobs: int = 2
    details: Path | None = None


def _mutants(options: Options) -> Iterator[Part]:
    """The replayed mutants, then those that the replay has left open."""
    from ocpp_tck.selftest import live, matrix  # noqa: PLC0415 - each part loads what it needs

    part, found = matrix.run(
        sut=options.sut,
        version=options.version,
        cases=options.cases,
        sample=options.sample,
        seed=options.seed,
        jobs=options.jobs,
    )
    if options.details is not None:
        with options.details.open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(one, ensure_ascii=False)}\n" for one in matrix.details(found))
    yield part
    if found.open or found.drawn:
        yield live.run(found, jobs=options.jobs, seed=options.seed, sampled=part.sampled)


def _behaviour(options: Options) -> Iterator[Part]:
    """Products that are wrong in what they do over time."""
    from ocpp_tck.selftest import behaviour  # noqa: PLC0415

    yield behaviour.run(
        sut=options.sut,
        version=options.version,
        jobs=options.jobs,
        seed=options.seed,
        sample=options.sample,
        suites=options.sample >= 1,
    )


def _variations(options: Options) -> Iterator[Part]:
    """Products that are right in unexpected ways."""
    from ocpp_tck.selftest import variations  # noqa: PLC0415

    count = max(1, round(VARIATIONS * options.sample))
    part = variations.run(sut=options.sut, version=options.version, count=count, seed=options.seed, jobs=options.jobs)
    yield replace(part, sampled=options.sample < 1)


def _stability(options: Options) -> Iterator[Part]:
    """The same verdicts whatever happens around the kit."""
    from ocpp_tck.selftest import stability  # noqa: PLC0415

    part = stability.run(
        sut=options.sut, version=options.version, seed=options.seed, jobs=options.jobs, scale=options.sample
    )
    yield replace(part, sampled=options.sample < 1)


def _validators(options: Options) -> Iterator[Part]:
    """Both validators, the parser, the judge and the masking on drawn input; of `sut` and `cases` nothing depends."""
    from ocpp_tck.selftest import validators  # noqa: PLC0415 - each part loads what it needs

    yield validators.run(examples=max(1, round(validators.FULL * options.sample)), seed=options.seed)


PARTS: dict[str, Callable[[Options], Iterator[Part]]] = {
    "mutants": _mutants,
    "behaviour": _behaviour,
    "variations": _variations,
    "stability": _stability,
    "validators": _validators,
}
"""Every part that a user can run, by its name."""


def carry_out(names: Sequence[str], options: Options, folder: Path, tell: Callable[[str], None]) -> bool:
    """Run the parts, write their results to a folder and tell them; gives whether everything came as it must."""
    parts = []
    for name in names or PARTS:
        for part in PARTS[name](options):
            parts.append(part)
            write_part(part, folder)
            for line in told(part):
                tell(line)
    tell("")
    tell(table(parts))
    tell(f"written to {folder}")
    return all(part.holds for part in parts)
