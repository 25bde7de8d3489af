"""The local authorization list (3.14). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received


def order_list(csms: Csms, operator: Operator, kind: str, status: str) -> None:
    """Let the operator send an update with one token, which the charge point answers with that status.

    Updates of the other kind are left alone. A central system may keep versions of its own: the order only proposes.
    """
    csms.answer("SendLocalList", then={"status": status}, where={"updateType": kind})
    entry = {"idTag": csms.data.valid_token, "idTagInfo": {"status": "Accepted"}}
    version = {"Full": 1, "Differential": 2}[kind]
    operator.order("SendLocalList", listVersion=version, updateType=kind, localAuthorizationList=[entry])


@testcase(
    "TC_042_1_CSMS",
    "The version of a local list that there is not",
    profile="Local Auth List Management",
    requirements="1.6 5.10",
    applies_if="local_auth_list",
)
def test_version_not_supported(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point answers -1, for no support of local lists."""
    csms.answer("GetLocalListVersion", then={"listVersion": -1})
    operator.order("GetLocalListVersion")
    with step("1", "The central system asks for the version of the local list"):
        csms.expect("GetLocalListVersion")

    with step("2", "The central system takes the version -1 and goes on"):
        csms.fence()


@testcase(
    "TC_042_2_CSMS",
    "The version of an empty local list",
    profile="Local Auth List Management",
    requirements="1.6 5.10",
    applies_if="local_auth_list",
)
def test_version_of_empty_list(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point answers 0, for an empty list."""
    csms.answer("GetLocalListVersion", then={"listVersion": 0})
    operator.order("GetLocalListVersion")
    with step("1", "The central system asks for the version of the local list"):
        csms.expect("GetLocalListVersion")

    with step("2", "The central system takes the version 0 and goes on"):
        csms.fence()


@testcase(
    "TC_043_1_CSMS",
    "A local list goes to a charge point that has none",
    profile="Local Auth List Management",
    requirements="1.6 5.15, 6.41, 7.47, 7.48",
    applies_if="local_auth_list",
)
def test_list_not_supported(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point answers NotSupported.

    To one that asks for the version before, it has an empty list: with -1 nobody would have to send one (5.10).
    """
    csms.answer("GetLocalListVersion", then={"listVersion": 0})
    order_list(csms, operator, "Full", "NotSupported")
    with step("1", "The central system sends a full list"):
        csms.expect("SendLocalList", where={"updateType": "Full"})

    with step("2", "The central system takes the answer NotSupported and goes on"):
        csms.fence()


@testcase(
    "TC_043_3_CSMS",
    "A local list that the charge point can't store",
    profile="Local Auth List Management",
    requirements="1.6 5.15, 6.41, 7.47, 7.48",
    applies_if="local_auth_list",
)
def test_list_failed(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point answers Failed, and its list stays empty."""
    csms.answer("GetLocalListVersion", then={"listVersion": 0})
    order_list(csms, operator, "Full", "Failed")
    with step("1", "The central system sends a full list"):
        csms.expect("SendLocalList", where={"updateType": "Full"})

    with step("2", "The central system takes the answer Failed and goes on"):
        csms.fence()


@testcase(
    "TC_043_4_CSMS",
    "A full local list",
    profile="Local Auth List Management",
    requirements="1.6 5.15, 6.41, 7.1, 7.48",
    applies_if="local_auth_list",
)
def test_full_list(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator sends a list with one token; the charge point accepts it."""
    order_list(csms, operator, "Full", "Accepted")
    with step("1", "The central system sends a full list, in which every token has an idTagInfo"):
        with_info(csms.expect("SendLocalList", where={"updateType": "Full"}))

    with step("2", "The central system takes the answer Accepted and goes on"):
        csms.fence()


@testcase(
    "TC_043_5_CSMS",
    "A change of the local list",
    profile="Local Auth List Management",
    requirements="1.6 5.10, 5.15, 6.41, 7.1, 7.48",
    applies_if="local_auth_list",
)
def test_differential_list(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator adds one token; the central system may ask for the version before, or send the full list first."""
    order_list(csms, operator, "Differential", "Accepted")
    with step("3", "The central system sends a change of the list, in which every token has an idTagInfo"):
        with_info(csms.expect("SendLocalList", where={"updateType": "Differential"}))

    with step("4", "The central system takes the answer Accepted and goes on"):
        csms.fence()


def with_info(request: Received) -> None:
    """Demand one token at least, as the operator has ordered, and the idTagInfo of each."""
    entries = request.get("localAuthorizationList") or []
    assert entries, "the list has no token"
    bare = [entry.idTag for entry in entries if entry.get("idTagInfo") is None]
    assert not bare, f"{', '.join(bare)} has no idTagInfo"
