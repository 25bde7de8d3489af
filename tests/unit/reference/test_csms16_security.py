"""The embedded CSMS of 1.6 over TLS, and the certificates that it signs."""

import json
import ssl

import pytest
from cryptography import x509
from csms16_support import PATIENCE, Csms, Station
from websockets.exceptions import WebSocketException
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


def test_with_client_certificates_nobody_else_comes_in(options, root, tmp_path):
    with Csms(**options, client_ca=options["authority"][0]) as csms:
        with come(csms, root, tmp_path, own=root.client("SN-1")) as connection:
            assert connection.subprotocol == "ocpp1.6"
        for own in (None, pki.Authority.root("other").client("SN-1")):
            with pytest.raises((OSError, EOFError, WebSocketException)):
                come(csms, root, tmp_path, own=own).recv(PATIENCE)


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
