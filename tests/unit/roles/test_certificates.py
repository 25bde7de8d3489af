"""Certificates as OCPP 1.6 carries them."""

import hashlib
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ocpp_tck.net import pki
from ocpp_tck.net.security import Security
from ocpp_tck.roles import certificates as c
from ocpp_tck.settings import Connection, Tls
from ocpp_tck.verdict import NotRun


@pytest.fixture(scope="module")
def root():
    return pki.Authority.root()


@pytest.fixture
def made(tmp_path, root):
    files = root.own.write(tmp_path, "authority")
    tls = Tls(authority=files.certificate, authority_key=files.key)
    security = Security(Connection(security_profile=3, tls=tls), "CP1", None, "CPO")
    yield c.MadeCertificates(security, "CP1"), security
    security.close()


@pytest.mark.parametrize(("algorithm", "digest"), [("SHA256", 64), ("SHA384", 96), ("SHA512", 128)])
def test_hashes_are_those_of_ocsp(root, algorithm, digest):
    found = c.hash_data(root.pem, algorithm)
    assert found["issuerNameHash"] == hashlib.new(algorithm, root.certificate.subject.public_bytes()).hexdigest()
    assert len(found["issuerKeyHash"]) == digest
    assert int(found["serialNumber"], 16) == root.certificate.serial_number
    assert not found["serialNumber"].startswith("0")


def test_an_entry_is_found_whatever_its_letters_are(root):
    other = pki.Authority.root("other")
    right = {name: value.upper() for name, value in c.hash_data(root.pem, "SHA256").items()}
    entries = [SimpleNamespace(**c.hash_data(other.pem, "SHA512")), SimpleNamespace(**right)]
    assert c.entry_of(root.pem, entries) is entries[1]
    assert c.entry_of(root.pem, entries[:1]) is None
    assert c.entry_of(root.pem, None) is None


@pytest.mark.parametrize("field", ["issuerNameHash", "issuerKeyHash", "serialNumber"])
def test_an_entry_with_one_wrong_value_is_another_certificate(root, field):
    wrong = c.hash_data(root.pem, "SHA256") | {field: "00"}
    assert c.entry_of(root.pem, [SimpleNamespace(**wrong)]) is None


def test_of_a_root_that_another_one_signed_the_issuers_key_is_not_known(root):
    below = root.intermediate()
    entry = c.hash_data(below.pem, "SHA256") | {"issuerKeyHash": "00"}
    assert c.entry_of(below.pem, [SimpleNamespace(**entry)]) is not None


def request(key, subject):
    return pki.signing_request(key, subject)


def tampered(root):
    pem = request(pki.new_key("ecdsa"), pki.named("SN-1", "CPO"))
    der = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(pki.serialization.Encoding.DER))
    der[der.index(b"SN-1")] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(pki.serialization.Encoding.PEM).decode()


def nameless(attributes):
    name = x509.Name(attributes)
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(pki.new_key("ecdsa"), hashes.SHA256())


def test_signing_requests(root):
    key = pki.new_key("ecdsa")
    assert c.request_defect(request(key, pki.named("SN-1", "CPO")), "CPO") == ""
    assert c.request_defect(request(pki.new_key("rsa"), pki.named("SN-1", "CPO")), "CPO") == ""
    assert "O) is CPO instead of CpoName, Other" in c.request_defect(request(key, pki.named("SN-1", "CPO")), "Other")
    assert "not signed with its own key" in c.request_defect(tampered(root), "CPO")
    assert "no certificate signing request" in c.request_defect("x", "CPO")
    assert "no certificate signing request" in c.request_defect(root.pem, "CPO")
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
    assert "1024 bits" in c.request_defect(request(weak, pki.named("SN-1", "CPO")), "CPO")
    small = ec.generate_private_key(ec.SECP192R1())
    assert "192 bits" in c.request_defect(request(small, pki.named("SN-1", "CPO")), "CPO")
    only_owner = nameless([x509.NameAttribute(c.NameOID.ORGANIZATION_NAME, "CPO")])
    pem = only_owner.public_bytes(pki.serialization.Encoding.PEM).decode()
    assert "commonName (CN) is absent" in c.request_defect(pem, "CPO")


def test_certificates_of_the_other_end(root):
    assert c.peer_defect("") == "none was shown"
    assert c.peer_defect(root.client("SN-1").pem) == ""
    assert "is a URL or an address" in c.peer_defect(root.client("10.0.0.1").pem)
    assert "is a URL or an address" in c.peer_defect(root.client("wss://a/b").pem)
    nameless = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SN-1")])
    key = pki.new_key("ecdsa")
    assert "A00.FR.509" in c.peer_defect(root.issue(key.public_key(), nameless, "client", key=key).pem)
    assert "1024 bits" in c.peer_defect(root.client("SN-1", algorithm="rsa", rsa_bits=1024).pem)
    server = root.server("csms.example", "127.0.0.1")
    assert c.peer_defect(server.pem, "CSMS.example") == ""
    assert "csms.example instead of other.example" in c.peer_defect(server.pem, "other.example")
    assert c.peer_defect(server.pem, "127.0.0.1") == "", "the host name can't be known"


def test_the_first_of_a_chain(root):
    below = root.intermediate()
    leaf = below.client("SN-1")
    assert c.same_certificate(leaf.chain_pem, leaf.pem)
    assert not c.same_certificate(leaf.chain_pem, below.pem)
    assert not c.same_certificate("x", "x")
    key = pki.new_key("ecdsa")
    wanted = request(key, pki.named("SN-1"))
    assert c.is_for_request(root.sign(x509.load_pem_x509_csr(wanted.encode())).chain_pem, wanted)
    assert not c.is_for_request(leaf.chain_pem, wanted)
    assert not c.is_for_request("x", wanted)


def test_what_the_kit_makes(made, root):
    certificates, security = made
    assert certificates.trusted() == root.pem
    new = x509.load_pem_x509_certificate(certificates.root().encode())
    assert new.subject == new.issuer
    old = x509.load_pem_x509_certificate(certificates.root(expired=True).encode())
    assert old.not_valid_after_utc < new.not_valid_before_utc + pki.DAY
    x509.load_pem_x509_certificate(certificates.root(signed=True).encode()).verify_directly_issued_by(root.certificate)
    wanted = certificates.request()
    assert c.request_defect(wanted, "CPO") == ""
    good, wrong = certificates.signed(wanted), certificates.signed(wanted, wrong=True)
    x509.load_pem_x509_certificate(good.encode()).verify_directly_issued_by(root.certificate)
    with pytest.raises(ValueError, match="issuer"):
        x509.load_pem_x509_certificate(wrong.encode()).verify_directly_issued_by(root.certificate)
    security.renew(good)
    assert security.client() is not None


def test_without_an_authority_nothing_is_signed():
    security = Security(Connection(), "CP1", None, "CPO")
    certificates = c.MadeCertificates(security, "CP1")
    wanted = certificates.request()
    for make in (certificates.trusted, lambda: certificates.root(signed=True), lambda: certificates.signed(wanted)):
        with pytest.raises(NotRun, match="authority"):
            make()
    assert c.is_for_request(certificates.signed(wanted, wrong=True), wanted)
    security.close()
