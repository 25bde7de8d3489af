"""An anonymised run has no identifier left, the same verdicts, and is verified as what it is."""

import json

import pytest
from click.testing import CliRunner
from cryptography import x509
from reading import readable

from ocpp_tck.bundle.certificates import replace_pem
from ocpp_tck.bundle.pseudonyms import Pseudonyms
from ocpp_tck.bundle.verify import verify
from ocpp_tck.cli import main
from ocpp_tck.evidence.index import read_journals
from ocpp_tck.net.pki import Authority


def verdicts(folder):
    return [(case["id"], case["verdict"]) for case in json.loads((folder / "report.json").read_text())["cases"]]


def command(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def everything(folder):
    every = (path for path in folder.rglob("*") if path.is_file() and path.name != "attestation.json")
    return "\n".join(map(readable, every))


def test_the_copy_has_no_identifier_and_the_same_verdicts(recorded, tmp_path):
    out = tmp_path / "shared"
    assert command("anonymise", recorded.folder, "-o", out, "--vendor").exit_code == 0
    text = everything(out)
    for secret in ("ACME-CP-77", "acme-cp-77", "Acme Volt", "127.0.0.1"):
        assert secret in everything(recorded.folder) or secret != "ACME-CP-77"
        assert secret not in text
    assert verdicts(out) == verdicts(recorded.folder)
    found = verify(out)
    assert found.problems == ()
    assert found.agreed == len(found.cases)
    checks = [[one.records[0].token_check for one in read_journals(folder)] for folder in (recorded.folder, out)]
    assert all(len(check) == 4 for check in checks[0])
    assert checks[1] == [""] * len(checks[0])
    assert found.original == tuple(journal.head for journal in read_journals(recorded.folder))
    assert "anonymised: made of the journal(s)" in command("verify", out).output
    assert "This evidence was anonymised" in (out / "summary.md").read_text()


def test_without_the_option_the_vendor_stays_and_nothing_is_overwritten(recorded, tmp_path):
    out = tmp_path / "shared"
    assert command("anonymise", recorded.folder, "-o", out).exit_code == 0
    assert "Acme Volt" in (out / "report.json").read_text()
    assert "exists" in command("anonymise", recorded.folder, "-o", out).output


def test_damaged_evidence_is_not_copied(run, tmp_path):
    path = run / "journal-main.jsonl"
    path.write_bytes(path.read_bytes().replace(b"ACME", b"ACNE", 1))
    refused = command("anonymise", run, "-o", tmp_path / "shared")
    assert refused.exit_code == 1
    assert "evidence that is not whole is not copied" in refused.output
    assert not (tmp_path / "shared").exists()


def test_what_can_not_be_anonymised_as_it_is_says_what_can(run, tmp_path):
    inside = command("anonymise", run, "-o", run / "shared")
    assert (inside.exit_code, (run / "shared").exists()) == (1, False)
    assert "lies in the folder of the run" in inside.output
    assert verify(run).problems == ()
    (tmp_path / "several").mkdir()
    (tmp_path / "several" / "merge.json").write_text("{}")
    told = command("anonymise", tmp_path / "several", "-o", tmp_path / "shared")
    assert (told.exit_code, "anonymise each of them" in told.output) == (1, True)


def test_an_anonymised_run_may_be_anonymised_again_and_still_names_the_original(recorded, tmp_path):
    command("anonymise", recorded.folder, "-o", tmp_path / "one")
    command("anonymise", tmp_path / "one", "-o", tmp_path / "two")
    assert verify(tmp_path / "two").original == verify(tmp_path / "one").original


@pytest.mark.parametrize(
    "value", ["DE-8AA-CA2B3C4D5-X", "04E91C5A", "AA:BB:CC:00:11:22", "Säule 7", "8931012345678901234"]
)
def test_a_pseudonym_has_the_shape_of_the_value(value):
    names = Pseudonyms()
    names.learn(value)
    pseudonym = names.text(value)
    assert pseudonym.casefold() != value.casefold()
    assert len(pseudonym) == len(value)
    for old, new in zip(value, pseudonym, strict=True):
        assert (old.isdigit(), old.isupper(), old.islower()) == (new.isdigit(), new.isupper(), new.islower())
        assert old.isalnum() or old == new
    assert (
        names.text(f'["{value}", {json.dumps(value.upper())}]').casefold()
        == f'["{pseudonym}", {json.dumps(pseudonym.upper())}]'.casefold()
    )
    assert names.text(f"x{value}x") == f"x{value}x" or not value[0].isalnum()


def test_hexadecimal_stays_hexadecimal():
    names = Pseudonyms()
    names.learn("04E91C5A")
    int(names.text("04e91c5a"), 16)


def test_addresses_hosts_and_users_are_replaced_and_times_stay():
    names = Pseudonyms()
    text = "ftp://fred:***@files.acme.com:21/a at 10.1.2.3:99, fe80::1, 2026-11-26T01:19:02.137Z, 1.2.3, 01:19:02"
    shown = names.text(text)
    for gone in ("fred", "acme", "10.1.2.3", "fe80"):
        assert gone not in shown
    for kept in ("ftp://user:***@host1.example:21/a", ":99", "2026-11-26T01:19:02.137Z", "1.2.3", ", 01:19:02"):
        assert kept in shown
    assert names.text(text) == shown
    assert names.text(shown) == shown


@pytest.mark.parametrize("value", ["ab", "<token:valid>", "***", "---"])
def test_what_is_no_identifier_is_not_learnt(value):
    names = Pseudonyms()
    names.learn(value)
    assert names.text(f"x {value} y") == f"x {value} y"


def test_a_certificate_becomes_one_of_the_same_form_with_other_names():
    made = Authority.root(organization="Acme Volt").client("ACME-CP-77", "Acme Volt")
    pem = (
        made.chain_pem
        if hasattr(made, "chain_pem")
        else made.certificate.public_bytes(
            __import__("cryptography").hazmat.primitives.serialization.Encoding.PEM
        ).decode()
    )
    first = pem[: pem.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    names = Pseudonyms()
    names.learn("ACME-CP-77")
    fresh = x509.load_pem_x509_certificate(names.text(first).encode())
    old = x509.load_pem_x509_certificate(first.encode())
    text = fresh.subject.rfc4514_string()
    assert "ACME" not in text
    assert "Acme" not in text
    assert [one.oid for one in fresh.subject] == [one.oid for one in old.subject]
    assert (fresh.not_valid_before_utc, fresh.not_valid_after_utc) == (
        old.not_valid_before_utc,
        old.not_valid_after_utc,
    )
    assert names.text(first) == names.text(first)
    escaped = first.replace("\n", "\\n")
    x509.load_pem_x509_certificate(names.text(escaped).replace("\\n", "\n").encode())


def test_what_reads_like_a_certificate_and_is_none_is_scrambled():
    text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    replaced = replace_pem(text, str)
    assert replaced.text != text
    assert len(replaced.text) == len(text)
    assert replaced.hashes == {}
