"""The embedded CSMS of 1.6 over TLS, and the certificates that it signs."""

import json
import ssl

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from csms16_support import PATIENCE, Csms, Station
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

from ocpp_tck.net import pki
from ocpp_tck.net.tls import SUITES
from ocpp_tck.reference.control import CannotStart

SECRET = "correct-horse-40-b"


@pytest.fixture(scope="module")
def root():
    return pki.Authority.root()


@pytest.fixture
def options(tmp_path, root):
    """Options of a CSMS with both kinds of certificates and an authority."""
    made = [root.server("127.0.0.1", algorithm=name).write(tmp_path, name) for name in ("ecdsa", "rsa")]
    authority = root.own.write(tmp_path, "authority")
    return {
        "certificates": tuple((str(one.certificate), str(one.key)) for one in made),
        "authority": (str(authority.certificate), str(authority.key)),
    }


def come(csms, root, tmp_path, *, cipher="", own=None):
    context = ssl.create_default_context(cadata=root.pem)
    if cipher:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(cipher)
    if own is not None:
        files = own.write(tmp_path, "own")
        context.load_cert_chain(files.certificate, files.key)
    return connect(
        f"{csms.product.url}/CP001", subprotocols=["ocpp1.6"], ssl=context, open_timeout=PATIENCE, close_timeout=1
    )


@pytest.mark.parametrize("suite", SUITES.values())
def test_each_suite_alone(options, root, tmp_path, suite):
    with Csms(**options) as csms, come(csms, root, tmp_path, cipher=suite) as connection:
        assert csms.product.url.startswith("wss://")
        assert connection.socket.cipher()[0] == suite


@pytest.fixture
def mutual(options):
    """Options of a CSMS that takes certificates of CPO and of a vendor, and knows the serial number of CP001."""
    return {
        **options,
        "client_ca": options["authority"][0],
        "cpo_names": ("CPO", "Vendor Ltd"),
        "serials": {"CP001": "SN-1"},
    }


def test_with_client_certificates_nobody_else_comes_in(mutual, root, tmp_path):
    with Csms(**mutual) as csms:
        with come(csms, root, tmp_path, own=root.client("SN-1", "CPO")) as connection:
            assert connection.subprotocol == "ocpp1.6"
        for own in (None, pki.Authority.root("other").client("SN-1", "CPO")):
            with pytest.raises((OSError, EOFError, WebSocketException)):
                come(csms, root, tmp_path, own=own).recv(PATIENCE)


@pytest.mark.parametrize(("serial", "owner"), [("SN-1", "Vendor Ltd"), ("sn-1", "cpo")])
def test_also_a_certificate_of_a_trusted_organization_and_in_other_case_lets_in(mutual, root, tmp_path, serial, owner):
    with Csms(**mutual) as csms, come(csms, root, tmp_path, own=root.client(serial, owner)) as connection:
        assert connection.subprotocol == "ocpp1.6"


OF_ANOTHER_OWNER = [("SN-1", "Other"), ("SN-1", "CPO of somebody else"), ("SN-1", "")]
OF_ANOTHER_STATION = [("SN-2", "CPO"), ("SN-11", "CPO"), ("SN", "CPO"), ("CP001", "CPO")]


def nameless(root, subject):
    key = pki.new_key("ecdsa")
    return root.issue(key.public_key(), x509.Name(subject), "client", key=key)


def of(root, serial, owner):
    parts = ((NameOID.ORGANIZATION_NAME, owner), (NameOID.COMMON_NAME, serial))
    return nameless(root, [x509.NameAttribute(kind, value) for kind, value in parts if value])


def refusal(csms, root, tmp_path, own):
    with pytest.raises(InvalidStatus) as told:
        come(csms, root, tmp_path, own=own)
    return told.value.response.status_code, told.value.response.body.decode()


@pytest.mark.parametrize(
    ("certificates", "reason", "defect"),
    [
        (OF_ANOTHER_OWNER, "not owned by the CPO", "lets-certificates-of-other-owners-in"),
        (
            [*OF_ANOTHER_STATION, ("", "CPO")],
            "not that of this charge point",
            "lets-certificates-of-other-charge-points-in",
        ),
    ],
)
def test_a_certificate_of_another_owner_or_station_lets_in_only_where_that_is_the_defect(
    mutual, root, tmp_path, certificates, reason, defect
):
    with Csms(**mutual) as csms:
        for serial, owner in certificates:
            status, text = refusal(csms, root, tmp_path, of(root, serial, owner))
            assert status == 403
            assert reason in text
    with Csms(**mutual, defects=(defect,)) as csms:
        for serial, owner in certificates:
            with come(csms, root, tmp_path, own=of(root, serial, owner)) as connection:
                assert connection.subprotocol == "ocpp1.6"
        assert refusal(csms, root, tmp_path, of(root, "SN-2", "Other"))[0] == 403


def test_a_station_without_a_serial_number_is_named_by_its_id(mutual, root, tmp_path):
    with Csms(**{**mutual, "serials": {}}) as csms:
        with come(csms, root, tmp_path, own=root.client("CP001", "CPO")) as connection:
            assert connection.subprotocol == "ocpp1.6"
        assert refusal(csms, root, tmp_path, root.client("SN-1", "CPO"))[0] == 403


def test_it_does_not_start_without_knowing_whose_certificates_it_takes(mutual):
    with pytest.raises(CannotStart, match="--cpo-name"):
        with Csms(**{**mutual, "cpo_names": ()}):
            pass


def test_what_is_no_certificate_is_named(tmp_path):
    bad = tmp_path / "bad.pem"
    bad.write_text("no PEM")
    for wrong in ({"certificates": ((str(bad), str(bad)),)}, {"authority": (str(bad), str(bad))}):
        with pytest.raises(CannotStart, match=r"bad\.pem"):
            with Csms(**wrong):
                pass


def test_a_request_is_signed_behind_its_answer(options, root):
    key = pki.new_key("ecdsa")
    csr = pki.signing_request(key, pki.named("SN-1", "CPO"))
    with Csms(authority=options["authority"]) as csms, Station(csms) as station:
        station.boot()
        assert station.call("SignCertificate", {"csr": csr}) == {"status": "Accepted"}
        _, identifier, action, payload = station.receive()
        assert action == "CertificateSigned"
        made = x509.load_pem_x509_certificate(payload["certificateChain"].encode())
        made.verify_directly_issued_by(root.certificate)
        assert made.public_key() == key.public_key()
        station.send(json.dumps([3, identifier, {"status": "Accepted"}]))


@pytest.mark.parametrize("wrong", ["text", "weak", "nameless", "no authority"])
def test_what_can_not_be_signed_is_rejected(options, wrong):
    key = pki.new_key("rsa", pki.WEAK_RSA_BITS) if wrong == "weak" else pki.new_key("ecdsa")
    subject = x509.Name([]) if wrong == "nameless" else pki.named("SN-1", "CPO")
    csr = "no request" if wrong == "text" else pki.signing_request(key, subject)
    given = {} if wrong == "no authority" else {"authority": options["authority"]}
    with Csms(**given) as csms, Station(csms) as station:
        station.boot()
        assert station.call("SignCertificate", {"csr": csr}) == {"status": "Rejected"}


def test_security_messages_are_taken_and_ordered():
    with Csms() as csms, Station(csms) as station:
        station.boot()
        event = {"type": "StartupOfTheDevice", "timestamp": "2026-01-02T03:04:05Z"}
        assert station.call("SecurityEventNotification", event) == {}
        csms.order("get_installed_certificate_ids", {"certificateType": "ManufacturerRootCertificate"})
        assert station.receive()[2] == "GetInstalledCertificateIds"
