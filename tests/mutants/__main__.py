"""`python -m tests.mutants`: run the cases against mutants of the embedded products and write the kill matrix.

Exit code: 0 when every case has a killing mutant and every step has one that kills it; 1 when not, or when a case
fails on the product as it is; 2 when the run itself failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ocpp_tck.case import cases_root
from ocpp_tck.report.kill_matrix import SURVIVED, KillMatrix, load_mutants, make_matrix, write_kill_matrix
from tests.mutants.catalogue import HERE, load

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("1.6", "2.0.1", "2.1")
OK, UNKILLED, BROKEN = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run, write, tell; gives the exit code."""
    options = _options(arguments)
    found: list[dict[str, Any]] = []
    steps: dict[tuple[str, str], list[str]] = {}
    controls: dict[str, str] = {}
    excused: list[str] = []
    runs = _runs(options)
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-mutants-") as folder:
        outs = [Path(folder) / f"{number}.json" for number, _ in enumerate(runs)]
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(lambda run, out: _run(*run[:2], options, out, list(run[2:])), runs, outs))
        for (sut, version, *_), out in zip(runs, outs, strict=True):
            if not out.is_file():
                sys.stderr.write(f"a run of role {sut}, OCPP {version}, ended without results\n")
                return BROKEN
            results = json.loads(out.read_text(encoding="utf-8"))
            found += results["mutants"]
            controls |= {f"{case} {version}": why for case, why in results["controls"].items()}
            steps |= {(case, version): numbers for case, numbers in results["steps"].items()}
            excused += results["excused"]
        merged = Path(folder) / "mutants.json"
        merged.write_text(json.dumps(found), encoding="utf-8")
        matrix = make_matrix(load_mutants(merged), steps)
    written = write_kill_matrix(matrix, options.report_dir)
    return _tell(matrix, controls, excused, written)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sut", choices=("cs", "csms"), help="only this role")
    parser.add_argument("--version", choices=VERSIONS, help="only this version")
    parser.add_argument(
        "--case", action="append", default=[], metavar="ID", help="only this case; needs --sut and --version"
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N mutants of each role and version")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which ones")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="sessions at a time; they mostly wait")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the mutants are; default: here")
    parser.add_argument("--report-dir", type=Path, help="default: reports; reports/kill-matrix-part for a part")
    options = parser.parse_args(arguments)
    if options.case and not (options.sut and options.version):
        parser.error("--case needs --sut and --version")
    if options.report_dir is None:
        part = options.case or options.sample or options.sut or options.version
        options.report_dir = ROOT / "reports" / ("kill-matrix-part" if part else "")
    return options


def _runs(options: argparse.Namespace) -> list[tuple[str, ...]]:
    """Give role, version and further options of each session; one for each embedded product that a case needs."""
    runs: list[tuple[str, ...]] = []
    for version in [options.version] if options.version else VERSIONS:
        for sut in [options.sut] if options.sut else ["csms", "cs"]:
            shards = 1 if options.sample or options.case else options.jobs
            runs += [(sut, version, "--mutants-shard", f"{number}/{shards}") for number in range(shards)]
            others = dict.fromkeys(load(sut, version, options.folder).options.values())
            runs += [
                (sut, version, *(f"--mutants-option={option}" for option in other))
                for other in others
                if other and not options.sample
            ]
    return runs


def _run(sut: str, version: str, options: argparse.Namespace, out: Path, extra: list[str]) -> None:
    cases = [argument for case in options.case for argument in ("--mutants-case", case)]
    command = [
        *(sys.executable, "-m", "pytest"),
        *("-p", "tests.mutants.plugin", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:terminal"),
        *("--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), str(cases_root())),
        *("--mutants-sut", sut, "--mutants-version", version, *cases, *extra),
        *("--mutants-folder", str(options.folder.resolve())),
        *("--mutants-sample", str(options.sample), "--mutants-seed", str(options.seed), "--mutants-out", str(out)),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    subprocess.run(command, cwd=ROOT, env=environment, check=False)


def _tell(matrix: KillMatrix, controls: dict[str, str], excused: list[str], written: list[Path]) -> int:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in matrix.counts.items())
    lines = [
        f"{len({(one.case, one.version) for one in matrix.mutants})} cases, {len(matrix.mutants)} mutants: {counts}"
    ]
    lines += [
        f"survived: {one.case} step {one.step}: {one.mutant}" for one in matrix.mutants if one.outcome == SURVIVED
    ]
    lines += [f"case without a killing mutant: {name}" for name in matrix.unkilled_cases]
    lines += [f"step without a killing mutant: {name}" for name in matrix.unkilled_steps]
    lines += [f"excused: {text}" for text in excused]
    lines += [f"the product as it is does not pass {case}: {why}" for case, why in controls.items()]
    sys.stdout.write("\n".join([*lines, *map(str, written)]) + "\n")
    return UNKILLED if matrix.unkilled_cases or matrix.unkilled_steps or controls else OK


if __name__ == "__main__":
    sys.exit(main())
