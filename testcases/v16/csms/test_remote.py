"""Remote start and stop (3.4, 3.9). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received


def expect_remote_start(csms: Csms) -> Received:
    """Take the RemoteStartTransaction that the operator ordered: idTag and connector are what the operator named.

    connectorId may be absent, the charge point then chooses (1.6 5.11).
    """
    request = csms.expect("RemoteStartTransaction")
    assert request.idTag == csms.data.valid_token
    assert request.get("connectorId", csms.hardware.connector) == csms.hardware.connector
    return request


@testcase("TC_010_CSMS", "A remote start with the cable plugged in", profile="Core", requirements="1.6 4.1, 4.8, 5.11")
def test_remote_start_cable_first(csms: Csms, operator: Operator, step: Any) -> None:
    """Plug in, then the operator starts remotely."""
    with step("2", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    csms.answer("RemoteStartTransaction", then={"status": "Accepted"})
    operator.order("RemoteStartTransaction", idTag=csms.data.valid_token, connectorId=csms.hardware.connector)
    with step("3", "The central system asks for a transaction with that idTag on that connector"):
        request = expect_remote_start(csms)

    with step("6", "The central system accepts the idTag that it has sent"):
        assert csms.call("Authorize", idTag=request.idTag).idTagInfo.status == "Accepted"

    with step("8", "The central system accepts the transaction"):
        assert csms.start_transaction(request.idTag).idTagInfo.status == "Accepted"

    with step("10", "The central system takes the status Charging"):
        csms.report_status("Charging")


@testcase("TC_011_1_CSMS", "A remote start before the cable", profile="Core", requirements="1.6 4.1, 4.8, 5.11")
def test_remote_start_first(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator starts remotely, then the driver plugs in."""
    csms.answer("RemoteStartTransaction", then={"status": "Accepted"})
    operator.order("RemoteStartTransaction", idTag=csms.data.valid_token, connectorId=csms.hardware.connector)
    with step("1", "The central system asks for a transaction with that idTag on that connector"):
        request = expect_remote_start(csms)

    with step("4", "The central system accepts the idTag that it has sent", oca="6"):
        assert csms.call("Authorize", idTag=request.idTag).idTagInfo.status == "Accepted"

    with step("6", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    with step("8", "The central system accepts the transaction"):
        assert csms.start_transaction(request.idTag).idTagInfo.status == "Accepted"

    with step("10", "The central system takes the status Charging"):
        csms.report_status("Charging")


@testcase("TC_011_2_CSMS", "A remote start that nobody uses", profile="Core", requirements="1.6 4.1, 4.9, 5.11, 9.1.3")
def test_remote_start_time_out(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator starts remotely, nobody plugs in: the connector is available again."""
    csms.answer("RemoteStartTransaction", then={"status": "Accepted"})
    operator.order("RemoteStartTransaction", idTag=csms.data.valid_token, connectorId=csms.hardware.connector)
    with step("1", "The central system asks for a transaction with that idTag on that connector"):
        request = expect_remote_start(csms)

    with step("4", "The central system accepts the idTag that it has sent"):
        assert csms.call("Authorize", idTag=request.idTag).idTagInfo.status == "Accepted"

    with step("6", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    csms.go_on_for("connection_timeout")
    with step("8", "The central system takes the status Available"):
        csms.report_status("Available")


@testcase("TC_012_CSMS", "A remote stop", profile="Core", requirements="1.6 4.10, 5.12")
def test_remote_stop(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator stops the running transaction."""
    transaction = states.charging(csms)
    csms.answer("RemoteStopTransaction", then={"status": "Accepted"})
    operator.order("RemoteStopTransaction", transactionId=transaction)
    with step("1", "The central system asks to stop the transaction, by the id that it has given it"):
        assert csms.expect("RemoteStopTransaction").transactionId == transaction

    with step("4", "The central system takes the end of the transaction"):
        csms.stop_transaction(transaction, reason="Remote")

    with step("6", "The central system takes the status Finishing"):
        csms.report_status("Finishing")

    with step("8", "The central system takes the status Available"):
        csms.report_status("Available")


@testcase("TC_026_CSMS", "A remote start is refused", profile="Core", requirements="1.6 5.11")
def test_remote_start_rejected(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point refuses the remote start."""
    csms.answer("RemoteStartTransaction", then={"status": "Rejected"})
    operator.order("RemoteStartTransaction", idTag=csms.data.valid_token, connectorId=csms.hardware.connector)
    with step("1", "The central system asks for a transaction with that idTag on that connector"):
        expect_remote_start(csms)

    with step("2", "The central system takes the answer Rejected and goes on"):
        csms.fence()


@testcase("TC_028_CSMS", "A remote stop is refused", profile="Core", requirements="1.6 5.12")
def test_remote_stop_rejected(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point refuses the remote stop as if it did not know the transactionId.

    The id is that of the running transaction: a central system need not be able to ask for one that it never gave.
    """
    transaction = states.charging(csms)
    csms.answer("RemoteStopTransaction", then={"status": "Rejected"})
    operator.order("RemoteStopTransaction", transactionId=transaction)
    with step("1", "The central system asks to stop the transaction, by the id that it has given it"):
        assert csms.expect("RemoteStopTransaction").transactionId == transaction

    with step("2", "The central system takes the answer Rejected and goes on"):
        csms.fence()
