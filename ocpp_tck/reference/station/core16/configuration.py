"""The configuration keys (1.6 §9) and their rules."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.core16.meter import MEASURANDS, REGISTER
from ocpp_tck.reference.station.core16.transfer import PROTOCOLS
from ocpp_tck.reference.station.core16.vault import MAX_CHAIN, MUTUAL, STORE_LENGTH

MAX_KEYS = 50
MAX_MEASURANDS = 10
MAX_METER_VALUES = 100
FEATURE_PROFILES = {
    "Core": "",
    "FirmwareManagement": "firmware_management",
    "LocalAuthListManagement": "local_auth_list",
    "Reservation": "reservation",
    "SmartCharging": "smart_charging",
    "RemoteTrigger": "remote_trigger",
}
"""The values of SupportedFeatureProfiles, and the feature that the charge point then has."""
_KEYS_OF = {
    "authorization_cache": ("AuthorizationCacheEnabled",),
    "firmware_management": ("SupportedFileTransferProtocols",),
    "local_auth_list": ("LocalAuthListEnabled", "LocalAuthListMaxLength", "SendLocalListMaxLength"),
    "reservation": ("ReserveConnectorZeroSupported",),
    "reserve_connector_zero": ("ReserveConnectorZeroSupported",),
}
"""The keys that are not there without a feature."""
_ROTATIONS = "NotApplicable|Unknown|RST|RTS|SRT|STR|TRS|TSR"

Check = Callable[[str], str | None]
"""Returns the value as it is stored, or None when it is not acceptable."""


def _boolean(value: str) -> str | None:
    return value.lower() if value.lower() in {"true", "false"} else None


def _integer(minimum: int = 0, maximum: int = 2**31 - 1) -> Check:
    def check(value: str) -> str | None:
        if not re.fullmatch(r"[0-9]{1,10}", value) or not minimum <= int(value) <= maximum:
            return None
        return str(int(value))

    return check


def _measurands(value: str) -> str | None:
    items = split(value)
    return ",".join(items) if len(items) <= MAX_MEASURANDS and MEASURANDS.issuperset(items) else None


def _rotations(connectors: int) -> Check:
    def check(value: str) -> str | None:
        found = [re.fullmatch(rf"([0-9]+)\.(?:{_ROTATIONS})", item) for item in split(value)]
        numbers = [int(match[1]) for match in found if match]
        distinct = len(set(numbers)) == len(found)
        return ",".join(split(value)) if found and distinct and max(numbers) <= connectors else None

    return check


def split(value: str) -> list[str]:
    """Read a comma separated list; the empty string holds no item."""
    return [item.strip() for item in value.split(",") if item.strip()]


@dataclass(frozen=True, slots=True)
class Key:
    """One configuration key: its factory value, its rule, and how it may be written."""

    name: str
    default: str
    check: Check
    readonly: bool = False
    reboot: bool = False
    hidden: bool = False
    """The charge point behaves so, but has no such key to the Central System."""


@dataclass(slots=True)
class Setting:
    """A key with the value that is stored and the one that is in force."""

    key: Key
    stored: str
    effective: str = field(init=False)

    def __post_init__(self) -> None:
        self.effective = self.stored


def core_keys(connectors: int, *, fixed_cable: bool, message_timeout: int) -> tuple[Key, ...]:
    """List the keys of a charge point of `connectors` connectors, in the specification's order.

    A fixed cable makes UnlockConnectorOnEVSideDisconnect false and read-only (errata 3.84).
    `message_timeout` is the factory value of MessageTimeout in seconds (errata 3.83).
    """
    text: Check = str
    rotation = ",".join(f"{number}.RST" for number in range(1, connectors + 1))
    return (
        Key("AllowOfflineTxForUnknownId", "false", _boolean),
        Key("AuthorizationCacheEnabled", "true", _boolean),
        Key("AuthorizeRemoteTxRequests", "true", _boolean),
        Key("ClockAlignedDataInterval", "0", _integer(0, 86400)),
        Key("ConnectionTimeOut", "60", _integer(1)),
        Key("ConnectorPhaseRotation", rotation, _rotations(connectors)),
        Key("ConnectorPhaseRotationMaxLength", str(connectors + 1), _integer(), readonly=True),
        Key("GetConfigurationMaxKeys", str(MAX_KEYS), _integer(1), readonly=True),
        Key("HeartbeatInterval", "300", _integer(1)),
        Key("LocalAuthListEnabled", "true", _boolean),
        Key("LocalAuthListMaxLength", "100", _integer(1), readonly=True),
        Key("LocalAuthorizeOffline", "true", _boolean),
        Key("LocalPreAuthorize", "false", _boolean),
        Key("MaxEnergyOnInvalidId", "0", _integer()),
        Key("MessageTimeout", str(message_timeout), _integer(1)),
        Key("MeterValuesAlignedData", REGISTER, _measurands),
        Key("MeterValuesAlignedDataMaxLength", str(MAX_MEASURANDS), _integer(), readonly=True),
        Key("MeterValuesSampledData", REGISTER, _measurands),
        Key("MeterValuesSampledDataMaxLength", str(MAX_MEASURANDS), _integer(), readonly=True),
        Key("MeterValueSampleInterval", "60", _integer()),
        Key("MinimumStatusDuration", "0", _integer()),
        Key("NumberOfConnectors", str(connectors), _integer(connectors, connectors), readonly=True),
        Key("ReserveConnectorZeroSupported", "true", _boolean, readonly=True),
        Key("ResetRetries", "1", _integer()),
        Key("SendLocalListMaxLength", "20", _integer(1), readonly=True),
        Key("StopTransactionMaxMeterValues", str(MAX_METER_VALUES), _integer(2), readonly=True),
        Key("StopTransactionOnEVSideDisconnect", "true", _boolean),
        Key("StopTransactionOnInvalidId", "true", _boolean),
        Key("StopTxnAlignedData", "", _measurands),
        Key("StopTxnAlignedDataMaxLength", str(MAX_MEASURANDS), _integer(), readonly=True),
        Key("StopTxnSampledData", "", _measurands),
        Key("StopTxnSampledDataMaxLength", str(MAX_MEASURANDS), _integer(), readonly=True),
        Key("SupportedFeatureProfiles", ",".join(FEATURE_PROFILES), text, readonly=True),
        Key("SupportedFileTransferProtocols", ",".join(PROTOCOLS), text, readonly=True),
        Key("TransactionMessageAttempts", "3", _integer(1)),
        Key("TransactionMessageRetryInterval", "10", _integer()),
        Key(
            "UnlockConnectorOnEVSideDisconnect",
            "false" if fixed_cable else "true",
            _boolean,
            readonly=fixed_cable,
        ),
        Key("WebSocketPingInterval", "60", _integer(), reboot=True),
    )


def security_keys(options: StationOptions) -> tuple[Key, ...]:
    """List the keys of the security whitepaper (chapter 7) but AuthorizationKey, which is never shown."""
    text: Check = str
    return (
        Key("AdditionalRootCertificateCheck", str(options.additional_root_check).lower(), _boolean, readonly=True),
        Key("CertificateSignedMaxChainSize", str(MAX_CHAIN), _integer(), readonly=True),
        Key("CertificateStoreMaxLength", str(STORE_LENGTH), _integer(), readonly=True),
        Key("CpoName", options.cpo_name, text),
        Key("SecurityProfile", str(options.security_profile), _integer(0, MUTUAL)),
    )


def adapted(keys: Iterable[Key], options: StationOptions) -> Iterator[Key]:
    """Give the keys as the options want them seen and written; without a feature there is no key for it."""
    hidden, read_only, reboot = (
        {name.casefold() for name in names}
        for names in (options.hidden_keys, options.read_only_keys, options.reboot_keys)
    )
    for feature in options.without & _KEYS_OF.keys():
        hidden.update(name.casefold() for name in _KEYS_OF[feature])
    profiles = ",".join(name for name, feature in FEATURE_PROFILES.items() if feature not in options.without)
    for key in keys:
        name = key.name.casefold()
        yield replace(
            key,
            default=profiles if key.name == "SupportedFeatureProfiles" else key.default,
            hidden=name in hidden,
            readonly=key.readonly or name in read_only,
            reboot=key.reboot or name in reboot,
        )


class Configuration:
    """The values of all keys; key names are case-insensitive (CiString50Type)."""

    def __init__(self, keys: Iterable[Key], overrides: Mapping[str, str] | None = None) -> None:
        """Set factory values, then the installer's overrides. Raises ValueError as `install` does."""
        self._settings = {key.name.casefold(): Setting(key, key.default) for key in keys}
        for name, value in (overrides or {}).items():
            self.install(name, value)

    def text(self, name: str) -> str:
        """Return the value in force of a key that exists."""
        return self._settings[name.casefold()].effective

    def flag(self, name: str) -> bool:
        """Return a boolean key."""
        return self.text(name) == "true"

    def number(self, name: str) -> int:
        """Return an integer key."""
        return int(self.text(name))

    def items(self, name: str) -> list[str]:
        """Return a comma separated list."""
        return split(self.text(name))

    def change(self, name: str, value: str) -> str:
        """Apply a ChangeConfiguration; returns its ConfigurationStatus (1.6 §5.3)."""
        setting = self._settings.get(name.casefold())
        if setting is None or setting.key.hidden:
            return "NotSupported"
        checked = setting.key.check(value.strip())
        if setting.key.readonly or checked is None:
            return "Rejected"
        setting.stored = checked
        if setting.key.reboot:
            return "RebootRequired"
        setting.effective = checked
        return "Accepted"

    def install(self, name: str, value: str) -> str:
        """Set a key locally, read-only ones too, in force at once; returns the key's own name.

        Raises ValueError, naming the key and what is wrong, for an unknown key or a value that
        breaks the key's rule.
        """
        setting = self._settings.get(name.casefold())
        if setting is None:
            raise ValueError(f"{name}: the charge point has no such configuration key")
        checked = setting.key.check(value.strip())
        if checked is None:
            raise ValueError(f"{name}: {value!r} is not a value this key takes")
        setting.stored = setting.effective = checked
        return setting.key.name

    def adopt(self) -> None:
        """Put stored values into force, as a reboot does."""
        for setting in self._settings.values():
            setting.effective = setting.stored

    def name(self, name: str) -> str | None:
        """Return a key's own spelling, or None when it is unknown."""
        setting = self._settings.get(name.casefold())
        return setting.key.name if setting else None

    def report(self, names: Iterable[str]) -> tuple[list[dict[str, object]], list[str]]:
        """Return the KeyValues and the unknown names of a GetConfiguration; no names means all."""
        visible = {name: setting for name, setting in self._settings.items() if not setting.key.hidden}
        wanted = list(dict.fromkeys(names)) or list(visible)
        known = [visible[name.casefold()] for name in wanted if name.casefold() in visible]
        unknown = [name for name in wanted if name.casefold() not in visible]
        values: list[dict[str, object]] = [
            {"key": item.key.name, "readonly": item.key.readonly, "value": item.stored} for item in known
        ]
        return values, unknown
