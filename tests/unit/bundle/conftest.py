"""One run of the command on an embedded product that passes some cases and fails one; each test has a copy of its own."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from ocpp_tck.case import cases_root
from ocpp_tck.demo import product
from ocpp_tck.evidence.dsse import new_key

CASES = ("TC_003_CSMS", "TC_013_CSMS", "TC_023_1_CSMS", "TC_048_2_CSMS")
SHORT = "[limits]\nresponse = 3.0\nabsence = 0.3\ntransaction = 3.0\n[test_data]\ntransaction_duration = 0.2\n"
UNUSED = ("cacheprovider", "randomly", "hypothesispytest")


def text_of(path):
    """Give what a reader sees of a file: of a PDF its text, which is compressed in there."""
    if path.suffix != ".pdf":
        return path.read_bytes().decode("utf-8", "replace")
    reader = PdfReader(path)
    return "\n".join([*(page.extract_text() for page in reader.pages), str(reader.metadata)])


def run_kit(folder, config, *options, environ=(), resume=False):
    """Run the OCA cases in a process of its own; gives exit code and output."""
    command = [sys.executable, "-m", "pytest", str(cases_root()), "--rootdir", str(cases_root()), "-o", "addopts="]
    command += [part for name in UNUSED for part in ("-p", f"no:{name}")]
    command += [
        "--import-mode=importlib",
        f"--ocpp-config={config}",
        f"--ocpp-{'resume' if resume else 'report-dir'}={folder}",
        *options,
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **dict(environ)}, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def config_for(addresses, more=""):
    return (
        '[sut]\nrole = "csms"\nversion = "1.6"\nvendor = "Acme Volt"\nmodel = "Cloud"\n'
        f'[connection]\nurl = "{addresses["ocpp"]}"\n[[connection.stations]]\nid = "ACME-CP-77"\n'
        '[connection.stations.tokens]\nvalid_token = "TCK-VALID-1A"\n'
        '[driver]\norder = ["http"]\n[driver.http]\n'
        f'url = "{addresses["control"]}/{{action_kebab}}?station={{station}}"\nbody = "{{payload}}"\n'
        f"{SHORT}{more}"
    )


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
