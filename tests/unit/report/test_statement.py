"""The conformance statement: what it says in HTML and in PDF, and that nothing the product sends breaks it."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from synthetic import HOSTILE, Synthetic, whole_run
from test_html import RAW, Page

from ocpp_tck.cli import main
from ocpp_tck.evidence import records as r
from ocpp_tck.report.known import Known
from ocpp_tck.report.merge import merge_runs
from ocpp_tck.report.signature import read_signature
from ocpp_tck.report.statement_html import render_statement_html
from ocpp_tck.report.statement_pdf import render_statement_pdf
from ocpp_tck.report.write import load_model
from ocpp_tck.verdict import Verdict

SCOPE = {
    "Core": {"implemented": ["TC_001_CS", "TC_002_CS"], "pending": ["TC_900_CS"]},
    "Reservation": {"implemented": ["TC_046_CS"]},
    "Smart Charging": {"implemented": ["TC_056_CS"]},
}
EVERY_SCRIPT = "Ünïçödé ŁódźŽ Ελληνικά Кириллица עברית العربية 超级充电桩 スーパー 슈퍼 ไทย हिन्दी 🔌"


def pdf_text(content):
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def flat(text):
    return re.sub(r"\s+", " ", text)


def html_text(text):
    return flat(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)))


def both(model, signature=None):
    """Give the whole text of both forms, white space made one."""
    page = (
        html_text(render_statement_html(model, signature))
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    )
    return page, flat(" ".join(pdf_text(render_statement_pdf(model, signature))))


@pytest.fixture
def told(tmp_path):
    """A run with something of everything."""
    run = Synthetic(tmp_path / "run").begin(
        scope=SCOPE,
        pics={"reservation": True, "smart_charging": False},
        specification=("OCPP 1.6 edition 2 with errata sheet 2025-04", "OCPP-J 1.6"),
        limits={"response": 5.0, "boot": 60.0},
        selection="profile Core",
    )
    run.case("TC_001_CS", "Cold boot")
    run.write(r.ConnectionOpened, connection="c1", station="CP001", tls={})
    boot = {
        "chargePointVendor": "Acme",
        "chargePointModel": "W7",
        "firmwareVersion": "1.2.3",
        "chargePointSerialNumber": "S-9",
    }
    run.exchange("BootNotification", json.dumps(boot))
    run.write(r.ListeningAgain, station="CP001")
    run.write(r.ConnectionOpened, connection="c2", station="CP001", tls={})
    n = run.frame(sender="kit", action="GetConfiguration")
    keys = {"configurationKey": [{"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,SmartCharging"}]}
    run.frame(kind="CALLRESULT", action="GetConfiguration", raw=json.dumps([3, f"m{n}", keys]), message_id=f"m{n}")
    run.end_case("pass", "TC_001_CS")
    run.case("TC_002_CS", "Local start")
    run.end_case("fail", "TC_002_CS", cause="no StartTransaction came", requirement="1.6 4.8")
    return run


def test_both_say_what_counts(told):
    model = load_model(told.done(), [Known(case="TC_002_CS", verdict=Verdict.FAIL, reason="mended in 1.3, ticket 17")])
    for text in both(model):
        for said in (
            "Acme Wallbox <7>",
            "charging station, OCPP 1.6",
            "Failed",
            "All of it is known and has a reason",
            "vendor Acme, model W7, firmware 1.2.3, serial S-9",
            "OCPP 1.6 edition 2 with errata sheet 2025-04",
            "This is not an OCA certificate",
            "1 case failed: TC_002_CS.",
            "1 case open (not in this version of the kit): TC_900_CS.",
            "1 case open (not selected for this run): TC_046_CS.",
            "The run was limited to: profile Core.",
            "mended in 1.3, ticket 17",
            "no StartTransaction came (1.6 4.8)",
            "yes: SupportedFeatureProfiles names SmartCharging (TC_001_CS, frame",
            "no: SupportedFeatureProfiles does not name Reservation",
            "The product contradicts 2 of its declarations: reservation, smart_charging",
            "from the kit's return after an absence, as it begins to listen, to the station's next WebSocket connection, opened",
            "seed 4711",
            "unsigned",
            "journal.jsonl",
            model.run.evidence[0].sha256,
            model.run.evidence[0].head,
            "ocpp-tck 0.1.0",
        ):
            assert said in text, said
        assert re.search(r"response 5 s 30 s", text)
    assert model.run.evidence[0].sha256 == hashlib.sha256((told.folder / "journal.jsonl").read_bytes()).hexdigest()


def test_limits_that_are_not_the_default_are_marked(told):
    page = render_statement_html(load_model(told.done()))
    assert '<span class="pill v-warn">5 s</span>' in page
    assert '<span class="pill v-warn">60 s</span>' not in page


def test_the_first_page_is_one_page_and_has_what_counts(told):
    for number in range(40):
        told.case(f"TC_9{number:02}_CS", "Long " * 30)
        told.end_case("inconclusive", f"TC_9{number:02}_CS", cause="reason " * 60)
    pages = pdf_text(render_statement_pdf(load_model(told.done())))
    for said in (
        "Certification profiles",
        "Open, failed, left out",
        "Measured times",
        "not an OCA certificate",
        "Seen on the wire",
    ):
        assert said in flat(pages[0])
    assert "1. Profiles in detail" in pages[1]


def test_the_pdf_has_bookmarks_page_numbers_and_its_fonts(told):
    reader = PdfReader(io.BytesIO(render_statement_pdf(load_model(told.done()))))
    outline = [(entry.title, reader.get_destination_page_number(entry)) for entry in reader.outline]
    assert outline[0] == ("Summary", 0)
    assert [title for title, _ in outline[1:3]] == ["1. Profiles in detail", "2. Cases"]
    assert len(outline) == 11
    assert outline[1][1] == 1
    last = len(reader.pages)
    assert [f"Page {n + 1} of {last}" in flat(page.extract_text()) for n, page in enumerate(reader.pages)] == [
        True
    ] * last
    fonts = {
        font["/FontDescriptor"]["/FontFile2"].get_object().get_data()[:4]
        for page in reader.pages
        for font in (one.get_object() for one in page["/Resources"]["/Font"].values())
        if "/FontDescriptor" in font
    }
    assert fonts == {b"\0\1\0\0"}
    assert reader.metadata.title == "Conformance statement: Acme Wallbox <7>"


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_the_same_journals_give_the_same_bytes_in_another_process(told, form):
    folder = told.done()
    render = render_statement_html if form == "html" else render_statement_pdf
    here = render(load_model(folder))
    code = (
        "import sys; from ocpp_tck.report.write import WRITERS, load_model\n"
        f"made = WRITERS['statement.{form}'](load_model(sys.argv[1]))\n"
        "sys.stdout.buffer.write(made if isinstance(made, bytes) else made.encode())"
    )
    elsewhere = {**os.environ, "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1000000000"}
    there = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True, env=elsewhere).stdout
    assert there == (here if form == "pdf" else here.encode())


@pytest.mark.parametrize(
    ("began", "dated"),
    [
        (1_795_392_000.75, datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC)),
        (0.0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1e18, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_pdf_is_dated_as_of_the_begin_of_the_run(tmp_path, began, dated):
    run = Synthetic(tmp_path / "run", start=began).begin()
    run.case("TC_1")
    run.end_case("pass", "TC_1")
    told = PdfReader(io.BytesIO(render_statement_pdf(load_model(run.done())))).metadata
    assert (told.creation_date, told.modification_date) == (dated, dated)


def hostile_run(folder, text):
    run = Synthetic(folder / "run").begin(
        scope={text: {"implemented": ["TC_001_CS", text]}},
        sut={"role": "cs", "version": "1.6", "vendor": text, "model": text},
        pics={text: True},
        test_data={text: text},
        environment={text: text},
        selection=text,
        stations=(text,),
        specification=(text,),
    )
    run.case(text, text, profile=text, requirements=text, status=text)
    boot = {
        "chargePointVendor": text,
        "chargePointModel": text,
        "firmwareVersion": text,
        "chargePointSerialNumber": text,
    }
    run.exchange("BootNotification", json.dumps(boot))
    run.violate(run.frame(), message=text)
    run.end_case("fail", text, cause=text, requirement=text, expected=text, received=text)
    run.case("TC_001_CS", text)
    run.end_case("fail", "TC_001_CS", cause=text)
    return load_model(run.done(), [Known(case="TC_001_CS", verdict=Verdict.FAIL, reason=text)])


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        EVERY_SCRIPT,
        "<font size=90>x</font><para>&amp;&#60;img src='http://127.0.0.1/'/><br/><a href='x'>y</a>" * 3,
        "W" * 20_000,
        "\n" * 3000 + "x\t" * 3000,
        "超" * 5000,
        "".join(map(chr, range(0x500))) + "\ud800 \udfff\ufffe\uffff\u2028\U0010ffff]]>",
    ],
)
def test_nothing_that_a_product_sends_breaks_it(tmp_path, text):
    model = hostile_run(tmp_path, text)
    html = render_statement_html(model)
    page = Page(html)
    assert not {"script", "img", "iframe", "form", "font", "para"} & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on") or name in {"src", "href"}} - {"href"}
    assert set(page.links) <= set(page.ids)
    assert not [character for character in RAW if character in html]
    pages = pdf_text(render_statement_pdf(model))
    assert 2 < len(pages) < 30
    assert "not an OCA certificate" in flat(pages[0])


def test_every_script_is_printed_or_written_out(tmp_path):
    text = " ".join(pdf_text(render_statement_pdf(hostile_run(tmp_path, EVERY_SCRIPT))))
    for word in (
        "Ünïçödé",
        "ŁódźŽ",
        "Ελληνικά",
        "Кириллица",
        "超级充电桩",
        "スーパー",
        "슈퍼",
        r"\u0e44\u0e17\u0e22",
        r"\U0001f50c",
    ):
        assert word in flat(text), word
    assert sorted(set("עברית العربية") - set(text)) == []


def test_markup_stays_text_on_paper(tmp_path):
    text = flat(" ".join(pdf_text(render_statement_pdf(hostile_run(tmp_path, "<b>bold</b> &amp; <br/>")))))
    assert "<b>bold</b> &amp; <br/>" in text
    (tmp_path / "other").mkdir()
    text = flat(" ".join(pdf_text(render_statement_pdf(hostile_run(tmp_path / "other", HOSTILE)))))
    assert "</script><script>alert(1)</script>" in text
    assert r"\u001b[31mred \u202e desrever \u0000 \ud800" in text


def test_a_run_without_cases_says_so(run):
    for text in both(load_model(run.done())):
        assert "Not examined" in text
        assert "this run says nothing of the product" in text
        assert "No case was run." in text


def test_evidence_without_a_record_has_a_statement(tmp_path):
    (tmp_path / "journal.jsonl").write_bytes(b"")
    for text in both(load_model(tmp_path)):
        assert "it has no records" in text
        assert "Not examined" in text


def test_it_says_where_nothing_is_read_off_the_messages(tmp_path):
    sut = {"role": "cs", "version": "2.0.1", "vendor": "", "model": ""}
    run = Synthetic(tmp_path).begin(sut=sut)
    for text in both(load_model(run.done())):
        assert "read off the messages of OCPP 1.6 only" in text


def test_a_csms_is_known_by_its_certificate_alone(tmp_path):
    run = Synthetic(tmp_path).begin("csms")
    run.case("TC_001_CSMS", sut="csms")
    run.end_case("pass", "TC_001_CSMS")
    for text in both(load_model(run.done())):
        assert "a CSMS does not name itself in OCPP" in text
        assert "No certificate of the product was seen." in text


def envelope(folder, content):
    (folder / "attestation.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return read_signature(folder)


def test_a_signature_is_told_by_its_key(told, tmp_path):
    folder = told.done()
    assert read_signature(folder) is None
    signature = envelope(
        folder, {"payload": "", "payloadType": "x", "signatures": [{"keyid": "sha256:ab12", "sig": "x"}]}
    )
    digest = hashlib.sha256((folder / "attestation.json").read_bytes()).hexdigest()
    for text in both(load_model(folder), signature):
        assert "signed by key sha256:ab12" in text
        assert digest in text
        assert "unsigned" not in text


@pytest.mark.parametrize(
    "content",
    ["", "[" * 100_000, "[]", "{}", {"signatures": []}, {"signatures": [{"keyid": 3}]}, {"signatures": ["x"]}],
)
def test_an_envelope_that_is_none_is_told(tmp_path, content):
    assert "attestation.json cannot be read" in envelope(tmp_path, content).line


def test_an_envelope_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "attestation.json").mkdir()
    assert "cannot be read: Is a directory" in read_signature(tmp_path).line


def test_the_command_writes_both(told, tmp_path):
    folder = told.done()
    known = tmp_path / "known.toml"
    known.write_text('[[known]]\ncase = "TC_002_CS"\nverdict = "fail"\nreason = "ticket 17"\n')
    done = CliRunner().invoke(main, ["statement", str(folder), "--known-failures", str(known)])
    assert (done.exit_code, done.output.split()) == (0, [f"{folder}/statement.html", f"{folder}/statement.pdf"])
    assert "ticket 17" in (folder / "statement.html").read_text(encoding="utf-8")
    assert (folder / "statement.pdf").read_bytes()[:5] == b"%PDF-"


def test_beside_the_evidence_it_stays_as_it_was_signed(told, tmp_path):
    folder = told.done()
    CliRunner().invoke(main, ["statement", str(folder)])
    before = (folder / "statement.pdf").read_bytes()
    envelope(folder, {"signatures": [{"keyid": "ab12"}]})
    CliRunner().invoke(main, ["statement", str(folder)])
    assert (folder / "statement.pdf").read_bytes() == before
    done = CliRunner().invoke(main, ["statement", str(folder), "--output", str(tmp_path / "hand over")])
    assert done.exit_code == 0
    assert "signed by key ab12" in (tmp_path / "hand over" / "statement.html").read_text(encoding="utf-8")


def test_the_command_names_what_is_wrong(told, tmp_path):
    assert "name the folder of a run" in CliRunner().invoke(main, ["statement", str(tmp_path)]).output
    folder = told.done()
    missing = CliRunner().invoke(main, ["statement", str(folder), "--known-failures", str(tmp_path / "none.toml")])
    assert "cannot read the known failures" in missing.output
    (folder / "statement.pdf").mkdir()
    taken = CliRunner().invoke(main, ["statement", str(folder)])
    assert (taken.exit_code, "cannot write the report" in taken.output) == (1, True)


def test_a_huge_run_has_bounded_pages(tmp_path):
    model = load_model(whole_run(tmp_path, cases=1000, frames=0))
    assert 20 < len(PdfReader(io.BytesIO(render_statement_pdf(model))).pages) < 60


def test_runs_that_were_merged_have_one_statement(tmp_path):
    scope = {"Core": {"implemented": ["TC_001_CS", "TC_002_CS"]}}
    boot = '{"chargePointVendor":"Acme","chargePointModel":"W","firmwareVersion":"1.2.3"}'
    folders = []
    for number, (name, start) in enumerate((("TC_001_CS", 1_795_426_872.0), ("TC_002_CS", 1_795_430_000.0))):
        run = Synthetic(tmp_path / f"run{number}", start=start).begin(scope=scope, selection=f"case {name}")
        run.case(name)
        run.exchange("BootNotification", boot)
        run.write(r.ListeningAgain, station="CP001")
        run.write(r.ConnectionOpened, connection="c2", station="CP001")
        run.end_case("pass", name)
        folders.append(run.done())
    merge_runs(folders, tmp_path / "all")
    model = load_model(tmp_path / "all")
    assert [one.count for one in model.measures] == [2]
    assert len(model.identities) == 1
    for text in both(model):
        assert "Core required of every product Complete 2 0 0 0" in text
        for one in model.run.evidence:
            assert one.sha256 in text
            assert one.file.startswith("runs/")
