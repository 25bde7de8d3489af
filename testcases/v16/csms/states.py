"""Reusable states of the 1.6 test document with the central system under test (3.22).

The kit is the charge point. Each state asserts what the document validates in it: not reached before the first step
is inconclusive, not reached inside a step is that step's verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms

SUITES = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
)
"""Cipher suites that every central system supports (A00.FR.317, A00.FR.421)."""


def booted(csms: Csms) -> None:
    """State Booted: the charge point is accepted and reports itself and every connector available."""
    assert csms.boot().status == "Accepted"
    available(csms)


def available(csms: Csms) -> None:
    """Report connector 0 and each connector as Available (1.6 errata 3.22)."""
    for connector in range(csms.hardware.connectors + 1):
        csms.report_status("Available", connector)


def free(csms: Csms) -> None:
    """Stop what a case before has left running: it would make its idTag ConcurrentTx (1.6 7.2)."""
    for transaction in list(csms.transactions):
        csms.stop_transaction(transaction, reason="Other")


def authorized(csms: Csms) -> None:
    """State Authorized: the central system accepts the valid idTag."""
    assert csms.call("Authorize", idTag=csms.data.valid_token).idTagInfo.status == "Accepted"


# -- security (3.21; security whitepaper) -----------------------------------------------------------------------------


def supports_suites(csms: Csms) -> None:
    """Demand each of the four cipher suites, tried alone (A00.FR.317, A00.FR.421)."""
    for suite in SUITES:
        csms.connect(suite=suite)
        csms.disconnect()


def charging(csms: Csms, *, reservation: int | None = None) -> int:
    """State Charging: a transaction, which may end a reservation, runs on the configured connector; gives its id."""
    authorized(csms)
    csms.report_status("Preparing")
    conf = csms.start_transaction(csms.data.valid_token, reservation=reservation)
    assert conf.idTagInfo.status == "Accepted"
    csms.report_status("Charging")
    transaction: int = conf.transactionId
    return transaction
