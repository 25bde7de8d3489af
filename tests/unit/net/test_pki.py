"""The throw-away public key infrastructure, judged by OpenSSL's own handshake."""

import contextlib
import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ocpp_tck.net import pki

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def root():
    return pki.Authority.root()


def shake(tmp_path, server, trusted, *, client=None, crl="", tune=None):
    """Do a TLS handshake in memory; gives the negotiated cipher, or raises what the client or server raises."""
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = server.write(tmp_path, "server")
    there.load_cert_chain(files.certificate, files.key)
    here = ssl.create_default_context(cadata=trusted + crl)
    here.minimum_version = ssl.TLSVersion.TLSv1_2
    if crl:
        path = tmp_path / "trusted.pem"
        path.write_text(trusted + crl)
        here = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        here.load_verify_locations(path)
        here.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if client is not None:
        own = client.write(tmp_path, "client")
        here.load_cert_chain(own.certificate, own.key)
        there.verify_mode = ssl.CERT_REQUIRED
        there.load_verify_locations(cadata=trusted)
    if tune:
        tune(there)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = here.wrap_bio(to_client, to_server, server_hostname=HOST)
    two = there.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        for side in (one, two):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return one.cipher()[0]


@pytest.mark.parametrize("algorithm", ["ecdsa", "rsa"])
def test_a_leaf_below_an_intermediate_is_believed(tmp_path, algorithm):
    root = pki.Authority.root(algorithm=algorithm)
    below = root.intermediate(algorithm=algorithm)
    client = below.client("SN-1", "CPO", algorithm=algorithm)
    assert shake(tmp_path, below.server(HOST, "localhost", algorithm=algorithm), root.pem, client=client)
    subject = client.certificate.subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "SN-1"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "CPO"


def test_rsa_key_exchange_is_possible(tmp_path, root):
    def only(context):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-GCM-SHA256")

    server = root.server(HOST, algorithm="rsa")
    with pytest.raises(ssl.SSLError):  # the client's default list leaves it out
        shake(tmp_path, server, root.pem, tune=only)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"validity": pki.EXPIRED}, "expired"),
        ({"validity": pki.NOT_YET}, "not yet valid"),
        ({"purpose": "client"}, "purpose"),
        ({"algorithm": "rsa", "rsa_bits": pki.WEAK_RSA_BITS}, "too small|too weak"),
    ],
)
def test_a_wrong_leaf_is_refused(tmp_path, root, options, problem):
    with pytest.raises(ssl.SSLError, match=f"(?i){problem}"):
        shake(tmp_path, root.server(HOST, **options), root.pem)


def test_a_wrong_name_is_refused(tmp_path, root):
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake(tmp_path, root.server("elsewhere.example"), root.pem)


def test_another_root_is_refused(tmp_path, root):
    with pytest.raises(ssl.SSLCertVerificationError, match=r"self-signed|unable to get"):
        shake(tmp_path, root.server(HOST), pki.Authority.root("another").pem)


def test_a_revoked_leaf_is_refused(tmp_path, root):
    good, bad = root.server(HOST), root.server(HOST)
    root.revoke(bad.certificate)
    assert shake(tmp_path, good, root.pem, crl=root.revoked())
    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        shake(tmp_path, bad, root.pem, crl=root.revoked())


def test_a_request_is_signed_and_the_key_stays_where_it_is(root):
    key = pki.new_key("ecdsa")
    request = x509.load_pem_x509_csr(pki.signing_request(key, pki.named("SN-2", "CPO")).encode())
    made = root.sign(request)
    assert made.certificate.public_key() == key.public_key()
    assert made.certificate.subject == request.subject
    made.certificate.verify_directly_issued_by(root.certificate)
    with pytest.raises(ValueError, match="not here"):
        made.key_pem()


def test_a_request_that_somebody_changed_is_not_signed(root):
    pem = pki.signing_request(pki.new_key("ecdsa"), pki.named("SN-2", "CPO"))
    der = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(pki.serialization.Encoding.DER))
    der[der.index(b"SN-2")] ^= 1
    with pytest.raises(ValueError, match="not signed with its own key"):
        root.sign(x509.load_der_x509_csr(bytes(der)))


def test_an_authority_is_read_from_its_files(tmp_path, root):
    below = root.intermediate()
    files = below.own.write(tmp_path, "below")
    assert files.key.stat().st_mode & 0o077 == 0
    again = pki.Authority.read(files.certificate.read_bytes(), files.key.read_bytes())
    assert again.server(HOST).chain[0] == below.certificate
    stranger = pki.new_key("ecdsa")
    other = pki.Certified(root.certificate, stranger).key_pem()
    with pytest.raises(ValueError, match="does not belong"):
        pki.Authority.read(files.certificate.read_bytes(), other.encode())


def test_code_signing(root):
    made = root.code_signing()
    usage = made.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CODE_SIGNING]
    assert made.certificate.not_valid_after_utc > dt.datetime.now(dt.UTC)
