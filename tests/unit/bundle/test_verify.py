"""Whatever is changed in a run, or in a bundle of it, is found and named; and its frames give its verdicts again."""

import hashlib
import json
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ocpp_tck.bundle.reseal import sign_run, write_again
from ocpp_tck.bundle.verify import UNCHECKED, UNSIGNED, verify
from ocpp_tck.cli import main
from ocpp_tck.evidence.archive import pack
from ocpp_tck.evidence.dsse import load_private, load_public, new_key, read_envelope
from ocpp_tck.evidence.index import write_index

DICE = random.Random(20_26)  # noqa: S311 - what is spoilt where: the same in every run of the tests


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def flip(path):
    data = bytearray(path.read_bytes()) or bytearray(b"\0")  # an empty file gets its first byte
    data[DICE.randrange(len(data))] ^= 1 << DICE.randrange(8)
    path.write_bytes(data)


def forge(folder, change, *, name="journal-main.jsonl", reseal=True):
    """Change the records of a journal and make everything else consistent with it, as a forger without the key can."""
    records = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    records = change(records)
    prev, lines = "0" * 64, []
    for number, record in enumerate(records, 1):
        values = {**record, "seq": number, "prev": prev}
        values.pop("hash", None)
        body = json.dumps(values, separators=(",", ":"))[:-1]
        prev = hashlib.sha256(body.encode()).hexdigest()
        lines.append(f'{body},"hash":"{prev}"}}\n')
    (folder / name).write_text("".join(lines))
    if reseal:
        write_index(folder)
        write_again(folder)


def test_a_run_is_whole_signed_and_its_verdicts_follow_from_its_frames(recorded, verdicts):
    found = verify(recorded.folder, load_public(recorded.public))
    assert found.problems == ()
    assert found.signature.startswith("signed by the given key")
    assert (found.agreed, len(found.cases), found.open) == (4, 4, ())
    assert verdicts["TC_013_CSMS"] == "fail"
    assert verdicts["TC_003_CSMS"] == "pass"
    assert recorded.code == 1


def test_the_folder_has_everything(recorded):
    wanted = {"config.toml", "pics.json", "environment.json", "manifest.json", "attestation.json", "report.html"}
    assert wanted <= set(files(recorded.folder))
    statement = json.loads(read_envelope((recorded.folder / "attestation.json").read_text()).payload)
    assert statement["predicate"]["result"] == "FAILED"
    assert statement["predicate"]["failedTests"] == ["TC_013_CSMS (1.6)"]
    assert "ocpp-tck.toml" in {one["name"] for one in statement["subject"]}


def test_a_flipped_byte_in_any_file_is_found_and_named(recorded, run):
    key = load_public(recorded.public)
    for name in files(run):
        flip(run / name)
        found = verify(run, key)
        assert not found.is_whole, name
        assert any(name in problem for problem in found.problems), (name, found.problems)
        shutil.copyfile(recorded.folder / name, run / name)
    assert verify(run, key).is_whole


def test_a_flipped_byte_of_a_journal_is_found_at_its_line(run):
    path = run / "journal-main.jsonl"
    lines = path.read_bytes().split(b"\n")
    number = DICE.randrange(len(lines) - 1)
    line = bytearray(lines[number])
    line[len(line) // 2] ^= 4
    lines[number] = bytes(line)
    path.write_bytes(b"\n".join(lines))
    assert any(problem.startswith(f"journal-main.jsonl:{number + 1}: the line") for problem in verify(run).problems)


def test_a_changed_report_is_found_at_its_line(run):
    path = run / "report.json"
    path.write_text(path.read_text().replace('"fail"', '"pass"', 1))
    problems = verify(run).problems
    assert any(problem.startswith("report.json: is not what the journals give: line ") for problem in problems)


def test_missing_added_and_swapped_files_are_found(run):
    (run / "summary.md").unlink()
    (run / "notes.txt").write_text("hello")
    one, other = sorted((run / "allure-results").glob("*-result.json"))[:2]
    texts = one.read_bytes(), other.read_bytes()
    one.write_bytes(texts[1])
    other.write_bytes(texts[0])
    text = "\n".join(verify(run).problems)
    for name in (
        "summary.md: is in manifest.json",
        "notes.txt: was added",
        f"{one.name}: was changed",
        f"{other.name}: was changed",
    ):
        assert name in text


@pytest.mark.parametrize("what", ["deleted", "doubled", "swapped", "truncated", "cut"])
def test_changed_order_or_number_of_records_is_found(run, what):
    path = run / "journal-main.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    at = DICE.randrange(1, len(lines) - 2)
    changed = {
        "deleted": lines[:at] + lines[at + 1 :],
        "doubled": lines[: at + 1] + lines[at:],
        "swapped": [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        "truncated": lines[:at],
        "cut": [*lines[:-1], lines[-1][:20]],
    }[what]
    path.write_bytes(b"".join(changed))
    text = "\n".join(verify(run).problems)
    assert "journal-main.jsonl" in text
    assert "manifest" in text or "was changed" in text


def verdict_to(case, verdict):
    def change(records):
        inside = False
        for record in records:
            inside = record.get("case", "") == case if record["kind"] == "case-started" else inside
            if inside and record["kind"] == "case-ended":
                record |= {"verdict": verdict, "cause": "", "frames": []}
            if inside and record["kind"] == "step-ended" and record["verdict"] not in {"pass", "not taken"}:
                record |= {"verdict": "pass", "cause": "", "frames": []}
        return records

    return change


def test_a_forged_verdict_is_found_by_its_frames(recorded, run):
    forge(run, verdict_to("TC_013_CSMS", "pass"))
    found = verify(run)
    assert [problem for problem in found.problems if "manifest" in problem or "report" in problem] == []
    assert len(found.problems) == 1
    assert found.problems[0].startswith("journal-main.jsonl: TC_013_CSMS: the journal says pass, its frames give fail")
    assert any("is not signed by the given key" in one for one in verify(run, load_public(recorded.public)).problems)


def test_a_forged_fail_is_found_too(run):
    def change(records):
        end = next(one for one in records if one["kind"] == "case-ended" and one["case"] == "TC_003_CSMS")
        end |= {"verdict": "fail", "cause": "made up"}
        return records

    forge(run, change)
    assert any("TC_003_CSMS: the journal says fail, its frames give pass" in one for one in verify(run).problems)


def test_a_forged_frame_is_found_by_the_verdict(run):
    def change(records):
        frame = next(
            one
            for one in records
            if one["kind"] == "frame" and one["sender"] == "product" and one["action"] == "StartTransaction"
        )
        frame["raw"] = frame["raw"].replace('"Accepted"', '"Invalid"')
        return records

    forge(run, change)
    found = verify(run)
    assert any("TC_003_CSMS" in one for one in found.problems) or any(one.case == "TC_003_CSMS" for one in found.open)


def test_a_forged_frame_that_no_verdict_rests_on_takes_the_signature_to_be_found(recorded, run):
    def change(records):
        for record in records:
            if record["kind"] == "connection-opened":
                record["peer"] = "203.0.113.9:80"
        return records

    forge(run, change)
    assert verify(run).is_whole  # consistent from end to end, and nobody has signed it
    problems = verify(run, load_public(recorded.public)).problems
    assert len(problems) == 1
    assert problems[0].startswith("attestation.json: is not signed by the given key")


def test_swapped_verdicts_are_found(run):
    def change(records):
        ends = {one["case"]: one for one in records if one["kind"] == "case-ended"}
        one, other = ends["TC_003_CSMS"], ends["TC_013_CSMS"]
        kept = {name: one[name] for name in ("verdict", "cause", "expected", "received", "frames", "absence")}
        one |= {name: other[name] for name in kept}
        other |= kept
        return records

    forge(run, change)
    text = "\n".join(verify(run).problems)
    assert "TC_003_CSMS: the journal says fail" in text


def test_an_old_signature_does_not_hold_for_a_new_statement(recorded, run):
    kept = (run / "attestation.json").read_bytes()
    forge(run, verdict_to("TC_013_CSMS", "pass"))
    (run / "attestation.json").write_bytes(kept)
    text = "\n".join(verify(run, load_public(recorded.public)).problems)
    assert "attestation.json: states something else than manifest.json and the journals give" in text


def test_signatures_are_told(recorded, run, tmp_path):
    assert verify(run).signature == UNCHECKED
    other = new_key(tmp_path / "other.pem")
    assert "not signed by the given key" in "\n".join(verify(run, load_public(other)).problems)
    sign_run(run, load_private(tmp_path / "other.pem"))
    assert verify(run, load_public(other)).is_whole
    assert verify(run, load_public(recorded.public)).is_whole, "both have signed"


def test_reports_written_again_are_the_same_and_stay_signed(recorded, run):
    before = {name: (run / name).read_bytes() for name in files(run)}
    write_again(run)
    assert {name: (run / name).read_bytes() for name in files(run)} == before
    (run / "attestation.json").unlink()
    write_again(run)
    assert verify(run).signature == UNSIGNED


def test_a_bundle_is_verified_as_its_folder_is(recorded, run, tmp_path):
    archive = pack(run, tmp_path / "run.zip")
    assert archive.read_bytes() == pack(recorded.folder, tmp_path / "again.zip").read_bytes()
    found = verify(archive, load_public(recorded.public))
    assert (found.problems, found.agreed) == ((), 4)


def test_what_is_spoilt_in_a_bundle_is_found(run, tmp_path):
    archive = pack(run, tmp_path / "run.zip")
    with zipfile.ZipFile(archive) as opened:
        members = DICE.sample(opened.infolist(), 6)
    for member in members:
        data = bytearray(archive.read_bytes())
        start = member.header_offset + 30 + len(member.filename.encode())
        data[start + DICE.randrange(max(1, member.compress_size - 4))] ^= 1 << DICE.randrange(8)
        (tmp_path / "spoilt.zip").write_bytes(data)
        assert not verify(tmp_path / "spoilt.zip").is_whole, member.filename
    (tmp_path / "short.zip").write_bytes(archive.read_bytes()[:-100])
    assert not verify(tmp_path / "short.zip").is_whole


def test_another_kit_is_said_and_its_differences_are_not_held_against_the_run(run):
    def change(records):
        for record in records:
            if record["kind"] == "run-started":
                record |= {"kit_version": "0.0.1", "catalogue_sha256": "0" * 64}
        return verdict_to("TC_013_CSMS", "pass")(records)

    forge(run, change)
    found = verify(run)
    assert found.is_whole
    assert "ocpp-tck 0.0.1 wrote it" in found.notes[0]
    assert "its catalogue of cases is another one" in found.notes[0]
    assert [one.open for one in found.open] == ["another version of the kit, or another catalogue, has judged it"]


def test_a_case_that_the_kit_does_not_have_is_not_passed_over(run):
    def change(records):
        for record in records:
            if record.get("case") == "TC_003_CSMS":
                record["case"] = "TC_999_CSMS"
        return records

    forge(run, change)
    found = verify(run)
    assert [(one.case, one.open[:25]) for one in found.open] == [("TC_999_CSMS", "there is no case TC_999_C")]
    assert found.agreed == 3


def test_a_killed_run_is_not_whole_and_its_last_case_is_not_recomputable(run):
    path = run / "journal-main.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    cut = max(number for number, line in enumerate(lines) if b'"kind":"frame"' in line)
    path.write_bytes(b"".join(lines[:cut]) + lines[cut][:10])
    for name in ("journal-index.json", "manifest.json"):
        (run / name).unlink()
    found = verify(run)
    text = "\n".join(found.problems)
    assert "the run was killed while writing it" in text
    assert "manifest.json: is not there" in text
    assert [one.open for one in found.open] == ["the run was killed or interrupted in it"]


def test_a_run_without_its_reports_says_so_in_one_line(run):
    for path in [path for path in run.rglob("*") if path.is_file() and not path.name.startswith("journal")]:
        path.unlink()
    told = [one for one in verify(run).problems if "journals give" in one]
    assert len(told) == 1
    assert told[0].startswith("ctrf.json, environment.json, junit.xml, pics.json, report.html and ")
    assert "`ocpp-tck report` writes them" in told[0]


def test_records_that_no_kit_wrote_do_not_stop_the_verification(run):
    def change(records):
        for record in records:
            if record["kind"] == "run-started":
                record["limits"] = {"nonsense": -1}
        return records

    forge(run, change)
    found = verify(run)
    assert len(found.open) == 4
    assert all(one.open.startswith("the replay failed: ") for one in found.open)


def command(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_the_command_says_it_and_its_exit_code_is_for_programs(recorded, run, tmp_path):
    good = command("verify", run, "--key", recorded.public)
    assert good.exit_code == 0, good.output
    assert "verdicts: recomputed 4 of 4 from the frames, all as recorded" in good.output
    plain = json.loads(command("verify", run, "--json").output)
    assert (plain["whole"], plain["cases"], plain["recomputed"], plain["not_recomputable"]) == (True, 4, 4, [])
    assert command("verify", run, "--key", recorded.key).exit_code == 2
    flip(run / "summary.md")
    bad = command("verify", run)
    assert bad.exit_code == 1
    assert "NOT whole" in bad.output
    (tmp_path / "x.zip").write_text("no zip")
    assert command("verify", tmp_path / "x.zip").exit_code == 1


def test_strict_wants_every_verdict_recomputed(run):
    def change(records):
        for record in records:
            if record.get("case") == "TC_003_CSMS":
                record["case"] = "TC_999_CSMS"
        return records

    forge(run, change)
    assert command("verify", run).exit_code == 0
    assert command("verify", run, "--strict").exit_code == 1


def test_the_commands_for_signing_and_packing(recorded, run, tmp_path):
    assert command("sign").exit_code == 2
    assert command("sign", run).exit_code == 2
    assert command("sign", "--new-key", tmp_path / "k.pem").exit_code == 0
    assert command("sign", run, "--key", tmp_path / "k.pem").exit_code == 0
    assert verify(run, load_public(tmp_path / "k.pem.pub")).is_whole
    assert command("bundle", run, "-o", tmp_path / "x.zip").exit_code == 0
    assert "exists" in command("bundle", run, "-o", tmp_path / "x.zip").output
    flip(run / "summary.md")
    refused = command("sign", run, "--key", recorded.key)
    assert refused.exit_code == 1
    assert "summary.md: was changed after the run" in refused.output
    (run / "manifest.json").unlink()
    assert "has no manifest.json" in command("bundle", run, "-o", tmp_path / "y.zip").output
    assert "is not there" in command("sign", run, "--key", recorded.key).output


def test_nothing_in_a_run_acts_on_the_terminal(run):
    (run / "\x1b[31mred").write_text("")
    text = command("verify", run).output
    assert "\x1b" not in text.replace("\x1b[0m", "")
    assert Path(run).name in text


def as_error(records):
    return verdict_to("TC_003_CSMS", "error")(records)


def as_asked(records):
    for record in verdict_to("TC_013_CSMS", "inconclusive")(records):
        if record["kind"] == "operator" and record["action"] == "reset":
            record["outcome"] = "prompted"
    return records


def as_masked(records):
    ended = next(at for at, one in enumerate(records) if one["kind"] == "case-ended" and one["case"] == "TC_003_CSMS")
    broken = {
        "kind": "violation",
        "time": records[ended]["time"],
        "frame": 1,
        "sender": "product",
        "rule": "schema.length",
    }
    broken |= {"level": "must", "message": "too long", "clause": "c", "path": "idTag", "recomputable": False}
    return [*records[:ended], broken, *records[ended:]]


@pytest.mark.parametrize(
    ("change", "case", "why"),
    [
        (as_error, "TC_003_CSMS", "the kit itself failed in it"),
        (as_asked, "TC_013_CSMS", "a person was asked"),
        (as_masked, "TC_003_CSMS", "it was decided on a value that is masked"),
    ],
)
def test_what_the_frames_can_not_tell_is_said_with_its_reason(run, change, case, why):
    forge(run, change)
    found = verify(run)
    assert [(one.case, one.open.startswith(why)) for one in found.open] == [(case, True)]
    assert found.masked_rules == (change is as_masked)
    assert "not recomputable, because" in command("verify", run).output
