"""Rules about BootNotification and what may be sent before it is accepted."""

from __future__ import annotations

from ocpp_tck.protocol.rule import NOW, Sent, call, cs, csms, ex16, ex201, part2, result, rule, v16
from ocpp_tck.protocol.types import Side

_BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}
_BOOT_20 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
_BEAT = cs(call("2", "Heartbeat"))


def _boot(status: str, interval: int = 60) -> tuple[Sent, Sent]:
    answer = result("1", status=status, currentTime=NOW, interval=interval)
    return cs(call("1", "BootNotification", **_BOOT)), csms(answer)


def _boot_20(status: str, interval: int = 60) -> tuple[Sent, Sent]:
    answer = result("1", status=status, currentTime=NOW, interval=interval)
    return cs(call("1", "BootNotification", **_BOOT_20)), csms(answer)


def _again(dt: float) -> Sent:
    return cs(call("9", "BootNotification", **_BOOT), dt)


def _again_20(dt: float) -> Sent:
    return cs(call("9", "BootNotification", **_BOOT_20), dt)


_TRIGGERED = (
    csms(call("k", "TriggerMessage", requestedMessage="Heartbeat")),
    cs(result("k", status="Accepted")),
)
_START = csms(call("k", "RemoteStartTransaction", idTag="A"))
_START_20 = csms(call("k", "RequestStartTransaction", idToken={"idToken": "A", "type": "Central"}, remoteStartId=1))

RULES = (
    rule(
        "boot.interval",
        "The interval of a boot answer is not negative",
        must={**v16("6.4"), **part2("BootNotificationResponse.interval")},
        passing=(ex16(*_boot("Accepted", 0), product=Side.CSMS), ex201(*_boot_20("Accepted"), product=Side.CSMS)),
        failing=(ex16(*_boot("Accepted", -1), product=Side.CSMS), ex201(*_boot_20("Pending", -1), product=Side.CSMS)),
    ),
    rule(
        "boot.unanswered",
        "A station that boots sends nothing else until its boot is answered",
        must={**v16("4.2"), **part2("B01.FR.08")},
        passing=(ex16(*_boot("Accepted"), _BEAT), ex201(*_boot_20("Accepted"), _BEAT)),
        failing=(
            ex16(
                cs(call("1", "BootNotification", **_BOOT)),
                csms('[4,"1","SecurityError","",{}]'),
                _BEAT,
                product=Side.STATION,
            ),
        ),
    ),
    rule(
        "boot.pending",
        "While Pending, a station sends what the CSMS asked for and nothing else",
        must={**v16("4.2"), **part2("B02.FR.02")},
        passing=(
            ex16(*_boot("Pending"), *_TRIGGERED, _BEAT),
            ex16(_BEAT),
            ex201(*_boot_20("Pending"), *_TRIGGERED, _BEAT),
        ),
        failing=(ex16(*_boot("Pending"), _BEAT), ex201(*_boot_20("Pending"), _BEAT)),
    ),
    rule(
        "boot.rejected",
        "While Rejected, a station sends nothing but its next BootNotification",
        must={**v16("4.2"), **part2("B02.FR.02, B03.FR.02")},
        passing=(ex16(*_boot("Rejected"), _again(61)), ex201(*_boot_20("Rejected"), _again_20(61))),
        failing=(ex16(*_boot("Rejected"), _BEAT), ex201(*_boot_20("Rejected"), _BEAT)),
    ),
    rule(
        "boot.retry_pending",
        "While Pending, BootNotification is not repeated before the interval has passed, unless triggered",
        should=v16("4.2"),
        must=part2("B02.FR.04"),
        passing=(
            ex16(*_boot("Pending"), _again(60)),
            ex16(*_boot("Pending", 0), _again(1)),
            ex16(
                *_boot("Pending"),
                csms(call("k", "TriggerMessage", requestedMessage="BootNotification")),
                cs(result("k", status="Accepted")),
                _again(1),
            ),
        ),
        failing=(ex16(*_boot("Pending"), _again(20)), ex201(*_boot_20("Pending"), _again_20(20))),
    ),
    rule(
        "boot.retry_rejected",
        "While Rejected, nothing is sent before the interval has passed",
        must={**v16("4.2"), **part2("B03.FR.02")},
        passing=(ex16(*_boot("Rejected"), _again(60)),),
        failing=(ex16(*_boot("Rejected"), _again(20)), ex201(*_boot_20("Rejected"), _again_20(20))),
    ),
    rule(
        "boot.remote_while_pending",
        "The CSMS starts and stops no transactions at a station that is Pending",
        must={**v16("4.2"), **part2("B02.FR.05")},
        passing=(ex16(*_boot("Accepted"), _START, product=Side.CSMS),),
        failing=(
            ex16(*_boot("Pending"), _START, product=Side.CSMS),
            ex201(*_boot_20("Pending"), _START_20, product=Side.CSMS),
        ),
    ),
    rule(
        "boot.request_while_rejected",
        "The CSMS sends no requests to a station that it has rejected",
        should=v16("4.2"),
        must=part2("B03.FR.03"),
        passing=(ex16(*_boot("Accepted"), _START, product=Side.CSMS),),
        failing=(
            ex16(*_boot("Rejected"), _START, product=Side.CSMS),
            ex201(*_boot_20("Rejected"), _START_20, product=Side.CSMS),
        ),
    ),
    rule(
        "boot.triggered_after_acceptance",
        "The CSMS does not trigger a BootNotification at a station that it has accepted",
        must=v16("5.17; errata 3.40"),
        passing=(
            ex16(
                *_boot("Pending"),
                csms(call("k", "TriggerMessage", requestedMessage="BootNotification")),
                product=Side.CSMS,
            ),
        ),
        failing=(
            ex16(
                *_boot("Accepted"),
                csms(call("k", "TriggerMessage", requestedMessage="BootNotification")),
                product=Side.CSMS,
            ),
        ),
    ),
)
