"""Secure connections (3.21): authentication, TLS, passwords and profiles. Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase
from ocpp_tck.roles.certificates import key_bytes, peer_defect
from ocpp_tck.verdict import Signal

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase(
    "TC_073_CSMS",
    "A new password is set",
    profile="Security",
    requirements="security whitepaper A01.FR.02, A01.FR.03, A00.FR.205; OCPP-J 1.6 6.2.2; errata J 3.12",
    applies_if="security_profile_1 or security_profile_2",
    changes="password",
    security_profiles=(1, 2),
)
def test_update_password(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator changes the password of the charge point, which comes back with the bytes that its key means.

    The run, and the next one, go on with that password.
    """
    csms.answer("ChangeConfiguration", then={"status": "Accepted"}, where={"key": "AuthorizationKey"})
    operator.order("ChangeConfiguration", key="AuthorizationKey", value=csms.data.authorization_key)
    with step("1", "The central system sets AuthorizationKey to 16 to 20 bytes as hexadecimal digits"):
        password = key_bytes(str(csms.expect("ChangeConfiguration", where={"key": "AuthorizationKey"}).value))
        assert password is not None, "the value is no such key"

    csms.fence()
    before = csms.use_password(password)
    csms.disconnect()
    try:
        with step("3", "The central system lets the charge point in with the new password"):
            csms.connect(admitted=True)
    except Signal:
        csms.use_password(before)
        raise


@testcase(
    "TC_083_CSMS",
    "The security profile is raised",
    profile="Security",
    requirements="security whitepaper A05",
    applies_if="security_profile_2 or security_profile_3",
    changes="security_profile",
    security_profiles=(0, 1, 2),
)
def test_upgrade_profile(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator has the charge point go over to the next security profile.

    The document ends with the charge point's answer; where the central system waits for it with the other profile is
    the operator's business (A00.FR.006), so that the kit stays where it is.
    """
    wanted = {"key": "SecurityProfile", "value": str(csms.security_profile + 1)}
    csms.answer("ChangeConfiguration", then={"status": "Accepted"}, where=wanted)
    operator.order("ChangeConfiguration", wanted)
    with step("1", "The central system sets SecurityProfile to the next one"):
        csms.expect("ChangeConfiguration", where=wanted)


@testcase(
    "TC_085_CSMS",
    "Basic authentication with the right user and password",
    profile="Security",
    requirements="security whitepaper A00.FR.202 to A00.FR.205; 1.6 4.2, 4.9",
    applies_if="security_profile_1 or security_profile_2",
    security_profiles=(1, 2),
)
def test_basic_authentication(unconnected: Csms, step: Any) -> None:
    """The charge point connects with its identity and its password, and boots."""
    csms = unconnected
    with step("2", "The central system lets the charge point in"):
        csms.connect(admitted=True)
    with step("4", "The central system accepts the charge point"):
        assert csms.boot().status == "Accepted"
    with step("6", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)


@testcase(
    "TC_086_CSMS",
    "TLS with a certificate of the central system",
    profile="Security",
    requirements="security whitepaper A00.FR.306, A00.FR.312, A00.FR.317, A00.FR.416, A00.FR.421, A00.FR.501 to FR.510",
    applies_if="security_profile_2 or security_profile_3",
    security_profiles=(2, 3),
)
def test_server_certificate(unconnected: Csms, step: Any) -> None:
    """The charge point connects over TLS, with any suite and with each of the four alone, and boots."""
    csms = unconnected
    with step("2", "The central system uses TLS 1.2 or newer"):
        tls = csms.connect(admitted=True).tls
        assert tls["version"] in {"TLSv1.2", "TLSv1.3"}
    with step("2", "The central system shows a certificate with a strong key, and its host name as commonName"):
        defect = peer_defect(tls["certificate"], tls["host"])
        assert not defect, f"the certificate of the central system: {defect}"
    csms.disconnect()
    with step("2", "The central system lets the charge point in with each of the four cipher suites"):
        states.supports_suites(csms)
    with step("6", "The central system lets the charge point in"):
        csms.connect(admitted=True)
    with step("8", "The central system accepts the charge point"):
        assert csms.boot().status == "Accepted"
    with step("10", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)


@testcase(
    "TC_087_CSMS",
    "TLS with a certificate of the charge point",
    profile="Security",
    requirements="security whitepaper A00.FR.403 to A00.FR.405, A00.FR.416, A00.FR.421",
    applies_if="security_profile_3",
    security_profiles=(3,),
)
def test_client_certificate(unconnected: Csms, step: Any) -> None:
    """The charge point shows its certificate, with any suite and with each of the four alone, and boots."""
    csms = unconnected
    with step("3", "The central system uses TLS 1.2 or newer"):
        assert csms.connect(admitted=True).tls["version"] in {"TLSv1.2", "TLSv1.3"}
    csms.disconnect()
    with step("3", "The central system lets the charge point in with each of the four cipher suites"):
        states.supports_suites(csms)
    with step("6", "The central system lets the charge point in by its certificate"):
        csms.connect(admitted=True)
    with step("8", "The central system accepts the charge point"):
        assert csms.boot().status == "Accepted"
    with step("10", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)


@testcase("TC_088_CSMS", "The subprotocol is negotiated", profile="Security", requirements="OCPP-J 1.6 3.1.2, 3.2")
def test_subprotocol(unconnected: Csms, step: Any) -> None:
    """The charge point offers a version that does not exist, then that one and 1.6."""
    csms = unconnected
    with step("2", "The central system refuses a charge point that offers ocpp0.1 alone"):
        assert csms.offer("ocpp0.1") is None, "the connection stays open"
    with step("4", "The central system chooses ocpp1.6 out of ocpp0.1 and ocpp1.6"):
        assert csms.offer("ocpp0.1", "ocpp1.6") == "ocpp1.6"
