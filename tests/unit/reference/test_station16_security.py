"""The embedded charge point of 1.6: the messages of the security whitepaper, its vault, its profiles."""

import asyncio
import base64
import contextlib

import pytest
from cryptography import x509
from station16_support import CentralSystem

from ocpp_tck.net import pki
from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.core16.vault import CENTRAL_SYSTEM, MANUFACTURER, STORE_LENGTH, Unusable, Vault
from ocpp_tck.reference.station.v16 import Product

KEY = "4F43415F4F4354545F61646D696E5F74657374"
OPTIONS = {"version": "1.6", "url": "ws://127.0.0.1:1/ocpp", "station_id": "CP1", "reconnect_seconds": 0.02}


@pytest.fixture(scope="module")
def root():
    return pki.Authority.root()


def vault(**options):
    return Vault(StationOptions(**OPTIONS, **options))


def kept(tmp_path, root):
    """Options of a charge point that knows the root and has a certificate of it."""
    own = root.client("TCK-0001", "CPO").write(tmp_path, "own")
    ca = tmp_path / "ca.pem"
    ca.write_text(root.pem)
    return {"ca": str(ca), "certificate": str(own.certificate), "key": str(own.key)}


def signed(root, request, **options):
    return root.sign(x509.load_pem_x509_csr(request.encode()), **options).chain_pem


# -- the vault -------------------------------------------------------------------------------------------------------


def test_an_authorization_key_has_16_to_20_bytes():
    store = vault()
    assert store.set_password(KEY)
    assert store.password == b"OCA_OCTT_admin_test"
    for wrong in ("", "00" * 15, "00" * 21, "0" * 33, "x" * 32):
        assert not store.set_password(wrong)
    assert store.password == b"OCA_OCTT_admin_test"


@pytest.mark.parametrize("value", ["0", "1", "4", "x", "-1", ""])
def test_a_profile_is_only_raised(value):
    store = vault(security_profile=1, password=KEY)
    assert not store.set_profile(value)


def test_a_profile_needs_what_it_is_made_of(tmp_path, root):
    store = vault()
    assert not store.set_profile("1"), "no password (A05.FR.02)"
    store.set_password(KEY)
    assert store.set_profile("1")
    assert not store.set_profile("2"), "no root (A05.FR.03)"
    store.install(CENTRAL_SYSTEM, root.pem)
    assert store.set_profile("2")
    assert not store.set_profile("3"), "no certificate (A05.FR.04)"
    assert store.fall_back()
    assert (store.profile, store.fall_back()) == (1, False)
    store = vault(security_profile=2, password=KEY, **kept(tmp_path, root))
    assert store.set_profile("3")


@pytest.mark.parametrize("make", ["expired", "leaf", "weak", "text", "two", "unsigned"])
def test_a_wrong_root_is_refused(root, make):
    leaf = root.server("csms.example")
    pems = {
        "expired": pki.Authority.root(validity=pki.EXPIRED).pem,
        "leaf": leaf.pem,
        "weak": pki.Authority(pki.Certified(*weak_root())).pem,
        "text": "no certificate",
        "two": root.pem + root.pem,
        "unsigned": root.intermediate().pem,
    }
    with pytest.raises(Unusable):
        vault().install(CENTRAL_SYSTEM, pems[make])


def weak_root():
    key = pki.new_key("rsa", pki.WEAK_RSA_BITS)
    name = pki.named("weak")
    builder = pki._as_authority(pki._builder(name, name, key.public_key(), key.public_key(), pki.VALID), None)
    return builder.sign(key, pki.hashes.SHA256()), key


def test_roots_come_and_go(root):
    store = vault()
    assert store.installed(MANUFACTURER) == []
    assert store.install(MANUFACTURER, root.pem) == "Accepted"
    assert store.install(MANUFACTURER, root.pem) == "Accepted", "it is there already"
    (named,) = store.installed(MANUFACTURER)
    assert store.installed(CENTRAL_SYSTEM) == []
    assert store.delete(named | {"serial_number": "0"}) == "NotFound"
    assert store.delete({name: value.upper() for name, value in named.items()}) == "Accepted"
    assert store.delete(named) == "NotFound"


def test_the_store_has_an_end(root):
    store = vault()
    for number in range(STORE_LENGTH):
        assert store.install(MANUFACTURER, pki.Authority.root(str(number)).pem) == "Accepted"
    assert store.install(CENTRAL_SYSTEM, root.pem) == "Rejected"


def test_a_root_in_use_stays(tmp_path, root):
    store = vault(security_profile=2, password=KEY, **kept(tmp_path, root))
    store.connected(root.server("csms.example").certificate.public_bytes(pki.serialization.Encoding.DER))
    (named,) = store.installed(CENTRAL_SYSTEM)
    assert store.delete(named) == "Failed"


def test_with_the_additional_check_a_root_only_replaces_the_one_that_signed_it(tmp_path, root):
    store = vault(additional_root_check=True, **kept(tmp_path, root))
    with pytest.raises(Unusable):
        store.install(CENTRAL_SYSTEM, pki.Authority.root("other").pem)
    new = root.intermediate("new root")
    assert store.install(CENTRAL_SYSTEM, new.pem) == "Accepted"
    assert (len(store.installed(CENTRAL_SYSTEM)), store.fallback) == (1, root.certificate)
    store.connected(new.server("csms.example").certificate.public_bytes(pki.serialization.Encoding.DER))
    assert store.fallback is None


def test_only_the_certificate_that_was_asked_for_is_taken(tmp_path, root):
    store = vault(security_profile=3, **kept(tmp_path, root))
    first = store.own
    with pytest.raises(Unusable, match="no certificate was asked for"):
        store.take_signed(root.pem)
    request = store.request("CPO")
    wrong = {
        "for another key": root.client("TCK-0001").chain_pem,
        "out of date": signed(root, request, validity=pki.EXPIRED),
        "not of the hierarchy": signed(pki.Authority.root("other"), request),
        "no X.509": "x",
        "longer than": "x" * 10_001,
    }
    for reason, chain in wrong.items():
        with pytest.raises(Unusable, match=reason):
            store.take_signed(chain)
    store.take_signed(signed(root.intermediate(), request))
    assert store.own != first
    assert store.context() is not None


# -- on the wire -----------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def connected(**options):
    """A Central System, and the charge point that it has accepted."""
    system = CentralSystem()
    await system.open()
    given = OPTIONS | {"url": f"ws://127.0.0.1:{system.port}/ocpp", "cpo_name": "CPO"} | options
    station = Product(StationOptions(**given))
    await station.start()
    try:
        await system.until("StatusNotification", connectorId=2)
        yield system
    finally:
        await station.stop()
        await system.close()


def run(work):
    asyncio.run(asyncio.wait_for(work, 20))


def test_certificates_on_the_wire(root):
    async def talk():
        async with connected() as system:
            use = {"certificateType": MANUFACTURER}
            assert await system.ask("GetInstalledCertificateIds", **use) == {"status": "NotFound"}
            assert await system.ask("InstallCertificate", **use, certificate=root.pem) == {"status": "Accepted"}
            found = await system.ask("GetInstalledCertificateIds", **use)
            (named,) = found["certificateHashData"]
            assert await system.ask("DeleteCertificate", certificateHashData=named) == {"status": "Accepted"}
            expired = pki.Authority.root(validity=pki.EXPIRED).pem
            wrong = {"certificateType": CENTRAL_SYSTEM, "certificate": expired}
            assert await system.ask("InstallCertificate", **wrong) == {"status": "Rejected"}
            await system.expect("SecurityEventNotification", type="InvalidCentralSystemCertificate")

    run(talk())


def test_a_certificate_is_asked_for_and_a_wrong_one_reported(root):
    async def talk():
        async with connected() as system:
            sign = {"requestedMessage": "SignChargePointCertificate"}
            assert await system.ask("ExtendedTriggerMessage", **sign) == {"status": "Accepted"}
            csr = (await system.expect("SignCertificate"))["csr"]
            subject = x509.load_pem_x509_csr(csr.encode()).subject.rfc4514_string()
            assert subject == "CN=TCK-0001,O=CPO"
            assert await system.ask("CertificateSigned", certificateChain=root.pem) == {"status": "Rejected"}
            await system.expect("SecurityEventNotification", type="InvalidChargePointCertificate")

    run(talk())


def test_without_a_cpo_name_none_is_asked_for():
    async def talk():
        async with connected(cpo_name="") as system:
            sign = {"requestedMessage": "SignChargePointCertificate"}
            assert await system.ask("ExtendedTriggerMessage", **sign) == {"status": "Rejected"}

    run(talk())


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("Heartbeat", "Heartbeat"),
        ("StatusNotification", "StatusNotification"),
        ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"),
        ("LogStatusNotification", "LogStatusNotification"),
    ],
)
def test_other_messages_are_triggered(message, action):
    async def talk():
        async with connected() as system:
            assert await system.ask("ExtendedTriggerMessage", requestedMessage=message) == {"status": "Accepted"}
            await system.expect(action)

    run(talk())


def test_without_the_extension_its_messages_are_not_supported():
    async def talk():
        async with connected(without=frozenset({"security"}), security_profile=0) as system:
            use = {"certificateType": MANUFACTURER}
            assert await system.ask("GetInstalledCertificateIds", **use) == "NotSupported"
            assert await system.ask("ChangeConfiguration", key="CpoName", value="x") == {"status": "NotSupported"}
            assert await system.ask("ChangeConfiguration", key="AuthorizationKey", value=KEY) == {
                "status": "NotSupported"
            }

    run(talk())


def test_a_new_password_is_shown_on_the_next_connection():
    async def talk():
        async with connected(security_profile=1, password="correct-horse-40-b") as system:
            await system.until("SecurityEventNotification", type="StartupOfTheDevice")
            system.connected.clear()
            assert await system.ask("ChangeConfiguration", key="AuthorizationKey", value=KEY) == {"status": "Accepted"}
            await system.connected.wait()
            shown = system.connection.request.headers["Authorization"].split()[1]
            assert base64.b64decode(shown) == b"CP1:OCA_OCTT_admin_test"
            lower = await system.ask("ChangeConfiguration", key="SecurityProfile", value="0")
            assert lower == {"status": "Rejected"}
            values = await system.ask("GetConfiguration", key=["AuthorizationKey", "SecurityProfile"])
            assert values["unknownKey"] == ["AuthorizationKey"]
            assert values["configurationKey"][0]["value"] == "1"

    run(talk())


def test_a_profile_that_leads_nowhere_is_given_up(root):
    async def talk():
        async with connected(security_profile=1, password=KEY) as system:
            use = {"certificateType": CENTRAL_SYSTEM, "certificate": root.pem}
            assert await system.ask("InstallCertificate", **use) == {"status": "Accepted"}
            system.connected.clear()
            raised = await system.ask("ChangeConfiguration", key="SecurityProfile", value="2")
            assert raised == {"status": "Accepted"}
            await system.connected.wait()
            values = await system.ask("GetConfiguration", key=["SecurityProfile"])
            assert values["configurationKey"][0]["value"] == "1"

    run(talk())
