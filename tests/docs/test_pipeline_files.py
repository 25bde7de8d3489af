"""The GitHub action and the GitLab template: valid, and their shell does what it says."""

import json
import os
import subprocess
import sys

import pytest
import yaml
from written import DOCS, ROOT

from ocpp_tck.demo import product

PAGE = (DOCS / "pipelines.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / ".gitlab/ocpp-tck.gitlab-ci.yml").read_text(encoding="utf-8"))
STEPS = {step.get("id") or step.get("name") or step["uses"]: step for step in ACTION["runs"]["steps"]}


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("github-actions", "action.yml"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("github-workflows", "docs/examples/github/conformance.yml"),
        ("gitlab-ci", ".gitlab/ocpp-tck.gitlab-ci.yml"),
        ("gitlab-ci", "docs/examples/gitlab/.gitlab-ci.yml"),
        ("compose-spec", "docs/examples/container/compose.yaml"),
    ],
)
def test_a_file_is_valid(schema, path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_input_is_written_into_the_shell():
    """An expression inside `run` would let a branch's name or a config value be executed."""
    scripts = [step["run"] for step in STEPS.values() if "run" in step]
    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []


def test_the_inputs_and_variables_are_documented():
    assert [name for name in (*ACTION["inputs"], *ACTION["outputs"]) if f"`{name}`" not in PAGE] == []
    assert [
        name for name in GITLAB[".ocpp-tck"]["variables"] if name.startswith("OCPP_KIT") and f"`{name}`" not in PAGE
    ] == []
    example = yaml.safe_load((DOCS / "examples/github/conformance.yml").read_text(encoding="utf-8"))
    given = next(
        step["with"] for step in example["jobs"]["ocpp"]["steps"] if "ocpp-tck/ocpp-tck@" in step.get("uses", "")
    )
    assert given.keys() <= ACTION["inputs"].keys()


@pytest.fixture(scope="module")
def csms():
    with product("csms", "--version", "1.6", "--token", "TCK-VALID=Accepted") as addresses:
        yield addresses


@pytest.fixture
def runner(tmp_path, csms):
    """A runner as GitHub has it: folders, files for outputs and summary, and the kit where the action installs it."""
    program = tmp_path / "temp" / "ocpp-tck" / "bin"
    program.mkdir(parents=True)
    (program / "python").symlink_to(sys.executable)
    (program / "ocpp-tck").write_text(f'#!/bin/sh\nexec {sys.executable} -m ocpp_tck.cli "$@"\n')
    (program / "ocpp-tck").chmod(0o755)
    text = (ROOT / "tests/docs/action.toml").read_text()
    text = text.replace("ws://127.0.0.1:9000/ocpp", csms["ocpp"]).replace("http://127.0.0.1:9100", csms["control"])
    (tmp_path / "ocpp tck.toml").write_text(text)
    return tmp_path


def env(runner, **more):
    files = {
        "GITHUB_OUTPUT": runner / "output",
        "GITHUB_STEP_SUMMARY": runner / "summary",
        "RUNNER_TEMP": runner / "temp",
    }
    return {**os.environ, "OCPP_TCK_LIMITS_RESPONSE": "10", **{name: str(path) for name, path in files.items()}, **more}


def act(runner, **given):
    """Carry out the step that runs the cases, then the one that gives the exit code."""
    inputs = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | {"config": "ocpp tck.toml"}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    told = {
        name: inputs[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in STEPS["run"]["env"].items()
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    done = subprocess.run(
        [*shell, STEPS["run"]["run"]], cwd=runner, env=env(runner, **told), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("=", 1) for line in (runner / "output").read_text().splitlines())
    last = STEPS["Give the exit code"]["run"]
    end = subprocess.run([*shell, last], env={**os.environ, "KIT_CODE": outputs["exit-code"]}, check=False)
    return outputs, end.returncode, (runner / "summary").read_text(), done.stdout


def test_the_action_passes_a_right_product(runner):
    outputs, code, summary, log = act(runner, sut="csms", version="1.6", args="--case\nTC_013_CSMS\n\n--seed\n7\n")
    assert outputs == {"exit-code": "0", "verdict": "pass"}, log
    assert code == 0
    assert "## Pass" in summary
    report = json.loads((runner / "reports/ocpp-tck/report.json").read_text())
    assert (report["run"]["seed"], [case["id"] for case in report["cases"]]) == (7, ["TC_013_CSMS"])


def test_the_action_hands_on_what_failed(runner):
    (runner / "known.toml").write_text(
        '[[known]]\ncase = "TC_013_CSMS"\nverdict = "fail"\nreason = "it was wrong once"\n'
    )
    outputs, code, summary, log = act(
        runner, args="--case\nTC_013_CSMS", strict="true", **{"known-failures": "known.toml"}
    )
    assert (outputs["exit-code"], code) == ("1", 1), log
    assert "TC_013_CSMS" in summary.replace("\\", "")


def test_the_action_tells_a_wrong_configuration(runner):
    old = runner / "reports/ocpp-tck"  # of an earlier run: its verdict must not be taken for this one's
    old.mkdir(parents=True)
    (old / "report.json").write_text('{"verdict": "pass"}')
    (old / "summary.md").write_text("## Pass")
    outputs, code, summary, log = act(runner, config="$(touch owned); none.toml")
    assert outputs == {"exit-code": "4", "verdict": ""}, log
    assert code == 4
    assert "no report" in summary
    assert not (runner / "owned").exists()


def test_the_action_installs_the_kit_of_its_own_version(runner):
    """The step is run with a Python that notes what it is asked for."""
    note = runner / "note"
    (runner / "bin").mkdir()
    fake = f'#!/bin/sh\necho "$@" >> {note}\nmkdir -p "$RUNNER_TEMP/fresh"\n'
    for path in (runner / "bin/python", runner / "temp/ocpp-tck/bin/python"):
        path.unlink(missing_ok=True)
        path.write_text(fake)
        path.chmod(0o755)
    told = env(runner, GITHUB_ACTION_PATH="/actions/kit", PATH=f"{runner}/bin:{os.environ['PATH']}")
    subprocess.run(["bash", "-eo", "pipefail", "-c", STEPS["Install the kit"]["run"]], env=told, check=True)
    venv, pip = note.read_text().splitlines()
    assert venv == f"-m venv {runner}/temp/ocpp-tck"
    assert pip.endswith("/actions/kit[parallel]")


def test_the_gitlab_job(runner):
    """One case that passes and is listed as one that fails: the job fails, and its artifacts are there."""
    job = GITLAB[".ocpp-tck"]
    script = "\n".join(job["script"]).replace("/tmp/", f"{runner}/temp/")  # noqa: S108 - where the job works
    (runner / "known.toml").write_text('[[known]]\ncase = "TC_013_CSMS"\nverdict = "fail"\nreason = "once"\n')
    variables = job["variables"] | {
        "OCPP_KIT_CONFIG": "ocpp tck.toml",
        "OCPP_KIT_ARGS": "--case\nTC_013_CSMS",
        "OCPP_KIT_SUT": "csms",
        "OCPP_KIT_KNOWN_FAILURES": "known.toml",
    }
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=runner,
        env=env(runner, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "listed as fail" in done.stdout
    folder = runner / variables["OCPP_KIT_REPORT_DIR"]
    assert job["artifacts"]["reports"]["junit"].replace("$OCPP_KIT_REPORT_DIR", str(folder)) == str(
        folder / "junit.xml"
    )
    assert "<testcase classname=" in (folder / "junit.xml").read_text()
