"""The variables of the 2.x charging station, with their factory values.

Names, data types and mutability: Part 2 "Referenced Components and Variables" (2.1 to 2.7, 2.13)
and Part 4 chapter 8, plus appendices-csv/dm_components_vars.csv.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.v20_model import READ_WRITE, WRITE_ONLY, Variable

MEASURANDS = ("Energy.Active.Import.Register", "Power.Active.Import", "Voltage", "Current.Import")
"""What the meters measure."""

TRANSACTION_POINTS = ("ParkingBayOccupancy", "EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
"""Values of TxStartPoint and TxStopPoint; DataSigned needs a signing meter."""

ITEMS_PER_MESSAGE = 50
"""GetVariableData or SetVariableData elements that one request may have."""

BYTES_PER_MESSAGE = 65536
NETWORK_SLOT = "1"
EVSE_POWER = 11040.0
_AVAILABILITY = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
_ENERGY = MEASURANDS[0]


def now() -> str:
    """Tell the time as OCPP writes it: UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build(
    options: StationOptions,
    station_state: Callable[[], str],
    evse_states: Sequence[tuple[int, Callable[[], str], Callable[[], str], Callable[[], str]]],
) -> list[Variable]:
    """List every variable.

    `evse_states`: per EVSE its id and functions that tell the availability state, the power in W
    and the problem (true or false) of the retention lock.
    """
    variables = [*_communication(options), *_security(options), *_authorization(), *_transactions(), *_metering()]
    variables += _devices(options, station_state)
    for evse, state, power, problem in evse_states:
        variables += _evse(options, evse, state, power, problem)
    return variables


def _integer(component: str, name: str, value: int, *, instance: str | None = None, **more: object) -> Variable:
    settings: dict[str, object] = {"data_type": "integer", "minimum": 0.0, "instance": instance, **more}
    return Variable(component, name, str(value), **settings)  # type: ignore[arg-type]


def _boolean(component: str, name: str, value: bool, mutability: str = READ_WRITE) -> Variable:  # noqa: FBT001
    return Variable(component, name, str(value).lower(), "boolean", mutability)


def _communication(options: StationOptions) -> Iterator[Variable]:
    comm = "OCPPCommCtrlr"
    seconds = {"unit": "s", "mutability": READ_WRITE}
    yield Variable(comm, "ActiveNetworkProfile", NETWORK_SLOT, "integer")
    yield Variable(comm, "FileTransferProtocols", "", "MemberList", values=("FTP", "FTPS", "HTTP", "HTTPS", "SFTP"))
    yield _integer(comm, "HeartbeatInterval", 300, unit="s", mutability=READ_WRITE, minimum=1.0)
    yield _integer(comm, "MessageTimeout", int(options.response_seconds), instance="Default", unit="s")
    yield _integer(comm, "MessageAttempts", 3, instance="TransactionEvent", mutability=READ_WRITE, minimum=1.0)
    yield _integer(comm, "MessageAttemptInterval", 10, instance="TransactionEvent", **seconds)
    yield Variable(
        comm,
        "NetworkConfigurationPriority",
        NETWORK_SLOT,
        "SequenceList",
        READ_WRITE,
        values=(NETWORK_SLOT,),
        reboot=True,
    )
    yield _integer(comm, "NetworkProfileConnectionAttempts", 3, mutability=READ_WRITE)
    yield _integer(comm, "OfflineThreshold", 60, **seconds)
    yield _boolean(comm, "QueueAllMessages", value=False, mutability="ReadOnly")
    yield _integer(comm, "ResetRetries", 0, mutability=READ_WRITE)
    yield _integer(comm, "RetryBackOffRepeatTimes", 0, mutability=READ_WRITE)
    yield _integer(comm, "RetryBackOffRandomRange", 0, **seconds)
    yield _integer(comm, "RetryBackOffWaitMinimum", 0, **seconds)
    yield _boolean(
        comm,
        "UnlockOnEVSideDisconnect",
        value=not options.fixed_cable,
        mutability="ReadOnly" if options.fixed_cable else READ_WRITE,
    )
    yield _integer(comm, "WebSocketPingInterval", 0, **seconds)


def _security(options: StationOptions) -> Iterator[Variable]:
    security = "SecurityCtrlr"
    yield Variable(
        security,
        "BasicAuthPassword",
        options.password or "",
        "passwordString",
        WRITE_ONLY,
        minimum=16,
        maximum=40 if options.version == "2.0.1" else 64,
    )
    yield _integer(security, "CertificateEntries", 0, maximum=0.0)
    yield Variable(security, "Identity", options.station_id, maximum=48)
    yield Variable(security, "OrganizationName", options.vendor, "string", READ_WRITE)
    yield _integer(security, "SecurityProfile", 1 if options.password else 0)


def _authorization() -> Iterator[Variable]:
    yield _boolean("AuthCtrlr", "Enabled", value=True)
    yield _boolean("AuthCtrlr", "AuthorizeRemoteStart", value=False)
    yield _boolean("AuthCtrlr", "LocalAuthorizeOffline", value=True)
    yield _boolean("AuthCtrlr", "LocalPreAuthorize", value=False)
    yield _boolean("AuthCtrlr", "OfflineTxForUnknownIdEnabled", value=False)
    yield _boolean("AuthCtrlr", "DisableRemoteAuthorization", value=False)
    yield _boolean("AuthCacheCtrlr", "Available", value=True, mutability="ReadOnly")
    yield _boolean("AuthCacheCtrlr", "Enabled", value=True)
    yield _integer("AuthCacheCtrlr", "LifeTime", 86400, unit="s", mutability=READ_WRITE)


def _transactions() -> Iterator[Variable]:
    tx = "TxCtrlr"
    yield _integer(tx, "EVConnectionTimeOut", 60, unit="s", mutability=READ_WRITE, minimum=1.0)
    yield _boolean(tx, "StopTxOnEVSideDisconnect", value=True)
    yield _boolean(tx, "StopTxOnInvalidId", value=True)
    yield _boolean(tx, "TxBeforeAcceptedEnabled", value=False, mutability="ReadOnly")
    yield Variable(tx, "TxStartPoint", "EVConnected,Authorized", "MemberList", READ_WRITE, values=TRANSACTION_POINTS)
    yield Variable(tx, "TxStopPoint", "EVConnected,Authorized", "MemberList", READ_WRITE, values=TRANSACTION_POINTS)


def _metering() -> Iterator[Variable]:
    seconds = {"unit": "s", "mutability": READ_WRITE}
    for component, names in (
        ("SampledDataCtrlr", ("TxStartedMeasurands", "TxUpdatedMeasurands", "TxEndedMeasurands")),
        ("AlignedDataCtrlr", ("Measurands", "TxEndedMeasurands")),
    ):
        yield _boolean(component, "Available", value=True, mutability="ReadOnly")
        yield _boolean(component, "Enabled", value=True)
        for name in names:
            length = float(len(",".join(MEASURANDS)))
            yield Variable(component, name, _ENERGY, "MemberList", READ_WRITE, values=MEASURANDS, maximum=length)
    yield _integer("SampledDataCtrlr", "TxUpdatedInterval", 60, **seconds)
    yield _integer("SampledDataCtrlr", "TxEndedInterval", 0, **seconds)
    yield _integer("AlignedDataCtrlr", "Interval", 0, **seconds)
    yield _integer("AlignedDataCtrlr", "TxEndedInterval", 0, **seconds)
    yield _boolean("AlignedDataCtrlr", "SendDuringIdle", value=False)


def _devices(options: StationOptions, state: Callable[[], str]) -> Iterator[Variable]:
    for instance in ("GetReport", "GetVariables", "SetVariables"):
        yield _integer("DeviceDataCtrlr", "ItemsPerMessage", ITEMS_PER_MESSAGE, instance=instance)
        yield _integer("DeviceDataCtrlr", "BytesPerMessage", BYTES_PER_MESSAGE, instance=instance)
    yield Variable("ClockCtrlr", "DateTime", now, "dateTime")
    yield Variable("ClockCtrlr", "TimeSource", "Heartbeat", "SequenceList", READ_WRITE, values=("Heartbeat",))
    station = "ChargingStation"
    yield Variable(station, "AvailabilityState", state, "OptionList", values=_AVAILABILITY)
    yield _boolean(station, "Available", value=True, mutability="ReadOnly")
    yield Variable(station, "Model", options.model)
    yield Variable(station, "VendorName", options.vendor)
    yield _integer(station, "SupplyPhases", 3)


def _evse(
    options: StationOptions,
    evse: int,
    state: Callable[[], str],
    power: Callable[[], str],
    lock_problem: Callable[[], str],
) -> Iterator[Variable]:
    connector = 1
    yield Variable("EVSE", "AllowReset", "true", "boolean", evse=evse)
    yield Variable("EVSE", "AvailabilityState", state, "OptionList", evse=evse, values=_AVAILABILITY)
    yield Variable("EVSE", "Available", "true", "boolean", evse=evse)
    yield Variable("EVSE", "Power", power, "decimal", evse=evse, unit="W", maximum=EVSE_POWER)
    yield Variable("EVSE", "SupplyPhases", "3", "integer", evse=evse)
    kind = "cType2" if options.fixed_cable else "sType2"
    for name, value, data_type in (
        ("AvailabilityState", state, "OptionList"),
        ("Available", "true", "boolean"),
        ("ConnectorType", kind, "string"),
        ("SupplyPhases", "3", "integer"),
    ):
        values = _AVAILABILITY if data_type == "OptionList" else ()
        yield Variable("Connector", name, value, data_type, evse=evse, connector=connector, values=values)
    if not options.fixed_cable:
        yield Variable("ConnectorPlugRetentionLock", "Problem", lock_problem, "boolean", evse=evse, connector=connector)
