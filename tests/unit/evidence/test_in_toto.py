import hashlib
import json

import pytest

from ocpp_tck.evidence.manifest import MANIFEST, write_manifest
from ocpp_tck.evidence.statement import Result, outcome, statement


@pytest.fixture
def folder(tmp_path):
    for name in ("journal-main.jsonl", "report.json", "config.toml"):
        (tmp_path / name).write_text(name)
    return tmp_path


def made(folder, **more):
    verdicts = (("A", "pass"), ("B", "warn"), ("C", "not run"), ("D", "not applicable"))
    result = Result(**{"verdicts": verdicts, "sut": {"role": "cs"}, "kit_version": "1.2", **more})
    return json.loads(statement(folder, write_manifest(folder, {}), result))


def test_it_names_the_evidence_by_its_digests(folder):
    content = made(folder, product=("fw.bin", "f" * 64))
    assert content["_type"] == "https://in-toto.io/Statement/v1"
    assert content["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    digests = {one["name"]: one["digest"]["sha256"] for one in content["subject"]}
    assert digests == {
        "manifest.json": hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
        "journal-main.jsonl": hashlib.sha256(b"journal-main.jsonl").hexdigest(),
        "fw.bin": "f" * 64,
    }


def test_it_says_what_came_out_and_with_what(folder):
    predicate = made(folder)["predicate"]
    assert predicate["result"] == "WARNED"
    assert (predicate["passedTests"], predicate["warnedTests"], predicate["failedTests"]) == (["A"], ["B"], [])
    assert (predicate["notRunTests"], predicate["notApplicableTests"]) == (["C"], ["D"])
    assert [one["name"] for one in predicate["configuration"]] == ["config.toml", "ocpp-tck"]
    assert predicate["configuration"][1]["uri"] == "pkg:pypi/ocpp-tck@1.2"
    assert predicate["complete"] is True
    assert "anonymised" not in predicate


def test_it_is_written_whole_and_in_one_order(folder):
    for name in ("pics.json", "environment.json", "known-failures.toml"):
        (folder / name).write_text(name)
    result = Result(verdicts=(("A", "fail"),), sut={"role": "cs", "vendor": "V"}, kit_version="1.2")
    written = statement(folder, write_manifest(folder, {}), result)

    def resource(name):
        return {"name": name, "digest": {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}}

    configuration = ("config.toml", "pics.json", "environment.json", "known-failures.toml")
    expected = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [resource("manifest.json"), resource("journal-main.jsonl")],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "FAILED",
            "configuration": [
                *(resource(name) for name in configuration),
                {"name": "ocpp-tck", "uri": "pkg:pypi/ocpp-tck@1.2"},
            ],
            "passedTests": [],
            "warnedTests": [],
            "failedTests": ["A"],
            "inconclusiveTests": [],
            "kitErrorTests": [],
            "notRunTests": [],
            "notApplicableTests": [],
            "sut": {"role": "cs", "vendor": "V"},
            "complete": True,
        },
    }
    assert written == json.dumps(expected, indent=1).encode()


def test_an_anonymised_or_incomplete_run_is_called_so(folder):
    predicate = made(folder, anonymised=True, complete=False)["predicate"]
    assert predicate["anonymised"] is True
    assert (predicate["complete"], predicate["result"]) == (False, "FAILED")


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        (["pass", "not run"], "PASSED"),
        (["pass", "warn"], "WARNED"),
        (["pass", "fail"], "FAILED"),
        (["pass", "inconclusive"], "FAILED"),
        (["pass", "error"], "FAILED"),
        (["pass", "none"], "FAILED"),
        (["not run", "not applicable"], "FAILED"),
        ([], "FAILED"),
    ],
)
def test_only_what_passed_is_passed(verdicts, word):
    assert outcome(verdicts) == word
