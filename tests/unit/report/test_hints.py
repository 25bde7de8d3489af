"""What is more likely wrong in the configuration than in the product."""

import json

import pytest
from synthetic import Synthetic

from ocpp_tck.report.hints import hints
from ocpp_tck.report.write import load_model, write_reports


class Run:
    def __init__(self, folder, role, version="1.6"):
        self.version = version
        sut = {"role": role, "version": version, "vendor": "Acme", "model": "Thing"}
        self.synthetic = Synthetic(folder / "run").begin(sut=sut)
        self.synthetic.case("TC_003", sut=role, version=version)

    def asks(self, token, status=None, *, action="Authorize", sender="kit"):
        """A request about a token, and the answer of the other side; None for an error."""
        given = {"idTag": token} if self.version == "1.6" else {"idToken": {"idToken": token, "type": "ISO14443"}}
        n = self.synthetic.frame(sender=sender, action=action, raw=json.dumps([2, "m", action, given]))
        info = "idTagInfo" if self.version == "1.6" else "idTokenInfo"
        answer = [3, f"m{n}", {info: {"status": status}}] if status else [4, f"m{n}", "InternalError", "", {}]
        other = "product" if sender == "kit" else "kit"
        kind = "CALLRESULT" if status else "CALLERROR"
        return self.synthetic.frame(sender=other, kind=kind, action=action, raw=json.dumps(answer), message_id=f"m{n}")

    def model(self):
        self.synthetic.end_case("fail", "TC_003")
        return load_model(self.synthetic.done())


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_valid_token_that_is_never_accepted(tmp_path, version):
    run = Run(tmp_path, "csms", version)
    first = run.asks("<token:valid>", "Invalid")
    run.asks("<token:valid>", "Blocked")
    (hint,) = hints(run.model())
    assert hint.startswith(
        "[test_data] valid_token was never answered with Accepted, but 2 times with Blocked and Invalid "
        f"(TC_003, frame {first}). "
    )


@pytest.mark.parametrize("status", ["Accepted", "ConcurrentTx"])
def test_a_token_that_was_accepted_once_is_known(tmp_path, status):
    run = Run(tmp_path, "csms")
    run.asks("<token:valid>", "Invalid")
    run.asks("<token:valid>", status)
    assert hints(run.model()) == []


def test_tokens_that_need_not_be_accepted_give_no_hint(tmp_path):
    run = Run(tmp_path, "csms")
    for token in ("<token:invalid>", "<token:expired>", "<token:blocked>", "SOMEBODY"):
        run.asks(token, "Invalid")
    run.asks("<token:valid>")
    run.asks("<token:other>", {"no": "text"})
    assert hints(run.model()) == []


def test_a_card_that_is_not_the_valid_one(tmp_path):
    run = Run(tmp_path, "cs")
    first = run.asks("04A2B3\u202e", "Invalid", sender="product")
    run.asks("ANOTHER", "Invalid", sender="product")
    (hint,) = hints(run.model())
    assert f"never sent [test_data] valid_token, but 04A2B3\u202e (TC_003, frame {first - 1})" in hint


@pytest.mark.parametrize("tokens", [("SOMEBODY", "<token:valid>"), ("<token:invalid>",), ()])
def test_a_station_whose_tokens_are_known_gives_no_hint(tmp_path, tokens):
    run = Run(tmp_path, "cs")
    for token in tokens:
        run.asks(token, "Accepted", sender="product")
    assert hints(run.model()) == []


def test_an_address_of_the_driver_at_which_nothing_is(tmp_path):
    run = Synthetic(tmp_path / "run").begin(role="csms")
    for name, status in (("TC_013", "404 Not Found"), ("TC_014", "404 Not Found"), ("TC_061", "501 Not Implemented")):
        run.case(name)
        cause = f"no driver can do reset: http: POST http://127.0.0.1:1/reboot: {status}: {{}}"
        run.end_case("not run", name, cause=cause)
    (hint,) = hints(load_model(run.done()))
    assert hint.startswith("2 times a case was not run because [driver.http] was told 404 for reset (TC_013). ")


def test_every_report_for_a_person_says_it(tmp_path):
    run = Run(tmp_path, "cs")
    run.asks("<b>04&\u202e", "Invalid", sender="product")
    run.model()
    write_reports(tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Look here first:" in page
    assert "&lt;b&gt;04&amp;" in page
    assert "<b>04" not in page
    summary = (tmp_path / "run" / "summary.md").read_text(encoding="utf-8")
    assert "never sent" in summary
    assert "<b>04" not in summary
