"""One run of the command on an embedded product that passes some cases and fails one; each test has a copy of its own."""

import json
import shutil
from types import SimpleNamespace

import pytest
from kit_runs import CASES, config_for, run_kit

from ocpp_tck.demo import product
from ocpp_tck.evidence.dsse import new_key


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """The folder of the run, signed, and its keys."""
    place = tmp_path_factory.mktemp("recorded")
    key = place / "key.pem"
    public = new_key(key)
    arguments = ["--token", "TCK-VALID-1A=Accepted", "--defect=resets-softly"]
    with product("csms", "--version", "1.6", *arguments) as addresses:
        config = place / "ocpp-tck.toml"
        config.write_text(config_for(addresses, f'[evidence]\nsigning_key = "key.pem"\nproduct = "{config.name}"\n'))
        code, text = run_kit(place / "run", config, *(f"--ocpp-case={case}" for case in CASES))
    assert code in {0, 1}, text
    return SimpleNamespace(folder=place / "run", key=key, public=public, code=code, text=text)


@pytest.fixture
def run(recorded, tmp_path):
    """A copy that may be spoilt."""
    shutil.copytree(recorded.folder, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def verdicts(recorded):
    report = json.loads((recorded.folder / "report.json").read_text())
    return {case["id"]: case["verdict"] for case in report["cases"]}
