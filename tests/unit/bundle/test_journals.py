"""Runs with several journals: of several workers, and resumed after a kill."""

import json

from kit_runs import CASES, config_for, run_kit

from ocpp_tck.bundle.verify import verify
from ocpp_tck.demo import product


def test_a_run_of_two_workers_that_was_killed_and_resumed_is_verified(tmp_path):
    more = '[[connection.stations]]\nid = "ACME-CP-78"\n[connection.stations.tokens]\nvalid_token = "TCK-VALID-1B"\n'
    tokens = ["--token", "TCK-VALID-1A=Accepted", "--token", "TCK-VALID-1B=Accepted"]
    folder, chosen = tmp_path / "run", [f"--ocpp-case={case}" for case in CASES]
    with product("csms", "--version", "1.6", *tokens) as addresses:
        config = tmp_path / "ocpp-tck.toml"
        text = config_for(addresses)
        config.write_text(text.replace("[driver]\n", more + "[driver]\n", 1))
        code, said = run_kit(folder, config, *chosen, "-n2")
        assert code == 0, said
        both = verify(folder)
        assert both.problems == ()
        assert {one.journal for one in both.cases} == {"journal-gw0.jsonl", "journal-gw1.jsonl"}
        assert (both.agreed, len(both.cases)) == (4, 4)

        path = folder / "journal-gw0.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        last = max(number for number, line in enumerate(lines) if b'"kind":"frame"' in line)
        path.write_bytes(b"".join(lines[:last]))
        (folder / "journal-index.json").unlink()
        code, said = run_kit(folder, config, *chosen, resume=True)
        assert code == 0, said
    resumed = verify(folder)
    assert resumed.problems == ()
    assert {one.journal for one in resumed.cases} >= {"journal-gw0.jsonl", "journal-gw1.jsonl", "journal-main.jsonl"}
    assert [one.open for one in resumed.open] == ["the run was killed or interrupted in it"]
    assert resumed.agreed == len(resumed.cases) - 1
    assert json.loads((folder / "report.json").read_text())["totals"]["cases"] == 4
