"""Answer times, boots and reconnections; who the product says it is."""

import datetime as dt
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from synthetic import Synthetic

from ocpp_tck.evidence import records as r
from ocpp_tck.report.measured import percentile
from ocpp_tck.report.write import load_model


class Timed(Synthetic):
    """A journal whose clock is set by the test."""

    def at(self, offset):
        self.now = 1000.0 + offset - 0.021
        return self

    def answered(self, action, asked, answered, payload=None, sender="product"):
        n = self.at(asked).frame(sender="kit", action=action)
        raw = json.dumps([3, f"m{n}", {"status": "Accepted"} if payload is None else payload])
        self.at(answered).frame(sender=sender, kind="CALLRESULT", action=action, raw=raw, message_id=f"m{n}")

    def boot(self, at, **fields):
        payload = json.dumps(fields or {"chargePointVendor": "Acme", "chargePointModel": "W"})
        self.at(at).frame(action="BootNotification", raw=f'[2,"b{at}","BootNotification",{payload}]')

    def opened(self, at, **values):
        self.at(at).write(r.ConnectionOpened, connection="c1", station="CP001", **values)


@pytest.fixture
def timed(tmp_path):
    run = Timed(tmp_path / "run").begin()
    run.case()
    return run


def model(run):
    run.end_case()
    return load_model(run.done())


def measured(run):
    return {one.name: one for one in model(run).measures}


def test_percentile_is_by_nearest_rank():
    assert percentile([], 0.95) == 0
    assert percentile([3.0], 0.95) == 3
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile(list(range(1, 21)), 0.95) == 19
    assert percentile([5, 1, 3], 0.5) == 3


def test_answers_have_count_median_percentile_and_worst(timed):
    for number in range(20):
        timed.answered("GetConfiguration", 10 * number, 10 * number + (number + 1) / 10)
    (one,) = model(timed).answers
    assert (one.action, one.count, one.unanswered) == ("GetConfiguration", 20, 0)
    assert (one.median, one.p95, one.longest) == pytest.approx((1.05, 1.9, 2.0))


def test_a_reset_is_measured_from_its_acceptance_to_the_first_boot(timed):
    timed.answered("Reset", 1, 2)
    timed.boot(9.5)
    timed.boot(20)  # a boot that nothing asked for
    timed.answered("Reset", 30, 31)
    timed.boot(36)
    one = measured(timed)["Reboot after Reset"]
    assert (one.count, one.median, one.p95, one.longest) == pytest.approx((2, 6.25, 7.5, 7.5))
    assert "answer Accepted to Reset" in one.start
    assert "next BootNotification" in one.end


@pytest.mark.parametrize("answer", [{"status": "Rejected"}, {"status": 3}, [], {"status": "Scheduled"}])
def test_a_reset_that_was_not_accepted_is_none(timed, answer):
    timed.answered("Reset", 1, 2, payload=answer)
    timed.boot(9)
    assert measured(timed) == {}


def test_a_reset_whose_answer_cannot_be_read_is_none(timed):
    timed.at(1).frame(kind="CALLRESULT", action="Reset", raw="{" * 9)
    timed.boot(9)
    assert measured(timed) == {}


def test_a_reset_is_not_measured_into_the_next_case(timed):
    timed.answered("Reset", 1, 2)
    timed.end_case()
    timed.case("TC_002_CS")
    timed.boot(9)
    assert measured(timed) == {}


def test_power_is_measured_from_when_the_driver_has_switched_it_on(timed):
    power = {"action": "power_on", "payload": {}}
    timed.at(1).write(r.OperatorAsked, **power)
    timed.at(2).write(r.OperatorActed, **power, driver="http", outcome="done")
    timed.boot(7)
    for at, driver, outcome in ((20, "prompt", "done"), (40, "http", "failed")):  # nobody knows when, or whether
        timed.at(at).write(r.OperatorAsked, **power)
        timed.at(at + 1).write(r.OperatorActed, **power, driver=driver, outcome=outcome)
        timed.boot(at + 9)
    one = measured(timed)["Boot after power on"]
    assert (one.count, one.longest) == pytest.approx((1, 5.0))


def test_a_station_that_booted_before_the_driver_answered_is_not_measured(timed):
    power = {"action": "power_on", "payload": {}}
    timed.at(1).write(r.OperatorAsked, **power)
    timed.boot(2)
    timed.at(3).write(r.OperatorActed, **power, driver="http", outcome="done")
    timed.boot(60)
    assert measured(timed) == {}


def test_the_reset_of_an_evse_boots_nothing(timed):
    n = timed.at(1).frame(sender="kit", action="Reset", raw='[2,"m1","Reset",{"type":"Immediate","evseId":1}]')
    accepted = f'[3,"m{n}",{{"status":"Accepted"}}]'
    timed.at(2).frame(kind="CALLRESULT", action="Reset", raw=accepted, message_id=f"m{n}")
    timed.boot(30)
    assert measured(timed) == {}


def test_a_reset_that_power_overtook_is_not_measured(timed):
    timed.answered("Reset", 1, 2)
    timed.at(3).write(r.OperatorAsked, action="power_off", payload={})
    timed.boot(30)
    assert measured(timed) == {}


def test_reconnections_are_measured_from_when_the_kit_is_back(timed):
    timed.opened(0)
    timed.at(1).write(r.ConnectionClosed, connection="c1", station="CP001", by="kit", code=1001)
    timed.at(31).write(r.ListeningAgain, station="CP001")
    timed.opened(33)
    timed.at(41).write(r.ListeningAgain, station="CP001")
    timed.at(42).write(r.ConnectionRefused, station="CP001", by="kit", reason="TLS 1.1")  # the case kept it away
    timed.opened(50)
    one = measured(timed)["Reconnection"]
    assert (one.count, one.median) == pytest.approx((1, 2.0))


def test_a_csms_neither_boots_nor_reconnects(tmp_path):
    run = Timed(tmp_path / "run").begin("csms")
    run.case(sut="csms")
    run.answered("Reset", 1, 2, sender="product")
    run.boot(4)
    assert measured(run) == {}


def test_every_identity_is_told_once_and_the_last_one_last(timed):
    old = {"chargePointVendor": "Acme", "chargePointModel": "W", "firmwareVersion": "1"}
    timed.boot(1, **old)
    timed.boot(2, **{**old, "firmwareVersion": "2"})
    timed.boot(3, **old)
    timed.boot(4, chargePointVendor=7)
    timed.at(5).frame(action="BootNotification", raw="[2")
    timed.at(6).frame(action="BootNotification", raw='[2,"x","BootNotification",{"chargingStation":[]}]')
    folded = model(timed)
    assert [one.fields["firmware"] for one in folded.identities] == ["2", "1"]
    assert folded.identities[-1].time == pytest.approx(1003)
    assert folded.seen == {"vendor": "Acme", "model": "W", "firmware": "1"}


def made():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP001")])
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 77, now, now + dt.timedelta(days=30))
    return builder.sign(key, hashes.SHA256())


def test_the_certificate_that_the_product_shows_is_told_once(timed):
    certificate = made()
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    for at in (1, 2):
        timed.opened(at, tls={"version": "TLSv1.3", "suite": "TLS_AES_128_GCM_SHA256", "certificate": pem})
    timed.opened(3, tls={"version": "TLSv1.2", "certificate": ""})
    timed.opened(4, tls={"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    timed.opened(5, tls={"certificate": "nothing of the kind"})
    first, second, third = model(timed).certificates
    assert first.sha256 == certificate.fingerprint(hashes.SHA256()).hex()
    assert (first.subject, first.issuer, first.until) == ("CN=CP001", "CN=CP001", "2026-12-01")
    assert first.tls == "TLSv1.3 TLS_AES_128_GCM_SHA256"
    assert len(second.sha256) == 64
    assert second.subject == third.sha256 == third.until == ""
