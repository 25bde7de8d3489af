"""How fast report.html opens in headless Chromium: 1,000 cases with 100,000 frames.

Beside it, in the same run: a page of as many bytes that is one plain text, which is what the browser needs for reading
alone, and a page with a table row for each of a tenth of the frames, which shows what laying everything out would cost.

    python tests/benchmarks/bench_report.py [cases [frames per case]]
"""

from __future__ import annotations

import sys
import tempfile
import time
from html import escape
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))

from ocpp_tck.report.html import render_html
from ocpp_tck.report.model import Case, Cause, FrameRow, ReportModel, Run, Step, Violation
from ocpp_tck.verdict import Verdict
from tests.hostile import browser

ROUNDS = 5
_METER = (
    '[2,"{id}","MeterValues",{{"connectorId":1,"transactionId":{n},"meterValue":[{{"timestamp":"2026-11-26T00:00:00.000Z",'
    '"sampledValue":[{{"value":"{n}","measurand":"Energy.Active.Import.Register","unit":"Wh"}}]}}]}}]'
)
_READY = """
const done = arguments[arguments.length - 1], told = () => {
  const one = performance.getEntriesByType("navigation")[0], paint = performance.getEntriesByName("first-contentful-paint")[0];
  done([one.loadEventEnd, paint ? paint.startTime : NaN, document.querySelectorAll("*").length]);
};
const wait = () => document.readyState === "complete" && performance.getEntriesByType("navigation")[0].loadEventEnd ? requestAnimationFrame(told) : setTimeout(wait, 5);
wait();
"""
_OPEN = """
const done = arguments[arguments.length - 1], began = performance.now(), box = document.querySelector("details.case");
box.querySelector("summary").click();
const wait = () => box.querySelector("li.frame") ? requestAnimationFrame(() => done(performance.now() - began)) : setTimeout(wait, 1);
wait();
"""
_SEARCH = """
const began = performance.now(), one = document.querySelector("#search");
one.value = "metervalues energy";
one.dispatchEvent(new Event("input", { bubbles: true }));
document.body.getBoundingClientRect();
return performance.now() - began;
"""


def model(cases: int, frames: int) -> ReportModel:
    """Make a run of so many cases with so many frames each; every tenth fails, every seventh warns."""
    run = Run(
        kit_version="0", seed=1, start=1.8e9, end=1.8e9, duration=1.0, limits={}, test_data={}, pics={}, stations=("CP1",),
        catalogue_sha256="", environment={}, selection="", workers=("main",), journals=("journal.jsonl",),
    )  # fmt: skip
    made = tuple(_case(number, frames) for number in range(cases))
    return ReportModel(run=run, sut={"role": "cs", "version": "1.6"}, seen={}, cases=made, answers=(), problems=())


def _case(number: int, frames: int) -> Case:
    first = number * frames
    rows = tuple(_frame(first + at, at) for at in range(frames))
    fails, warns = number % 10 == 0, number % 7 == 0
    cause = Cause(text=f"MeterValues did not come within {number} s", where="step 2", requirement="1.6 4.7", expected="MeterValues with connectorId 2", received=rows[-2].raw, frames=(rows[-2].n,))  # fmt: skip
    late = Violation(rule="time.clock", level="should", frame=rows[0].n, message="late", spec="OCPP 1.6 4.6", path="", sender="product", recomputable=True, time=0.0)  # fmt: skip
    steps = tuple(
        Step(index=n, n=str(n), text=f"The charge point does the {n}th thing", verdict="pass", start=1.0)
        for n in range(1, 9)
    )
    verdict = Verdict.FAIL if fails else Verdict.WARN if warns else Verdict.PASS
    return Case(
        id=f"TC_{number:04}_CS", title=f"Number {number} of many", version="1.6", sut="cs", profile=("Core", "SmartCharging")[number % 2],
        requirements="1.6 4.2, 4.7; errata 3.22", node="", station="CP1", attempt=1, status="implemented", journal="journal.jsonl", verdict=verdict,
        start=1.8e9 + number, duration=1.0, cause=cause if fails or warns else None, steps=steps, frames=rows, events=(),
        violations=(late,) if warns else (),
    )  # fmt: skip


def _frame(n: int, at: int) -> FrameRow:
    sent = at % 2 == 0
    identifier = f"3f95a13a-02c4-4b5a-98ea-{n:012x}"
    return FrameRow(
        n=n, time=1.8e9 + at / 50, offset=at / 50, connection="c", station="CP1", sender="product" if sent else "kit",
        raw=_METER.format(id=identifier, n=n) if sent else f'[3,"{identifier}",{{}}]', encoding="text",
        type="CALL" if sent else "CALLRESULT", message_id=identifier, action="MeterValues", malformed=False, step=1,
    )  # fmt: skip


def pages(made: ReportModel, folder: Path) -> dict[str, Path]:
    """Write the report and what it is compared with."""
    began = time.perf_counter()
    report = render_html(made)
    print(f"rendered in {time.perf_counter() - began:.2f} s, {len(report.encode()) / 1e6:.1f} MB")
    head = "<!doctype html><meta charset=utf-8><title>x</title>"
    frames = [frame for case in made.cases for frame in case.frames]
    rows = "".join(f"<tr><td>{frame.n}<td>{frame.offset:.3f}<td>{frame.sender}<td>{frame.type}<td>{frame.action}<td><code>{escape(frame.raw)}</code>" for frame in frames[: len(frames) // 10])  # fmt: skip
    written = {
        "report.html": report,
        "the same bytes as one text": f"{head}<p>x<script type=text/plain>{'x' * len(report.encode())}</script>",
        "a tenth of the frames as rows": f"{head}<table>{rows}</table>",
    }
    places = {}
    for number, (name, text) in enumerate(written.items()):
        places[name] = folder / f"{number}.html"
        places[name].write_text(text, encoding="utf-8")
    return places


def main() -> None:
    """Print the medians."""
    cases, frames = (int(sys.argv[1]) if len(sys.argv) > 1 else 1000), (int(sys.argv[2]) if len(sys.argv) > 2 else 100)
    print(f"{cases} cases, {cases * frames} frames, median (least) of {ROUNDS} rounds in headless Chromium")
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-bench-") as scratch, browser.chromium() as driver:
        places = pages(model(cases, frames), Path(scratch))
        driver.set_script_timeout(600)
        driver.set_page_load_timeout(600)
        told: dict[str, list[list[float]]] = {name: [] for name in places}
        acts: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            for name, path in places.items():
                driver.get("about:blank")
                driver.get(path.as_uri())
                told[name].append(driver.execute_async_script(_READY))
                if name == "report.html":
                    acts.append((driver.execute_script(_SEARCH), 0.0))
                    driver.execute_script("document.querySelector('#clear').click()")
                    acts[-1] = (acts[-1][0], driver.execute_async_script(_OPEN))
        for name, rounds in told.items():
            loaded, painted, elements = zip(*rounds, strict=True)
            print(f"  {name:<30} loaded {median(loaded):7.0f} ms ({min(loaded):.0f})   first paint {median(painted):6.0f} ms ({min(painted):.0f})   {elements[0]:>7} elements")  # fmt: skip
        print(f"  search {median(one for one, _ in acts):.0f} ms, open a case {median(one for _, one in acts):.0f} ms")


if __name__ == "__main__":
    main()
