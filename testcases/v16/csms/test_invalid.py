"""Refused identification and a lock failure (3.8). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase
from ocpp_tck.verdict import NotApplicable

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms


def require_token(token: str, kind: str) -> None:
    """Demand an idTag that the central system knows as `kind`, without which the document does not run the case.

    Raises:
        NotApplicable: the test data say that it knows none.
    """
    if not token:
        raise NotApplicable(f"the central system knows no {kind} idTag: test_data.{kind}_token is empty")


@testcase("TC_023_1_CSMS", "An unknown idTag is invalid", profile="Core", requirements="1.6 4.1, 7.2")
def test_invalid_token(csms: Csms, step: Any) -> None:
    """The driver presents an idTag that the central system does not know."""
    with step("2", "The central system calls the idTag Invalid", oca="1"):
        assert csms.call("Authorize", idTag=csms.data.invalid_token).idTagInfo.status == "Invalid"


@testcase(
    "TC_023_2_CSMS",
    "An expired idTag is refused",
    profile="Core",
    requirements="1.6 4.1, 7.2",
    needs="an idTag that the central system knows as expired (test_data.expired_token)",
)
def test_expired_token(csms: Csms, step: Any) -> None:
    """The driver presents an idTag whose time is over."""
    require_token(csms.data.expired_token, "expired")
    with step("2", "The central system calls the idTag Expired", oca="1"):
        assert csms.call("Authorize", idTag=csms.data.expired_token).idTagInfo.status == "Expired"


@testcase(
    "TC_023_3_CSMS",
    "A blocked idTag is refused",
    profile="Core",
    requirements="1.6 4.1, 7.2",
    needs="an idTag that the central system knows as blocked (test_data.blocked_token)",
)
def test_blocked_token(csms: Csms, step: Any) -> None:
    """The driver presents an idTag that is blocked."""
    require_token(csms.data.blocked_token, "blocked")
    with step("2", "The central system calls the idTag Blocked", oca="1"):
        assert csms.call("Authorize", idTag=csms.data.blocked_token).idTagInfo.status == "Blocked"


@testcase("TC_024_CSMS", "The connector lock fails", profile="Core", requirements="1.6 4.9, 7.6")
def test_lock_failure(csms: Csms, step: Any) -> None:
    """The driver is authorized and plugs in, but the cable can't be locked."""
    states.authorized(csms)
    with step("2", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    with step("4", "The central system takes the fault ConnectorLockFailure"):
        csms.report_status("Faulted", error_code="ConnectorLockFailure")
