"""Rules about a payload by itself: its schema, its times, and limits of fields that no schema carries."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Example, call, cs, csms, ex16, ex21, ex201, part2, result, rule, v16
from ocpp_tck.protocol.types import Side, Version

_SCHEMAS = {
    Version.V16: "OCPP-J 1.6 errata 3.8",
    Version.V201: "OCPP 2.0.1 Part 4 4.1.7",
    Version.V21: "OCPP 2.1 Part 4 4.1.7",
}
_BOOT_16 = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}
_BOOT_20 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
_STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
_START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": NOW}
_BEAT = cs(call("1", "Heartbeat"))
_METER = {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]}


def _limits(limit: float) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "csChargingProfiles": _profile(limit=limit),
    }


def _profile(*, limit: float = 6, start: int = 0, **extra: Any) -> dict[str, Any]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": start, "limit": limit}],
        },
    } | extra


def _status(**values: Any) -> Example:
    return ex16(cs(call("1", "StatusNotification", **(_STATUS | values))))


def _meter(**sample: Any) -> Example:
    values = [{"timestamp": NOW, "sampledValue": [{"value": "50"} | sample]}]
    return ex16(cs(call("1", "MeterValues", connectorId=1, meterValue=values)))


def _beaten(time: str, version: Version = Version.V16) -> Example:
    return Example(version, (_BEAT, csms(result("1", currentTime=time))), Side.CSMS)


def _log(number: int) -> Example:
    return ex201(cs(call("1", "LogStatusNotification", status="Idle", requestId=number)))


def _cost(cost: float) -> Example:
    return ex201(csms(call("1", "CostUpdated", totalCost=cost, transactionId="tx")), product=Side.CSMS)


def _authorize(token: str, kind: str = "Central") -> Example:
    return ex201(cs(call("1", "Authorize", idToken={"idToken": token, "type": kind})))


def _remote(**profile: Any) -> Example:
    payload = {"idTag": "A", "chargingProfile": _profile(**profile)}
    return ex16(csms(call("1", "RemoteStartTransaction", **payload)), product=Side.CSMS)


def _set(**profile: Any) -> Example:
    payload = {"connectorId": 1, "csChargingProfiles": _profile(**profile)}
    return ex16(csms(call("1", "SetChargingProfile", **payload)), product=Side.CSMS)


_FINE = (ex16(cs(call("1", "BootNotification", **_BOOT_16))), ex201(cs(call("1", "BootNotification", **_BOOT_20))))

RULES = (
    rule(
        "schema.required",
        "All required fields are present",
        must=_SCHEMAS,
        passing=_FINE,
        failing=(
            ex16(cs(call("1", "BootNotification", chargePointVendor="Vendor"))),
            ex201(cs(call("1", "BootNotification", reason="PowerUp", chargingStation={"model": "M"}))),
            ex16(_BEAT, csms(result("1")), product=Side.CSMS),
        ),
    ),
    rule(
        "schema.additional",
        "There are no fields beside those of the message, at any depth",
        must={
            Version.V16: "OCPP-J 1.6 errata 3.2",
            Version.V201: "OCPP 2.0.1 Part 4 4.1.7, 9",
            Version.V21: "OCPP 2.1 Part 4 4.1.7",
        },
        passing=(
            *_FINE,
            ex201(cs(call("1", "Heartbeat", customData={"vendorId": "v", "anything": [1]}))),
        ),
        failing=(
            ex16(cs(call("1", "BootNotification", **_BOOT_16, extra=1))),
            ex16(
                cs(
                    call(
                        "1",
                        "MeterValues",
                        connectorId=1,
                        meterValue=[{"timestamp": NOW, "sampledValue": [{"value": "1", "extra": "x"}]}],
                    )
                )
            ),
            ex21(cs(call("1", "Heartbeat", extra=1))),
        ),
    ),
    rule(
        "schema.type",
        "Every field has its type",
        must=_SCHEMAS,
        passing=_FINE,
        failing=(_status(connectorId="1"), ex201(cs(call("1", "BootNotification", **(_BOOT_20 | {"reason": 1}))))),
    ),
    rule(
        "schema.enum",
        "An enumeration holds one of its values, letter case included",
        must=_SCHEMAS,
        passing=(
            _status(),
            _meter(measurand="Temperature", unit="Celsius"),
            _meter(measurand="Temperature", unit="Celcius"),
        ),
        failing=(
            _status(status="available"),
            _status(errorCode="Broken"),
            ex201(cs(call("1", "BootNotification", **(_BOOT_20 | {"reason": "powerup"})))),
        ),
    ),
    rule(
        "schema.length",
        "A string is not longer than its type allows",
        must=_SCHEMAS,
        passing=(ex16(cs(call("1", "Authorize", idTag="x" * 20))),),
        failing=(
            ex16(cs(call("1", "Authorize", idTag="x" * 21))),
            ex201(cs(call("1", "DataTransfer", vendorId="x" * 256))),
        ),
    ),
    rule(
        "schema.field_length",
        "A string longer than its type is sent to a station that has announced it (OCPPCommCtrlr.FieldLength)",
        should=part2("chapter Messages, OCPPCommCtrlr.FieldLength"),
        failing=(
            ex201(
                cs(
                    call(
                        "1",
                        "Get15118EVCertificate",
                        iso15118SchemaVersion="urn",
                        action="Install",
                        exiRequest="eA==",
                    )
                ),
                csms(result("1", status="Accepted", exiResponse="x" * 5601)),
                product=Side.CSMS,
            ),
            ex21(
                cs(call("1", "Authorize", idToken={"idToken": "A", "type": "Central"})),
                csms(
                    result(
                        "1",
                        idTokenInfo={
                            "status": "Accepted",
                            "personalMessage": {"format": "UTF8", "content": "x" * 1025},
                        },
                    )
                ),
                product=Side.CSMS,
            ),
        ),
    ),
    rule(
        "schema.items",
        "A list has as many items as its cardinality allows",
        must=part2("chapter Messages"),
        should=v16("security whitepaper 5.8, whose schema asks for one item where its text allows none"),
        passing=_FINE,
        failing=(
            ex201(csms(call("1", "GetVariables", getVariableData=[])), product=Side.CSMS),
            ex16(
                csms(call("1", "GetInstalledCertificateIds", certificateType="CentralSystemRootCertificate")),
                cs(result("1", status="Accepted", certificateHashData=[])),
            ),
        ),
    ),
    rule(
        "schema.range",
        "A number lies within its limits",
        must=part2("chapter Messages"),
        passing=_FINE,
        failing=(
            ex201(
                cs(
                    call(
                        "1",
                        "NotifyEVChargingNeeds",
                        evseId=1,
                        chargingNeeds={
                            "requestedEnergyTransfer": "DC",
                            "dcChargingParameters": {"evMaxCurrent": 1, "evMaxVoltage": 1, "stateOfCharge": 101},
                        },
                    )
                ),
            ),
        ),
    ),
    rule(
        "schema.multiple",
        "A limit has one digit behind the decimal point at most",
        must=v16("7.14; errata 3.71"),
        passing=tuple(
            ex16(csms(call("1", "SetChargingProfile", **_limits(limit))), product=Side.CSMS)
            for limit in (0.3, 16.1, 21.4, 1.1, 32)
        ),
        failing=(ex16(csms(call("1", "SetChargingProfile", **_limits(6.25))), product=Side.CSMS),),
    ),
    rule(
        "number.integer",
        "An integer fits into 32 bits",
        must=part2("2.1.4"),
        passing=(ex201(_BEAT, csms(result("1", currentTime=NOW))), _log(2147483647), _log(-2147483648)),
        failing=(_log(2147483648), _log(-2147483649)),
    ),
    rule(
        "number.decimals",
        "A decimal sent to the station has six decimal places at most",
        must=part2("2.1.4"),
        passing=(_cost(0.123456), _cost(12), _cost(1e20)),
        failing=(_cost(0.1234567), _cost(1e-7)),
    ),
    rule(
        "string.identifier",
        "An identifierString holds letters, digits and * - _ = : + | @ . only",
        must=part2("2.1.4"),
        passing=(_authorize("04Ab-9*_=:+|@."), _authorize(""), _authorize("<token:valid>")),
        failing=(_authorize("04 AB"), _authorize("04\u00e4"), _authorize("A\n")),
    ),
    rule(
        "token.no_authorization",
        "An idToken of the type NoAuthorization is empty",
        must={
            Version.V201: "OCPP 2.0.1 Part 2 C02.FR.01, IdTokenEnumType",
            Version.V21: "OCPP 2.1 Part 2 C02.FR.01; appendix 7.1",
        },
        passing=(_authorize("", "NoAuthorization"), _authorize("A")),
        failing=(_authorize("A", "NoAuthorization"),),
    ),
    rule(
        "schema.uri",
        "A location is a URI",
        should=v16("6.25, 6.55"),
        passing=(ex16(csms(call("1", "GetDiagnostics", location="ftp://host/path")), product=Side.CSMS),),
        failing=(ex16(csms(call("1", "GetDiagnostics", location="not a uri")), product=Side.CSMS),),
    ),
    rule(
        "time.format",
        "A time is a date-time",
        must={**v16("errata 3.10; 3.15"), **part2("3.1")},
        passing=(_beaten(NOW), _beaten("2026-03-20T12:00:00.123Z"), _beaten("2026-03-20T12:00:00+00:00")),
        failing=(_beaten("yesterday"), _beaten("2026-02-30T12:00:00Z"), _beaten("2026-03-20T12:00Z", Version.V201)),
    ),
    rule(
        "time.zone",
        "A time says its zone",
        must={**v16("3.15; schema format date-time"), **part2("3.1")},
        passing=(_beaten(NOW),),
        failing=(_beaten("2026-03-20T12:00:00"), _beaten("2026-03-20T12:00:00.5", Version.V21)),
    ),
    rule(
        "time.iso8601",
        "A time has the profile of ISO 8601 that the schemas name",
        should=v16("3.15; schema format date-time"),
        passing=(_beaten(NOW),),
        failing=(_beaten("2026-03-20T12:00:00+0000"), _beaten("2026-03-20T12:00Z")),
    ),
    rule(
        "time.fraction",
        "A time has three decimal places of a second at most",
        must=part2("2.1.4, 3.1"),
        passing=(_beaten("2026-03-20T12:00:00.123Z", Version.V201), _beaten("2026-03-20T12:00:00.123456Z")),
        failing=(_beaten("2026-03-20T12:00:00.1234Z", Version.V201),),
    ),
    rule(
        "time.utc",
        "Times are in UTC",
        should={**v16("3.14"), **part2("3.1")},
        passing=(_beaten(NOW),),
        failing=(_beaten("2026-03-20T13:00:00+01:00"), _beaten("2026-03-20T07:00:00-05:00", Version.V201)),
    ),
    rule(
        "time.clock",
        "The clocks of both sides agree",
        should={**v16("4.2, 4.6"), **part2("G02.FR.03, G02.FR.06")},
        passing=(
            _beaten("2026-03-20T12:00:03Z"),
            _status(timestamp="2026-03-19T12:00:00Z"),
            ex201(cs(call("1", "BootNotification", **_BOOT_20))),
        ),
        failing=(
            _beaten("2026-03-20T14:00:00Z"),
            _beaten("2026-03-20T10:00:00Z", Version.V21),
            _status(timestamp="2026-03-20T14:00:00Z"),
            ex16(
                cs(call("1", "StatusNotification", **_STATUS, timestamp="2026-03-20T10:00:00Z")),
                csms(result("1")),
                cs(call("2", "StatusNotification", **_STATUS, timestamp="2026-03-20T10:00:10Z"), 10),
            ),
        ),
    ),
    rule(
        "range.connector",
        "A connector id lies in the range of its message",
        must=v16("3.8 and the field table of the message in chapter 6"),
        passing=(_status(connectorId=0), ex16(cs(call("1", "StartTransaction", **_START)))),
        failing=(
            _status(connectorId=-1),
            ex16(cs(call("1", "StartTransaction", **(_START | {"connectorId": 0})))),
            ex16(csms(call("1", "UnlockConnector", connectorId=0)), product=Side.CSMS),
        ),
    ),
    rule(
        "status.connector_zero",
        "Connector 0 is Available, Unavailable or Faulted",
        must=v16("4.9, 7.7"),
        passing=(_status(connectorId=0), _status(status="Preparing")),
        failing=(_status(connectorId=0, status="Charging"),),
    ),
    rule(
        "status.ev_communication",
        "EVCommunicationError comes with Preparing, SuspendedEV, SuspendedEVSE or Finishing only",
        must=v16("4.9"),
        passing=(_status(errorCode="EVCommunicationError", status="Preparing"),),
        failing=(_status(errorCode="EVCommunicationError", status="Faulted"),),
    ),
    rule(
        "status.local_list_conflict",
        "LocalListConflict is reported for connector 0",
        must=v16("3.5.2"),
        passing=(_status(errorCode="LocalListConflict", connectorId=0),),
        failing=(_status(errorCode="LocalListConflict"),),
    ),
    rule(
        "status.faulted",
        "What is Faulted has an error to report",
        should=v16("7.6, 7.7"),
        passing=(_status(status="Faulted", errorCode="OtherError"), _status(errorCode="WeakSignal")),
        failing=(_status(status="Faulted"),),
    ),
    rule(
        "data_transfer.unknown_vendor",
        "The answer UnknownVendorId carries no data",
        must=v16("4.3"),
        passing=(
            ex16(csms(call("1", "DataTransfer", vendorId="v")), cs(result("1", status="UnknownVendorId"))),
            ex16(csms(call("1", "DataTransfer", vendorId="v")), cs(result("1", status="Accepted", data="x"))),
        ),
        failing=(
            ex16(csms(call("1", "DataTransfer", vendorId="v")), cs(result("1", status="UnknownVendorId", data="x"))),
        ),
    ),
    rule(
        "charging_profile.stack_level",
        "A stack level is not negative",
        must=v16("7.8"),
        passing=(_set(),),
        failing=(_set(stackLevel=-1),),
    ),
    rule(
        "charging_profile.first_period",
        "The first period of a charging schedule starts at 0",
        must=v16("7.13; errata 3.45, 3.70, 4.13, 4.17"),
        passing=(
            _set(),
            ex16(
                csms(call("1", "GetCompositeSchedule", connectorId=1, duration=60)), cs(result("1", status="Rejected"))
            ),
        ),
        failing=(
            _set(start=60),
            ex16(
                csms(call("1", "GetCompositeSchedule", connectorId=1, duration=60)),
                cs(result("1", status="Accepted", chargingSchedule=_profile(start=5)["chargingSchedule"])),
            ),
        ),
    ),
    rule(
        "charging_profile.recurrency",
        "recurrencyKind comes with chargingProfileKind Recurring only",
        must=v16("7.8; errata 3.56"),
        passing=(_set(chargingProfileKind="Recurring", recurrencyKind="Daily"),),
        failing=(_set(recurrencyKind="Daily"),),
    ),
    rule(
        "charging_profile.remote_start",
        "A profile in RemoteStartTransaction is a TxProfile without transactionId",
        must=v16("5.16.2; errata 3.41"),
        passing=(_remote(),),
        failing=(_remote(chargingProfilePurpose="TxDefaultProfile"), _remote(transactionId=1)),
    ),
    rule(
        "meter.empty",
        "Meter values hold one sampled value at least",
        should=v16("6.31, 7.33"),
        passing=(_meter(),),
        failing=(
            ex16(cs(call("1", "MeterValues", connectorId=1, meterValue=[]))),
            ex16(cs(call("1", "MeterValues", connectorId=1, meterValue=[{"timestamp": NOW, "sampledValue": []}]))),
        ),
    ),
    rule(
        "meter.value",
        "A sampled value that is not signed data is a decimal number",
        must=v16("7.43"),
        passing=(_meter(value="-0.5"), _meter(value=" 1e3"), _meter(value="4f434d46", format="SignedData")),
        failing=(
            _meter(value=""),
            _meter(value="1,5"),
            _meter(value="NaN"),
            _meter(value="1_0"),
            _meter(value="12 Wh", format="Raw"),
        ),
    ),
    rule(
        "meter.unit",
        "The unit of a sampled value is one of its measurand",
        should=v16("7.31, 7.45; errata J 2.1"),
        passing=(
            _meter(),
            _meter(measurand="Power.Offered", unit="kVA"),
            _meter(measurand="Voltage"),
            _meter(measurand="Temperature", unit="Celcius"),
            _meter(measurand="Energy.Reactive.Import.Register", unit="kvarh"),
        ),
        failing=(
            _meter(unit="W"),
            _meter(measurand="Current.Import", unit="V"),
            _meter(measurand="Power.Reactive.Export", unit="W"),
        ),
    ),
    rule(
        "meter.hertz",
        "A frequency is sent without unit: 1.6 has no value for Hertz",
        should=v16("errata 3.86"),
        passing=(_meter(measurand="Frequency"),),
        failing=(_meter(measurand="Frequency", unit="Hertz"),),
    ),
)
