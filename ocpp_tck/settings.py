"""Frozen values of one run, as the rest of the kit receives them. Parsing lives in `config.py`."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Role = Literal["cs", "csms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sut:
    """The product under test: its role, the OCPP version that is run, and the names for the report.

    `firmware` is the version of the product's software as declared. A station says it itself when it boots, which goes
    before; for a CSMS this is the only way to tell one release from the next.
    """

    role: Role
    version: str
    vendor: str = ""
    model: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One station the kit will meet (role cs) or may be (role csms).

    Attributes:
        id: the charging station identity: last part of the connection URL (OCPP-J 3.1.1).
        password: Basic authentication password of security profiles 1 and 2, if any.
        listen: `host:port` where the kit waits for this station (role cs); empty = the common one.
        tokens: test data that only this identity uses; overrides `TestData` fields of the same name.
    """

    id: str
    password: str | None = None
    listen: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files of the TLS transport (security profiles 2 and 3), PEM.

    Attributes:
        ca: whom the kit trusts.
        certificate: what the kit shows, with its chain.
        key: the private key that belongs to it.
        authority: with its chain, the authority with which the kit makes certificates: its own, where `certificate`
            is not given, and those that a station asks for.
        authority_key: its private key.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    authority_key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where the product is met and as whom."""

    url: str = ""
    listen: str = ""
    stations: tuple[Identity, ...] = ()
    security_profile: int = 0
    tls: Tls = field(default_factory=Tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evse:
    """One EVSE of the charging station and how many connectors it has."""

    id: int
    connectors: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What exists: section `[station]`. In 1.6 every connector is an EVSE of its own.

    Attributes:
        connectors: number of connectors (1.6).
        connector: connector the cases use, the OCA's configured connector id (1.6).
        evses: the EVSEs (2.0.1, 2.1).
        evse: EVSE the cases use; its connector 1.
    """

    connectors: int = 1
    connector: int = 1
    evses: tuple[Evse, ...] = (Evse(id=1),)
    evse: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TestData:
    """The OCA's configured values. Tokens are strings, dwells and intervals are seconds.

    Attributes:
        valid_token: idTag / idToken that the CSMS accepts.
        valid_token_type: type of the idTokens in 2.0.1 and 2.1 (IdTokenEnumType).
        same_group_token: another accepted token with the same parent / group as `valid_token`.
        other_token: an accepted token of another group.
        group_token: parentIdTag / groupIdToken of the first two.
        invalid_token: a token unknown to the CSMS.
        expired_token: a token known as expired; empty when the CSMS under test knows none.
        blocked_token: a token known as blocked; empty when the CSMS under test knows none.
        heartbeat_interval: seconds between heartbeats that the kit sets.
        boot_retry_interval: seconds the kit sets in a Rejected or Pending boot answer.
        meter_value_interval: seconds between sampled meter values.
        clock_aligned_interval: seconds between clock-aligned meter values.
        connection_timeout: ConnectionTimeOut / EVConnectionTimeOut that the kit sets, seconds.
        transaction_duration: how long a transaction runs where the OCA asks for a while, seconds.
        offline_duration: how long the kit stays away where the OCA asks for a while, seconds.
        reservation_duration: how long a reservation lasts that is to outlast its case, seconds.
        reservation_expiry: how long a reservation lasts that nobody uses, the OCA's expiry date offset, seconds.
        vendor_id: vendorId for DataTransfer that the product does not know.
        message_id: messageId for DataTransfer.
        configuration_key: a writable configuration key (1.6).
        configuration_value: a legal value for it.
        unknown_configuration_key: a configuration key that no charge point has (1.6).
        charging_rate_unit: chargingRateUnit of charging profiles, `A` or `W` (1.6).
        stack_level: stackLevel of charging profiles, the lowest one where a case sets several (1.6).
        number_phases: numberPhases of charging profiles (1.6).
        charging_duration: duration of charging profiles and composite schedules, seconds (1.6).
        local_limit: limit of the charge point itself at the connector, in charging_rate_unit; 0 = none that is lower
            than what the charging profiles of the cases allow (1.6).
        limit_tolerance: tolerated difference of a reported charging limit, percent (1.6).
        charge_point_vendor: chargePointVendor / vendorName that the kit sends as a station.
        charge_point_model: chargePointModel / model that the kit sends as a station.
        firmware_url: where a CSMS tells the kit, as a station, to fetch firmware; nobody fetches it.
        log_url: where a CSMS tells the kit, as a station, to send logs and diagnostics; nobody sends any.
        firmware_signature: signature of `[files] signed_firmware`, base64 (1.6 security whitepaper L01).
        signing_certificate: certificate with which that was signed, PEM.
        cpo_name: organization in the certificates that the kit makes; CpoName, which the kit sets (1.6 whitepaper 7.5).
        authorization_key: AuthorizationKey to which the password is changed: 16 to 20 bytes as hexadecimal digits.
    """

    __test__ = False

    valid_token: str = "TCK-VALID"
    valid_token_type: str = "ISO14443"
    same_group_token: str = "TCK-VALID-2"
    other_token: str = "TCK-OTHER"
    group_token: str = "TCK-GROUP"
    invalid_token: str = "TCK-INVALID"
    expired_token: str = "TCK-EXPIRED"
    blocked_token: str = "TCK-BLOCKED"
    heartbeat_interval: int = 30
    boot_retry_interval: int = 10
    meter_value_interval: int = 10
    clock_aligned_interval: int = 60
    connection_timeout: int = 30
    transaction_duration: float = 30.0
    offline_duration: float = 30.0
    reservation_duration: int = 3600
    reservation_expiry: int = 60
    vendor_id: str = "org.ocpp-tck.unknown"
    message_id: str = "unknown"
    configuration_key: str = "MeterValueSampleInterval"
    configuration_value: str = "60"
    unknown_configuration_key: str = "TckUnknownKey"
    charging_rate_unit: str = "A"
    stack_level: int = 0
    number_phases: int = 3
    charging_duration: int = 300
    local_limit: float = 0.0
    limit_tolerance: float = 1.0
    charge_point_vendor: str = "ocpp-tck"
    charge_point_model: str = "kit"
    firmware_url: str = "ftp://user:password@files.example.com/firmware.bin"
    log_url: str = "ftp://user:password@files.example.com/logs/"
    firmware_signature: str = ""
    signing_certificate: str = ""
    cpo_name: str = "ocpp-tck"
    authorization_key: str = "4F43415F4F4354545F61646D696E5F74657374"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Named time limits, seconds. None is a fixed wait: each ends with its event, except `absence`.

    Attributes:
        response: from a CALL of the kit to its answer, and from a stimulus to the message that follows from it.
        boot: from power on to a BootNotification.
        reboot: from a Reset or a power cycle to the next BootNotification.
        reconnect: from the kit being reachable again to a connection.
        transaction: from the last condition for a transaction to its start, and likewise for its stop.
        operator: how long a person has for what a prompt asks.
        absence: how long something must not come before its absence counts.
        clock: tolerated difference between two clocks (labs use 4 s).
        interval: tolerated difference from a periodic interval.
        handshake: for the TCP, TLS and WebSocket handshakes.
        transfer: from an order, or the start of a transfer, to its end: downloads and uploads.
        install: from the end of a download to the start of the installation, and on to its end, a boot included.
        signing: for a new key and the request to sign it, and from there to the signed certificate.
    """

    response: float = 30.0
    boot: float = 60.0
    reboot: float = 120.0
    reconnect: float = 120.0
    transaction: float = 30.0
    operator: float = 120.0
    absence: float = 5.0
    clock: float = 4.0
    interval: float = 4.0
    handshake: float = 20.0
    transfer: float = 300.0
    install: float = 600.0
    signing: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSettings:
    """Section `[driver]`: the order of the drivers and the table of each, as written.

    Attributes:
        order: the drivers that are asked, the first one first.
        tables: the table of each driver by its name.
        folder: relative paths in the tables count from here: the configuration file's folder.
    """

    order: tuple[str, ...] = ("prompt",)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Section `[files]`: the file servers of the kit, and the firmware that they offer.

    Attributes:
        address: where they listen.
        host: name or address by which the station reaches them; empty: `address`.
        ports: first and last port that they may use, FTP data connections included; None: any free ones.
        protocols: what they may serve, in the order in which it is tried.
        user, password: login of FTP and FTPS.
        certificate, key: PEM files for HTTPS and FTPS; without them a throw-away certificate is made.
        firmware: a file that the station can install.
        invalid_firmware: a file that the station can't install; without one a few bytes are made up.
        signed_firmware: a file that the station can install, whose signature is in the test data.
    """

    address: str = "127.0.0.1"
    host: str = ""
    ports: tuple[int, int] | None = None
    protocols: tuple[str, ...] = ("HTTP", "FTP", "HTTPS", "FTPS")
    user: str = "tck"
    password: str = "tck"
    certificate: Path | None = None
    key: Path | None = None
    firmware: Path | None = None
    invalid_firmware: Path | None = None
    signed_firmware: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Section `[evidence]`: what is done with the evidence of a run when it has ended.

    Attributes:
        signing_key: the Ed25519 private key (PEM) that signs the attestation; None leaves it unsigned.
        product: the file of the product, such as its firmware image, whose SHA-256 the attestation names.
    """

    signing_key: Path | None = None
    product: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that one run was told.

    Attributes:
        source: the file it came from, for messages; None when built in code.
        pics: answers by feature id; an id that is absent is unanswered.
        seed: generated data derive from it.
        max_frame_bytes: a larger message of the product closes the connection and leaves the case inconclusive.
        max_case_messages: more messages of the product in one case do the same; no version of OCPP forbids them.
        max_case_bytes: more text of the product in one case does the same.
        document: the configuration as it was read, options and environment included; it holds the secrets.
    """

    sut: Sut
    connection: Connection
    station: Hardware = field(default_factory=Hardware)
    test_data: TestData = field(default_factory=TestData)
    driver: DriverSettings = field(default_factory=DriverSettings)
    pics: Mapping[str, bool] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    files: Files = field(default_factory=Files)
    evidence: Evidence = field(default_factory=Evidence)
    seed: int = 0
    source: Path | None = None
    max_frame_bytes: int = 1_048_576
    max_case_messages: int = 20_000
    max_case_bytes: int = 8_388_608
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
