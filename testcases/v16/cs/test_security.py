"""Secure connections (2.24): authentication, TLS, passwords and security profiles. Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase
from ocpp_tck.roles.certificates import peer_defect
from ocpp_tck.verdict import Signal

from . import security_states, states

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_073_CS",
    "A new password is set",
    profile="Security",
    requirements="security whitepaper A01.FR.01, A01.FR.02, A00.FR.205; OCPP-J 1.6 6.2.2; errata J 3.12",
    applies_if="security_profile_1 or security_profile_2",
    changes="password",
    security_profiles=(1, 2),
)
def test_update_password(station: Station, step: Any) -> None:
    """The charge point takes another AuthorizationKey and comes back with the bytes that it means.

    The run, and the next one, go on with that password.
    """
    value = station.data.authorization_key
    before = station.use_password(value)
    change = station.send("ChangeConfiguration", key="AuthorizationKey", value=value)
    try:
        with step("2", "The charge point accepts the new password"):
            assert change.response().status == "Accepted"
    except Signal:
        station.use_password(before)
        raise

    with step("3", "The charge point reconnects with the new password, as bytes and not as hexadecimal digits"):
        auth = station.expect_connection().auth
        assert int(auth["password_bytes"]) == len(value) // 2


@testcase(
    "TC_083_CS",
    "The security profile is raised",
    profile="Security",
    requirements="security whitepaper A05.FR.05 to A05.FR.07; 1.6 4.9",
    applies_if="(security_profile_1 and security_profile_2) or (security_profile_2 and security_profile_3)",
    changes="security_profile",
    security_profiles=(1, 2),
)
def test_upgrade_profile(station: Station, step: Any) -> None:
    """The charge point goes over to the next security profile, with what that one needs installed before.

    The run goes on with it, and so does the next one.
    """
    before = station.security_profile
    if before == 1:
        security_states.certificate_installed(station, "CentralSystemRootCertificate", station.certificates.trusted())
    else:
        security_states.certificate_renewed(station)
        station.settle()
    station.use_profile(before + 1)
    try:
        change = station.send("ChangeConfiguration", key="SecurityProfile", value=str(before + 1))
        with step("2", "The charge point accepts the higher security profile, at once or with a reboot"):
            status = change.response().status
            assert status in {"Accepted", "RebootRequired"}

        if status == "RebootRequired" or not station.comes_back():
            with step("4", "The charge point accepts a hard reset", when="it needs a reboot, or does not reconnect"):
                assert station.call("Reset", type="Hard").status == "Accepted"
            with step("5", "The charge point boots", when="it needs a reboot, or does not reconnect"):
                station.expect_boot()
            with step(
                "7", "The charge point reports Available for each connector and 0", when="the charge point booted"
            ):
                states.available_after_boot(station)

        with step("post", "The charge point is connected with the higher profile", requirement="A05.FR.07"):
            tls = station.connected_with().tls
            assert tls, "the connection is not encrypted"
            assert before == 1 or tls["certificate"], "the charge point showed no certificate"
    except Signal:
        station.use_profile(before)
        raise


@testcase(
    "TC_084_CS",
    "A lower security profile is refused",
    profile="Security",
    requirements="security whitepaper A00.FR.005, A05.FR.01, 7.6",
    applies_if="security_profile_2 or security_profile_3",
    security_profiles=(2, 3),
)
def test_downgrade_profile(station: Station, step: Any) -> None:
    """The charge point keeps its security profile."""
    lower = station.security_profile - 1
    change = station.send("ChangeConfiguration", key="SecurityProfile", value=str(lower))
    with step("2", "The charge point rejects the lower security profile"):
        assert change.response().status == "Rejected"


@testcase(
    "TC_085_CS",
    "Basic authentication with the right user and password",
    profile="Security",
    requirements="security whitepaper A00.FR.202 to A00.FR.205; OCPP-J 1.6 6.2.2; 1.6 4.2, 4.9",
    applies_if="security_profile_1 or security_profile_2",
    security_profiles=(1, 2),
)
def test_basic_authentication(station: Station, step: Any) -> None:
    """After a reset the charge point authenticates itself with its identity and its password."""
    security_states.triggered_to_reset(station)
    with step("1", "The charge point sends its identity and a password of 16 to 20 bytes"):
        security_states.right_credentials(station, station.expect_connection(within="reboot").auth)
    with step("3", "The charge point boots"):
        station.expect_boot()
    with step("5", "The charge point reports Available for each connector and 0"):
        states.available_after_boot(station)


@testcase(
    "TC_086_CS",
    "TLS with a certificate of the central system",
    profile="Security",
    requirements="security whitepaper A00.FR.307, A00.FR.312, A00.FR.318, A00.FR.416, A00.FR.422; 1.6 4.2, 4.9",
    applies_if="security_profile_2 or security_profile_3",
    security_profiles=(2, 3),
)
def test_server_certificate(station: Station, step: Any) -> None:
    """After a reset the charge point connects over TLS; then the cipher suites are tried one by one."""
    security_states.triggered_to_reset(station)
    with step("2", "The charge point uses TLS 1.2 or newer"):
        handshake = station.expect_connection(within="reboot")
        assert handshake.tls["version"] in {"TLSv1.2", "TLSv1.3"}
    if station.security_profile == 2:
        with step(
            "5",
            "The charge point sends its identity and a password of 16 to 20 bytes",
            when="the security profile is 2",
        ):
            security_states.right_credentials(station, handshake.auth)
    with step("7", "The charge point boots"):
        station.expect_boot()
    with step("9", "The charge point reports Available for each connector and 0"):
        states.available_after_boot(station)
    with step("2", "The charge point connects with each of the two cipher suites of one family"):
        security_states.supports_suites(station)


@testcase(
    "TC_087_CS",
    "TLS with a certificate of the charge point",
    profile="Security",
    requirements="security whitepaper A00.FR.401, A00.FR.402, A00.FR.416, A00.FR.422, A00.FR.501 to A00.FR.511",
    applies_if="security_profile_3",
    security_profiles=(3,),
)
def test_client_certificate(station: Station, step: Any) -> None:
    """After a reset the charge point shows its own certificate; then the cipher suites are tried one by one."""
    security_states.triggered_to_reset(station)
    with step("4", "The charge point uses TLS 1.2 or newer"):
        tls = station.expect_connection(within="reboot").tls
        assert tls["version"] in {"TLSv1.2", "TLSv1.3"}
    with step("4", "The charge point shows a certificate with a strong key, and its serial number as commonName"):
        defect = peer_defect(tls["certificate"])
        assert not defect, f"the certificate of the charge point: {defect}"
    with step("7", "The charge point boots"):
        station.expect_boot()
    with step("9", "The charge point reports Available for each connector and 0"):
        states.available_after_boot(station)
    with step("4", "The charge point connects with each of the two cipher suites of one family"):
        security_states.supports_suites(station)
