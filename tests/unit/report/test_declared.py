"""What was declared beside what the frames show."""

import json

import pytest
from synthetic import Synthetic

from ocpp_tck.report.known import run_exit_code
from ocpp_tck.report.write import load_model, write_reports

DECLARED = {"reservation": True, "smart_charging": False, "reserve_connector_zero": True, "local_auth_list": True}


class Run:
    def __init__(self, folder, pics, role="cs", version="1.6"):
        sut = {"role": role, "version": version, "vendor": "Acme", "model": "Wallbox"}
        self.synthetic = Synthetic(folder / "run").begin(pics=pics, sut=sut)
        self.synthetic.case("TC_019_CS")

    def ask(self, action, answer, *, error="", sender="kit"):
        other = "product" if sender == "kit" else "kit"
        n = self.synthetic.frame(sender=sender, action=action)
        raw = f'[4,"m{n}","{error}","",{{}}]' if error else json.dumps([3, f"m{n}", answer])
        kind = "CALLERROR" if error else "CALLRESULT"
        return self.synthetic.frame(sender=other, kind=kind, action=action, raw=raw, message_id=f"m{n}")

    def keys(self, unknown=(), **values):
        entries = [{"key": key, "readonly": True, "value": value} for key, value in values.items()]
        return self.ask("GetConfiguration", {"configurationKey": entries, "unknownKey": list(unknown)})

    def model(self, verdict="pass"):
        self.synthetic.end_case(verdict, "TC_019_CS")
        return load_model(self.synthetic.done())


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path, DECLARED)


def told(model):
    return [(one.feature, one.declared, one.shown) for one in model.declarations]


def test_a_right_declaration_is_none_to_speak_of(run):
    run.keys(SupportedFeatureProfiles="Core, reservation,LocalAuthListManagement", ReserveConnectorZeroSupported="True")
    run.ask("ReserveNow", {"status": "Accepted"})
    run.ask("SetChargingProfile", {"status": "NotSupported"})
    run.ask("ClearChargingProfile", None, error="NotImplemented")
    assert told(run.model()) == []


def test_profiles_that_are_named_or_not(run):
    frame = run.keys(SupportedFeatureProfiles="Core,SmartCharging")
    model = run.model()
    assert told(model) == [
        ("local_auth_list", True, "SupportedFeatureProfiles does not name LocalAuthListManagement"),
        ("reservation", True, "SupportedFeatureProfiles does not name Reservation"),
        ("smart_charging", False, "SupportedFeatureProfiles names SmartCharging"),
    ]
    assert {one.frame for one in model.declarations} == {frame}


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({"ReserveConnectorZeroSupported": "false"}, "it has ReserveConnectorZeroSupported = false"),
        ({"unknown": ["reserveconnectorzerosupported"]}, "it does not know ReserveConnectorZeroSupported"),
    ],
)
def test_keys(run, keys, shown):
    run.keys(**keys)
    assert told(run.model()) == [("reserve_connector_zero", True, shown)]


@pytest.mark.parametrize(
    ("action", "answer", "error", "expected"),
    [
        ("ReserveNow", None, "NotSupported", [("reservation", True, "it answers ReserveNow with NotSupported")]),
        ("ReserveNow", None, "InternalError", []),
        ("ReserveNow", {"status": "Rejected"}, "", []),
        ("SendLocalList", {"status": "NotSupported"}, "", [("local_auth_list", True, "it answers SendLocalList with NotSupported")]),
        ("SetChargingProfile", {"status": "Accepted"}, "", [("smart_charging", False, "it carries out SetChargingProfile")]),
        ("UnlockConnector", {"status": "NotSupported"}, "", []),
    ],
)  # fmt: skip
def test_answers(run, action, answer, error, expected):
    run.ask(action, answer, error=error)
    assert told(run.model()) == expected


def test_what_no_frame_of_the_product_says(run):
    run.ask("SetChargingProfile", {"status": "Accepted"}, sender="product")
    run.synthetic.frame(kind="CALLRESULT", raw='[3,"x",{"status":"Accepted"}]', message_id="x")
    run.synthetic.frame(kind="CALLERROR", raw='[4,"x"]', message_id="x")
    run.synthetic.frame(raw="?", malformed=True)
    run.ask("ReserveNow", "text")
    run.ask("GetConfiguration", {"configurationKey": "none", "unknownKey": 1})
    run.synthetic.frame(sender="kit", action="ReserveNow", message_id="y")
    run.synthetic.frame(kind="CALLERROR", raw="[" * 9, message_id="y")
    assert told(run.model()) == []


def test_a_csms_that_orders_what_it_is_said_to_lack(tmp_path):
    run = Run(tmp_path, {"smart_charging": False, "reservation": True}, role="csms")
    run.ask("SetChargingProfile", {"status": "Accepted"}, sender="product")
    assert told(run.model()) == [("smart_charging", False, "it sends SetChargingProfile")]


def test_other_versions_declare_nothing_that_a_message_contradicts(tmp_path):
    run = Run(tmp_path, {"reservation": True}, version="2.0.1")
    run.ask("ReserveNow", None, error="NotSupported")
    assert told(run.model()) == []


def test_it_warns_and_every_report_says_so(run):
    run.ask("ReserveNow", None, error="NotSupported")
    model = run.model()
    assert (str(model.verdict), run_exit_code(model), run_exit_code(model, strict=True)) == ("warn", 0, 1)
    folder = run.synthetic.folder
    write_reports(folder)
    for name in ("report.html", "summary.md"):
        text = (folder / name).read_text(encoding="utf-8").replace("\\", "")
        assert "reservation is declared, but it answers ReserveNow with NotSupported" in text
    (one,) = json.loads((folder / "report.json").read_text(encoding="utf-8"))["declarations"]
    assert (one["feature"], one["case"]) == ("reservation", "TC_019_CS")


def test_nothing_decided_stays_nothing_decided(run):
    run.ask("ReserveNow", None, error="NotSupported")
    model = run.model("not run")
    assert (str(model.verdict), run_exit_code(model)) == ("none", 5)
