"""No false failure: embedded products that are right in unexpected ways, and the verdicts of the kit on them.

Variation number K of a seed is one OCA case on one product (`variants.py`) with some legal changes of its frames
(`legal.py` and the modules `legal16_…`, `legal20`), tokens and intervals of the test data. Pass is right; so are a
warning for a SHOULD that the variation breaks, and not applicable where the product's features or keys are the reason.

`python -m ocpp_tck.selftest.variations --sut cs --count 500 --seed 1 --jobs 6`; one alone: `--number K`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck import pics
from ocpp_tck.selftest import legal16_central, legal16_station, legal20
from ocpp_tck.selftest.cases import VERSIONS, cases_of
from ocpp_tck.selftest.lab import lab
from ocpp_tck.selftest.legal import Change, Scene
from ocpp_tck.selftest.result import Part, Row, told, write_part
from ocpp_tck.selftest.variants import LIMITS, Variant, station_tokens, token_type, used_features, variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from random import Random

    from ocpp_tck.case import Case
    from ocpp_tck.reference.mutant import Mutant
    from ocpp_tck.selftest.lab import Lab, Outcome
    from ocpp_tck.settings import Settings

SUTS = ("cs", "csms")
TURN = ("1.6", "1.6", "1.6", "2.0.1", "1.6", "1.6", "1.6", "2.1", "1.6", "1.6")
"""Version of each number, again and again."""
STARTS = 3
NO_TOKEN = "NoAuthorization"  # noqa: S105 - a type
"""Type of an idToken that is empty (2.0.1 C02)."""
MOST_CHANGES = 4
WHOLE, ANY_VARIANT = 0.3, 0.04
"""How often a change is armed from the handshake on, and how often the case need not apply to the product."""
CHANGES: dict[tuple[str, bool], tuple[Change, ...]] = {
    ("cs", True): legal16_station.STATION,
    ("csms", True): legal16_central.CENTRAL,
    ("cs", False): legal20.STATION,
    ("csms", False): legal20.CENTRAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One variation.

    Attributes:
        number: K.
        variant: the product.
        case: facts of the OCA case.
        function: the case itself.
        changes: names of the changes, with the mutants that they became.
        warns: rules on which the kit may warn.
        whole: whether the changes are armed from the handshake on.
        connector: connector, or EVSE, that the case uses.
        data: test data that differ.
    """

    number: int
    variant: Variant
    case: Case
    function: Callable[..., None]
    changes: tuple[str, ...]
    mutants: tuple[Mutant, ...]
    warns: frozenset[str]
    whole: bool
    connector: int
    data: dict[str, Any]

    def settings(self, given: Settings) -> Settings:
        """Tell the kit what the product and this variation are."""
        made = self.variant.settings(given)
        place = replace(made.station, connector=self.connector, evse=self.connector)
        return replace(made, station=place, test_data=replace(made.test_data, **self.data), seed=self.number)

    def described(self) -> str:
        """Write it for a person."""
        parts = [
            f"{self.case.id} {self.variant.version}",
            f"product {self.variant.number}: {' '.join(self.variant.options)}",
            f"connector {self.connector} of {self.variant.connectors}, station {self.variant.station!r}",
            f"changes {'from the handshake on' if self.whole else 'in the case'}: {', '.join(self.changes) or 'none'}",
            f"data: {self.data}",
        ]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a variation: its verdict, whether anything changed on the wire, and what is wrong if anything."""

    variation: Variation
    verdict: str
    changed: bool
    wrong: str = ""
    seconds: float = 0.0


# -- drawing ----------------------------------------------------------------------------------------------------------


@cache
def _variants(sut: str, version: str, seed: int) -> tuple[Variant, ...]:
    return tuple(variants(sut, version, seed))


@cache
def _order(sut: str, version: str, seed: int) -> tuple[str, ...]:
    names = sorted(cases_of(sut, version))
    random.Random(f"{seed} {sut} {version} cases").shuffle(names)  # noqa: S311 - reproducible, not secret
    return tuple(names)


def draw(sut: str, seed: int, number: int) -> Variation:
    """Draw variation number K of a role; each case has its turn."""
    dice = random.Random(f"{seed} {sut} {number}")  # noqa: S311
    rounds, place = divmod(number, len(TURN))
    version = TURN[place]
    index = rounds * TURN.count(version) + TURN[:place].count(version)
    order = _order(sut, version, seed)
    case, function = cases_of(sut, version)[order[index % len(order)]]
    products = _variants(sut, version, seed)
    fitting = [one for one in products if one.applies(case.applies_if) and one.carries(case)]
    variant = dice.choice(products if dice.random() < ANY_VARIANT or not fitting else fitting)
    connector = dice.choice([1, variant.connectors, dice.randint(1, variant.connectors)])
    scene = Scene(
        sut=sut,
        version=version,
        case=case.id,
        connectors=variant.connectors,
        connector=connector,
        response=LIMITS["response"],
        steps=_source(function),
        resumes="resume-transactions" in variant.options,
    )
    changes, mutants = _changes(dice, scene)
    early = any(change.early for change in changes)
    return Variation(
        number=number,
        variant=variant,
        case=case,
        function=function,
        changes=tuple(change.name for change in changes),
        mutants=tuple(mutants),
        warns=frozenset().union(*(change.warns for change in changes)),
        whole=early or dice.random() < WHOLE,
        connector=connector,
        data=_data(dice, variant, case),
    )


@cache
def _source(function: Callable[..., None]) -> str:
    return Path(function.__code__.co_filename).read_text(encoding="utf-8")


def _changes(dice: Random, scene: Scene) -> tuple[list[Change], list[Mutant]]:
    """Draw changes that have something to change, one of a group; their mutants come in the order of the ranks."""
    known = CHANGES[scene.sut, scene.version == "1.6"]
    wanted = dice.sample(known, dice.randint(1, MOST_CHANGES))
    chosen: dict[str, tuple[Change, list[Mutant]]] = {}
    for change in wanted:
        made = [replace(one, name=f"{change.name}: {one.name}") for one in change.make(dice, scene)]
        if made:
            chosen.setdefault(change.group or change.name, (change, made))
    ordered = sorted(chosen.values(), key=lambda pair: pair[0].rank)
    return [change for change, _ in ordered], [mutant for _, made in ordered for mutant in made]


def _data(dice: Random, variant: Variant, case: Case) -> dict[str, Any]:
    data: dict[str, Any] = {
        "connection_timeout": dice.choice([2, 3]),
        "heartbeat_interval": dice.choice([1, 2]),
        "boot_retry_interval": dice.choice([1, 2]),
        "meter_value_interval": dice.choice([1, 2]),
        "clock_aligned_interval": dice.choice([1, 2]),
        "transaction_duration": dice.choice([0.3, 1.0]),
        "offline_duration": dice.choice([0.3, 1.0]),
        "reservation_expiry": dice.choice([2, 3]),
    }
    if not variant.tokens.get("vendor_id"):
        data["vendor_id"] = dice.choice(["org.ocpp-tck.unknown", "v" * 255, "com.example.Süd/1"])
        data["message_id"] = dice.choice(["unknown", "m" * 50])
    if variant.sut == "cs":
        data |= station_tokens(dice, variant.version)
    else:
        length = 20 if variant.version == "1.6" else 50
        data["charge_point_vendor"] = dice.choice(["ocpp-tck", "v" * length, "Ladesäulen Süd 充電"])
        data["charge_point_model"] = dice.choice(["kit", "m" * 20, "Größe L ⚡"])
    if variant.version != "1.6":
        data["valid_token_type"] = token_type(dice, variant, case.applies_if)
        if data["valid_token_type"] == NO_TOKEN:
            data["valid_token"] = ""
    return data


# -- running ----------------------------------------------------------------------------------------------------------


def carry_out(numbers: Iterable[int], *, sut: str, seed: int, jobs: int, keep: Path | None = None) -> Iterator[Found]:
    """Run variations, several products at a time; gives them as they end. `keep` gets the journals of wrong ones."""
    batches: dict[tuple[str, int], list[Variation]] = defaultdict(list)
    for number in numbers:
        variation = draw(sut, seed, number)
        batches[variation.variant.version, variation.variant.number].append(variation)
    largest_first = sorted(batches.values(), key=len, reverse=True)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for found in pool.map(lambda batch: list(_batch(batch, keep)), largest_first):
            yield from found


def _batch(batch: Sequence[Variation], keep: Path | None) -> Iterator[Found]:
    """Run the variations of one product."""
    left = list(batch)
    while left:
        variant = left[0].variant
        with (
            tempfile.TemporaryDirectory(prefix="ocpp-tck-variations-") as scratch,
            _started(variant, Path(scratch)) as place,
        ):
            while left:
                variation = left.pop(0)
                found, broken = _one(place, variation, keep)
                yield found
                if broken:
                    break  # the next one gets a new product


@contextmanager
def _started(variant: Variant, folder: Path) -> Iterator[Lab]:
    """Start the product; again when another process took the port that was free a moment ago."""
    for attempt in range(STARTS):
        with ExitStack() as stack:
            try:
                place = stack.enter_context(
                    lab(variant.sut, folder, *variant.options, version=variant.version, station=variant.station)
                )
            except RuntimeError:
                if attempt == STARTS - 1:
                    raise
                continue
            yield place
            return


def _one(place: Lab, variation: Variation, keep: Path | None) -> tuple[Found, bool]:
    """Run one variation; also says whether the bench is unusable afterwards."""
    condition = variation.case.applies_if
    applies, reason = pics.decide(condition, variation.variant.answers)
    if applies and not variation.variant.carries(variation.case):
        return Found(variation=variation, verdict="not run", changed=True, wrong=""), False
    if not applies:
        wrong = "" if applies is False else f"not decided: {reason}"
        return Found(variation=variation, verdict="not applicable", changed=True, wrong=wrong), False
    began = time.monotonic()
    try:
        outcome = place.run(
            variation.function,
            variation.mutants,
            whole=variation.whole,
            settings=variation.settings(place.settings),
        )
    except OSError as error:
        return Found(variation=variation, verdict="none", changed=False, wrong=f"the bench failed: {error}"), True
    wrong = judged(variation, outcome)
    if wrong and keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{variation.variant.sut}-{variation.number}.jsonl").write_bytes(outcome.journal.read_bytes())
    return Found(
        variation=variation,
        verdict=outcome.verdict,
        changed=any(outcome.hits.values()),
        wrong=wrong,
        seconds=time.monotonic() - began,
    ), False


def judged(variation: Variation, outcome: Outcome) -> str:
    """Say what is wrong with an outcome, nothing when it is right."""
    verdict, broken = outcome.verdict, set(outcome.rules)
    if verdict == "pass":
        return ""
    if verdict == "warn" and broken and broken <= variation.warns and outcome.where.startswith("rule"):
        return ""
    if verdict == "not applicable" and any(key in outcome.cause for key in variation.variant.excused):
        return ""
    rules = f"; rules: {', '.join(sorted(broken))}" if broken else ""
    return f"{verdict} at {outcome.where}: {outcome.cause}{rules}"


# -- the part ---------------------------------------------------------------------------------------------------------


@dataclass
class _Tally:
    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    products: set[int] = field(default_factory=set)
    unchanged: int = 0


def run(
    *,
    sut: str | None = None,
    version: str | None = None,
    count: int = 500,
    seed: int = 1,
    jobs: int = 6,
    only: int | None = None,
    keep: Path | None = None,
    tell: Callable[[str], None] = lambda _text: None,
) -> Part:
    """Run `count` variations of each role (or of one), of all versions (or of one): the part `variations`.

    Args:
        sut: only this role.
        version: only the variations of this version.
        count: numbers 0 to `count` - 1.
        seed: what they are drawn from.
        jobs: products at a time; the runs mostly wait.
        only: only this number.
        keep: folder for the journals of the wrong ones.
        tell: is told of each wrong one at once.
    """
    began = time.monotonic()
    rows = []
    for role in [sut] if sut else SUTS:
        numbers = [only] if only is not None else range(count)
        chosen = [number for number in numbers if version in {None, TURN[number % len(TURN)]}]
        tallies: dict[str, _Tally] = {name: _Tally() for name in VERSIONS}
        for found in carry_out(chosen, sut=role, seed=seed, jobs=jobs, keep=keep):
            _count(tallies[found.variation.variant.version], found, seed, tell)
        rows += [_row(role, name, tally, seed) for name, tally in tallies.items() if tally.tried]
    return Part(
        name="variations",
        title="Embedded products that are right in unexpected ways get no false verdict.",
        rows=tuple(rows),
        seconds=time.monotonic() - began,
        seed=seed,
        sampled=count < 500 or only is not None,  # noqa: PLR2004 - what the issue asks for
    )


def _count(tally: _Tally, found: Found, seed: int, tell: Callable[[str], None]) -> None:
    variation = found.variation
    tally.tried += 1
    tally.verdicts[found.verdict] += 1
    tally.cases[variation.case.id] += 1
    tally.products.add(variation.variant.number)
    tally.unchanged += not found.changed
    if found.wrong:
        again = f"--sut {variation.variant.sut} --seed {seed} --number {variation.number}"
        line = f"{again}: {found.wrong} [{variation.described()}]"
        tally.wrong.append(line)
        tell(line)


def _row(sut: str, version: str, tally: _Tally, seed: int) -> Row:
    known = cases_of(sut, version)
    products = [one for one in _variants(sut, version, seed) if one.number in tally.products]
    both = [name for name in used_features(sut, version) if len({one.answers[name] for one in products}) > 1]
    hit = [tally.cases[name] for name in known if tally.cases[name]]
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.verdicts.items()))
    note = (
        f"{verdicts}; {len(hit)} of {len(known)} cases, each {min(hit)} to {max(hit)} times; "
        f"{len(both)} of {len(used_features(sut, version))} features on and off; {len(products)} products"
        + (f"; {tally.unchanged} differ by product and data alone" if tally.unchanged else "")
    )
    return Row(
        what=f"legal variations, {sut} {version}",
        count=tally.tried,
        good=tally.tried - len(tally.wrong),
        wrong=tuple(tally.wrong),
        note=note,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit code 1 when a verdict was wrong."""
    parser = argparse.ArgumentParser(prog="python -m ocpp_tck.selftest.variations", description=__doc__)
    parser.add_argument("--sut", choices=SUTS, help="only this role")
    parser.add_argument("--version", choices=VERSIONS, help="only this version")
    parser.add_argument("--count", type=int, default=500, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--number", type=int, metavar="K", help="only variation K")
    parser.add_argument("--jobs", type=int, default=6, metavar="N", help="products at a time; the runs mostly wait")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the journals of wrong ones here")
    parser.add_argument("--report-dir", type=Path, metavar="DIR", help="write variations.json here")
    given = parser.parse_args(arguments)
    part = run(
        sut=given.sut,
        version=given.version,
        count=given.count,
        seed=given.seed,
        jobs=given.jobs,
        only=given.number,
        keep=given.keep,
        tell=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201 - a command's own voice
    )
    if given.report_dir is not None:
        write_part(part, given.report_dir)
    sys.stdout.write("\n".join(told(part)) + "\n")
    return 0 if part.holds else 1


if __name__ == "__main__":
    sys.exit(main())
