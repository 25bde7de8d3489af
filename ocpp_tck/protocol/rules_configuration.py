"""Rules about the answers to GetConfiguration of OCPP 1.6, and about what configuration keys ask for."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Example, Sent, call, cs, csms, ex16, result, rule, v16
from ocpp_tck.protocol.types import Side, Version

_KEY = "HeartbeatInterval"


def _entry(key: str = _KEY, value: str | None = "300") -> dict[str, Any]:
    return {"key": key, "readonly": False} | ({} if value is None else {"value": value})


def _answered(*entries: dict[str, Any], unknown: tuple[str, ...] = (), asked: tuple[str, ...] = (_KEY,)) -> Example:
    answer = {"configurationKey": list(entries)} if entries else {}
    more = {"unknownKey": list(unknown)} if unknown else {}
    return ex16(
        csms(call("k", "GetConfiguration", **({"key": list(asked)} if asked else {}))),
        cs(result("k", **answer, **more)),
        product=Side.STATION,
    )


def _change(key: str, value: str, status: str = "Accepted") -> tuple[Sent, Sent]:
    return csms(call(f"c{value}", "ChangeConfiguration", key=key, value=value)), cs(result(f"c{value}", status=status))


def _told(**values: str) -> tuple[Sent, Sent]:
    return csms(call("g", "GetConfiguration")), cs(
        result("g", configurationKey=[_entry(key, value) for key, value in values.items()])
    )


def _transaction(**stop: Any) -> tuple[Sent, ...]:
    """A transaction that begins a minute after the example does."""
    start = {"connectorId": 1, "idTag": "A", "meterStart": 100, "timestamp": _LATER}
    return (
        cs(call("1", "StartTransaction", **start), 60),
        csms(result("1", transactionId=7, idTagInfo={"status": "Accepted"})),
        cs(call("2", "StopTransaction", transactionId=7, meterStop=200, timestamp=_LATER, **stop)),
    )


_LATER = "2026-03-20T12:01:00Z"
_BARE = {"StopTxnAlignedData": "", "StopTxnSampledData": ""}
_DATA = {"transactionData": [{"timestamp": _LATER, "sampledValue": [{"value": "150"}]}]}
_KEY_SET = "0123456789abcdef0123456789abcdef"
_BOOT = (
    cs(call("b", "BootNotification", chargePointVendor="Vendor", chargePointModel="Model")),
    csms(result("b", status="Accepted", currentTime=NOW, interval=60)),
)

RULES = (
    rule(
        "configuration.keys",
        "An answer to GetConfiguration gives each key that was asked for, as known or as unknown, and no other",
        must=v16("5.8, 6.24"),
        passing=(
            _answered(_entry()),
            _answered(_entry("heartbeatinterval")),
            _answered(unknown=(_KEY,)),
            _answered(_entry(), unknown=("Other",), asked=("Other", _KEY)),
            _answered(_entry(), _entry("Other"), asked=()),
        ),
        failing=(
            _answered(),
            _answered(_entry("Other")),
            _answered(_entry(), _entry("Other")),
            _answered(_entry(), unknown=("Other",)),
            _answered(_entry(), asked=("Other", _KEY)),
        ),
    ),
    rule(
        "configuration.type",
        "A standard key of type boolean or integer has a value of that type, when it has one",
        must=v16("chapter 9; errata 3.83, 3.91, 4.28"),
        passing=(
            _answered(_entry(value=None)),
            _answered(_entry(value="")),
            _answered(_entry(value=" 60 ")),
            _answered(_entry("LocalPreAuthorize", "TRUE"), _entry("Vendor", "maybe"), asked=()),
        ),
        failing=(
            _answered(_entry(value="60 s")),
            _answered(_entry("localpreauthorize", "yes"), asked=("LocalPreAuthorize",)),
            _answered(_entry("NumberOfConnectors", "2.0"), asked=()),
        ),
    ),
    rule(
        "configuration.stop_data",
        "With StopTxnAlignedData and StopTxnSampledData empty, a StopTransaction holds no meter values",
        must=v16("3.16.5; errata 3.13"),
        passing=(
            ex16(*_transaction(**_DATA)),
            ex16(*_told(**_BARE), *_transaction()),
            ex16(*_told(StopTxnAlignedData="", StopTxnSampledData="Voltage"), *_transaction(**_DATA)),
            ex16(*_told(**_BARE), *_change("stoptxnsampleddata", "Voltage"), *_transaction(**_DATA)),
            ex16(*_told(**_BARE), *_change("StopTxnSampledData", "", "RebootRequired"), *_transaction(**_DATA)),
            ex16(*_told(**_BARE), *_BOOT, *_transaction(**_DATA)),
            ex16(*_transaction()[:2], *_told(**_BARE), _transaction(**_DATA)[2]),
        ),
        failing=(
            ex16(*_told(**_BARE), *_transaction(**_DATA)),
            ex16(*_told(StopTxnAlignedData=""), *_change("StopTxnSampledData", ""), *_transaction(**_DATA)),
        ),
    ),
    rule(
        "configuration.password",
        "The AuthorizationKey that was set is not given back",
        should={Version.V16: "OCPP-J 1.6 6.2.2; errata J 3.12"},
        passing=(
            ex16(*_told(AuthorizationKey=_KEY_SET)),
            ex16(*_change("AuthorizationKey", _KEY_SET), *_told(AuthorizationKey="")),
            ex16(*_change("AuthorizationKey", _KEY_SET, "Rejected"), *_told(AuthorizationKey=_KEY_SET)),
        ),
        failing=(ex16(*_change("AuthorizationKey", _KEY_SET), *_told(authorizationkey=_KEY_SET.upper())),),
    ),
)
