"""Embedded products with other features, hardware and settings, and the kit's configuration that says the same.

A variant is one start of a product. Each feature that a case's `applies_if` names is on in one half of the variants of
its role and version and off in the other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ocpp_tck import pics
from ocpp_tck.pics import features
from ocpp_tck.reference.launch import EXTRAS, FEATURES
from ocpp_tck.selftest.cases import cases_of
from ocpp_tck.settings import Evse, Hardware

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from ocpp_tck.case import Case
    from ocpp_tck.settings import Settings

VARIANTS = 12
"""Starts of a product per role and version."""
LIMITS = {
    "response": 6.0,
    "boot": 10.0,
    "reboot": 10.0,
    "reconnect": 10.0,
    "transaction": 6.0,
    "absence": 0.3,
    "interval": 2.5,
    "transfer": 10.0,
    "install": 15.0,
    "signing": 10.0,
}
"""Limits of the kit against a variant, seconds: wide enough for delays inside them and for a loaded machine."""
STATION_IDS = {
    "1.6": ("CP001", "Süd-Säule 7/ä #1", "x" * 48),
    "2.0.1": ("CS001", "CS=*-_+|@." + "x" * 38),
    "2.1": ("CS001", "CS=*-_+|@." + "x" * 38),
}
"""Identities of a station: text that a URL can carry percent-encoded (OCPP-J 1.6 3.1.1); of 2.x identifierString."""
PASSWORD = "correct-horse-40-battery"  # noqa: S105 - of an embedded product
PROFILES = (0, 0, 1, 2, 3)
"""Security profiles of the products of 1.6, drawn from these."""
KNOWN_VENDOR = "org.ocpp-tck.known"
LOCAL = {"C-30": "ISO14443", "C-31": "ISO15693", "C-32": "KeyCode"}
REMOTE = {"C-36": "ISO14443", "C-37": "ISO15693", "C-38": "Central", "C-39": "NoAuthorization"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One embedded product.

    Attributes:
        number: 0 to `VARIANTS` - 1.
        sut: role.
        version: OCPP version.
        options: options of its command line, without the leading dashes.
        pics: answers that differ from those of the embedded product as it is.
        connectors: connectors, or EVSEs.
        station: identity of the station, the product's or the kit's.
        password: of security profile 1 in 2.x; empty without.
        profile: security profile of both ends in 1.6.
        excused: configuration keys for which a case may say that it is not applicable.
        tokens: tokens that a CSMS was told of, by the names of the kit's test data.
    """

    number: int
    sut: str
    version: str
    options: tuple[str, ...] = ()
    pics: Mapping[str, bool]
    connectors: int = 2
    station: str = "CP001"
    password: str = ""
    profile: int = 0
    excused: tuple[str, ...] = ()
    tokens: Mapping[str, Any]

    def applies(self, condition: str) -> bool:
        """Whether a case with this `applies_if` applies."""
        return pics.decide(condition, self.answers)[0] is True

    def carries(self, case: Case) -> bool:
        """Whether its connection is one over which a case can be run."""
        profile = self.profile or int(bool(self.password))
        return not case.security_profiles or profile in case.security_profiles

    @property
    def answers(self) -> dict[str, bool]:
        """The answers of `[pics]`."""
        asked = features(self.version, self.sut).values()
        return {one.id: self.pics.get(one.id, one.default == "true") for one in asked}

    def settings(self, given: Settings) -> Settings:
        """Say to the kit what the product is."""
        evses = tuple(Evse(id=number) for number in range(1, self.connectors + 1))
        connection = given.connection
        own = connection.stations[0].password if self.profile else self.password or None
        identity = replace(connection.stations[0], id=self.station, password=own)
        profile = connection.security_profile if self.profile else int(bool(self.password))
        return replace(
            given,
            pics=self.answers,
            station=Hardware(connectors=self.connectors, evses=evses),
            limits=replace(given.limits, **LIMITS),
            test_data=replace(given.test_data, **self.tokens),
            connection=replace(connection, stations=(identity,), security_profile=profile),
        )


def used_features(sut: str, version: str) -> list[str]:
    """Give the features on which an implemented case depends."""
    conditions = [facts.applies_if for facts, _ in cases_of(sut, version).values() if facts.applies_if]
    return sorted(set().union(*(pics.parse(condition).ids() for condition in conditions)))


def variants(sut: str, version: str, seed: int) -> list[Variant]:
    """Draw the products of a role and version."""
    dice = random.Random(f"{seed} {sut} {version} variants")  # noqa: S311 - reproducible, not secret
    switched = {name: _half(dice) for name in used_features(sut, version)}
    counts = [1, 2, 3, 4, 5] * 3
    dice.shuffle(counts)
    made = []
    for number in range(VARIANTS):
        answers = {name: column[number] for name, column in switched.items()}
        build = {("cs", "1.6"): _station16, ("csms", "1.6"): _csms16}.get(
            (sut, version), _station20 if sut == "cs" else _csms20
        )
        made.append(
            build(
                dice,
                Variant(
                    number=number,
                    sut=sut,
                    version=version,
                    pics=answers,
                    connectors=counts[number],
                    station=dice.choice(STATION_IDS[version]),
                    tokens={},
                ),
            )
        )
    return made


def _half(dice: Random) -> list[bool]:
    column = [number % 2 == 0 for number in range(VARIANTS)]
    dice.shuffle(column)
    return column


def _set(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"set={key}={value}" for key, value in values.items())


# -- OCPP 1.6 ---------------------------------------------------------------------------------------------------------

_FREE_KEYS: Mapping[str, tuple[str, ...]] = {
    "AllowOfflineTxForUnknownId": ("true", "false"),
    "AuthorizeRemoteTxRequests": ("true", "false"),
    "ClockAlignedDataInterval": ("0", "0", "1", "900"),
    "ConnectionTimeOut": ("30", "86400"),
    "HeartbeatInterval": ("1", "86400"),
    "LocalAuthListEnabled": ("true", "false"),
    "LocalAuthListMaxLength": ("3", "100000"),
    "LocalAuthorizeOffline": ("true", "false"),
    "LocalPreAuthorize": ("true", "false"),
    "MaxEnergyOnInvalidId": ("0", "100000"),
    "MeterValuesAlignedData": ("Energy.Active.Import.Register,SoC", "Power.Active.Import", ""),
    "MeterValuesSampledData": (
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC",
        "Voltage",
        "Current.Import.L1",
        "",
    ),
    "MeterValueSampleInterval": ("0", "1", "3600"),
    "MinimumStatusDuration": ("0", "0", "0", "1"),
    "SendLocalListMaxLength": ("1", "100000"),
    "StopTransactionOnEVSideDisconnect": ("true", "false"),
    "StopTransactionOnInvalidId": ("true", "false"),
    "StopTxnAlignedData": ("", "Energy.Active.Import.Register"),
    "StopTxnSampledData": ("", "Energy.Active.Import.Register,Voltage"),
    "TransactionMessageAttempts": ("1", "10"),
    "WebSocketPingInterval": ("0", "1"),
}
"""Factory values that a charge point may have (1.6 9.1, 9.2)."""
_OPTIONAL_KEYS = (
    "AllowOfflineTxForUnknownId",
    "AuthorizationCacheEnabled",
    "MaxEnergyOnInvalidId",
    "MinimumStatusDuration",
)
"""Keys that a charge point need not have (9.1)."""
_READABLE_KEYS = (
    "AuthorizeRemoteTxRequests",
    "StopTransactionOnEVSideDisconnect",
    "UnlockConnectorOnEVSideDisconnect",
)
"""Keys that may be read-only (9.1.3; errata 3.80, 3.84)."""
_REBOOT_KEYS = (
    "LocalPreAuthorize",
    "AuthorizeRemoteTxRequests",
    "ConnectionTimeOut",
    "LocalAuthorizeOffline",
    "LocalAuthListEnabled",
)
"""Keys whose change may need a reboot here (5.3)."""


_CHARGING_KEYS: Mapping[str, tuple[str, ...]] = {
    "ChargeProfileMaxStackLevel": ("0", "1", "2"),
    "ChargingScheduleAllowedChargingRateUnit": ("Current",),
    "ChargingScheduleMaxPeriods": ("1", "3", "5"),
    "MaxChargingProfilesInstalled": ("1", "2", "3"),
}
"""Factory values of a charge point with smart charging (9.4); some are too small for a case."""


def _station16(dice: Random, plain: Variant) -> Variant:
    answers = dict(plain.pics)
    values = {key: dice.choice(choices) for key, choices in _FREE_KEYS.items() if dice.random() < 0.4}  # noqa: PLR2004
    hidden = [key for key in _OPTIONAL_KEYS if dice.random() < 0.3]  # noqa: PLR2004
    read_only = [key for key in _READABLE_KEYS if dice.random() < 0.3]  # noqa: PLR2004
    reboot = [key for key in _REBOOT_KEYS if dice.random() < 0.2]  # noqa: PLR2004
    for key in hidden:
        values.pop(key, None)  # without the key there is no such behaviour
    if answers["offline_transactions"] and not answers["authorization_cache"]:
        # Something has to let a transaction start offline; without a cache that is AllowOfflineTxForUnknownId.
        hidden = [key for key in hidden if key != "AllowOfflineTxForUnknownId"]
    options = [
        *_set(values),
        f"connectors={plain.connectors}",
        f"reboot-seconds={dice.choice([0, 0.1, 0.5])}",
        f"reconnect-seconds={dice.choice([0.05, 0.3])}",
        *(f"without={name}" for name in sorted(answers) if name in FEATURES and not answers[name]),
        *(name.replace("_", "-") for name in ("fixed_cable", "backup_power", *EXTRAS) if answers[name]),
        *(f"hidden-key={key}" for key in hidden),
        *(f"read-only-key={key}" for key in read_only),
        *(f"reboot-key={key}" for key in reboot if key not in read_only),
        *([f"vendor-id={KNOWN_VENDOR}"] if answers["vendor_data_transfer"] else []),
    ]
    small = {key: dice.choice(choices) for key, choices in _CHARGING_KEYS.items() if dice.random() < 0.3}  # noqa: PLR2004
    if answers["smart_charging"]:
        options += _set(small)
    profile = dice.choice(PROFILES)
    excused = (*hidden, *read_only, *small, *(["UnlockConnectorOnEVSideDisconnect"] if answers["fixed_cable"] else []))
    tokens = {"vendor_id": KNOWN_VENDOR} if answers["vendor_data_transfer"] else {}
    if profile:
        options.append(f"security_profile={profile}")
        answers[f"security_profile_{profile}"] = True
    if not answers["backup_power"] and dice.random() < 0.3:  # noqa: PLR2004
        options.append("resume-transactions")
    return replace(plain, options=tuple(options), pics=answers, profile=profile, excused=excused, tokens=tokens)


def _tokens(dice: Random, length: int, letters: str) -> dict[str, str]:
    """Draw tokens, each as long as it may be."""
    names = ("valid", "same_group", "other", "group", "invalid", "expired", "blocked")
    return {
        f"{name}_token": f"{number}{''.join(dice.choice(letters) for _ in range(length - 1))}"
        for number, name in enumerate(names)
    }


LETTERS_16 = "ABCDEFabcdef0123456789 *#-_.:/+@"
LETTERS_20 = "ABCDEFabcdef0123456789*-_=:+|@."
MORE_LETTERS = "ÄÖÜäöéñß充電"


def station_tokens(dice: Random, version: str) -> dict[str, str]:
    """Draw tokens for the kit as a CSMS: usual ones, the longest, or (1.6 3.9) of any characters."""
    kind = dice.choice(["usual", "usual", "long", "odd"])
    if kind == "usual":
        return {}
    if version == "1.6":
        return _tokens(dice, 20, LETTERS_16 + (MORE_LETTERS if kind == "odd" else ""))
    return _tokens(dice, 36 if kind == "long" else 1, LETTERS_20)


def _known(tokens: Mapping[str, str]) -> list[str]:
    """Tell a CSMS of tokens; the option splits at the first `=` and the first `:` behind it."""
    group = tokens["group_token"]
    told = {
        "valid_token": f"Accepted:{group}",
        "same_group_token": f"Accepted:{group}",
        "other_token": "Accepted",
        "expired_token": "Expired",
        "blocked_token": "Blocked",
    }
    return [f"token={tokens[name]}={status}" for name, status in told.items()]


def _csms(dice: Random, plain: Variant, length: int, letters: str) -> Variant:
    options = [f"heartbeat-interval={dice.choice([1, 300, 86400])}"]
    tokens: dict[str, Any] = {}
    if dice.random() < 0.6:  # noqa: PLR2004
        tokens = _tokens(dice, length, letters.replace("=", ""))
        options += _known(tokens)
    password = dice.choice(["", "", PASSWORD]) if plain.version != "1.6" else ""
    profile = dice.choice(PROFILES) if plain.version == "1.6" else 0
    answers = dict(plain.pics)
    if profile:
        options.append(f"security_profile={profile}")
        answers[f"security_profile_{profile}"] = True
    if password and "=" not in plain.station:
        options.append(f"password={plain.station}={password}")
    else:
        password = ""
    if dice.random() < 0.5:  # noqa: PLR2004
        options.append(f"station={plain.station}")
    return replace(plain, options=tuple(options), pics=answers, password=password, profile=profile, tokens=tokens)


def _csms16(dice: Random, plain: Variant) -> Variant:
    made = _csms(dice, plain, 20, LETTERS_16 + dice.choice(["", MORE_LETTERS]))
    if plain.pics.get("vendor_data_transfer"):
        return replace(
            made,
            options=(*made.options, f"vendor-id={KNOWN_VENDOR}"),
            tokens={**made.tokens, "vendor_id": KNOWN_VENDOR},
        )
    return made


# -- OCPP 2.0.1 and 2.1 -----------------------------------------------------------------------------------------------

_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "TxCtrlr.TxStartPoint": (
        "EVConnected",
        "Authorized",
        "PowerPathClosed",
        "EnergyTransfer",
        "ParkingBayOccupancy,EVConnected",
        "EVConnected,Authorized",
    ),
    "TxCtrlr.TxStopPoint": ("EVConnected", "Authorized", "PowerPathClosed", "EVConnected,Authorized"),
    "AuthCtrlr.Enabled": ("true", "false"),
    "AuthCtrlr.AuthorizeRemoteStart": ("true", "false"),
    "AuthCtrlr.LocalPreAuthorize": ("true", "false"),
    "AuthCtrlr.DisableRemoteAuthorization": ("true", "false"),
    "AuthCacheCtrlr.Enabled": ("true", "false"),
    "OCPPCommCtrlr.HeartbeatInterval": ("1", "86400"),
    "OCPPCommCtrlr.OfflineThreshold": ("0", "300"),
    "SampledDataCtrlr.Enabled": ("true", "false"),
    "SampledDataCtrlr.TxUpdatedInterval": ("0", "1"),
    "SampledDataCtrlr.TxUpdatedMeasurands": ("Voltage,Current.Import", ""),
    "SampledDataCtrlr.TxStartedMeasurands": ("Energy.Active.Import.Register,Voltage", ""),
    "AlignedDataCtrlr.Interval": ("0", "1"),
    "AlignedDataCtrlr.SendDuringIdle": ("true", "false"),
}
"""Factory values that a charging station may have (2.0.1 Part 2, chapter Referenced Components and Variables)."""


def _station20(dice: Random, plain: Variant) -> Variant:
    values = {key: dice.choice(choices) for key, choices in _VARIABLES.items() if dice.random() < 0.4}  # noqa: PLR2004
    options = [
        *_set(values),
        f"connectors={plain.connectors}",
        f"reboot-seconds={dice.choice([0, 0.1, 0.5])}",
        f"reconnect-seconds={dice.choice([0.05, 0.3])}",
        *(["locked-cable"] if plain.pics["AQ-2"] else []),
        *(["fixed-cable"] if dice.random() < 0.3 else []),  # noqa: PLR2004
    ]
    password = dice.choice(["", "", PASSWORD])
    if password:
        options.append(f"password={password}")
    return replace(plain, options=tuple(options), password=password)


def _csms20(dice: Random, plain: Variant) -> Variant:
    return _csms(dice, plain, 36, LETTERS_20.replace(":", ""))


def token_type(dice: Random, variant: Variant, condition: str) -> str:
    """Draw a type of idToken that the station is declared for, for a case with this condition."""
    if variant.sut == "csms":
        return dice.choice(["ISO14443", "ISO15693", "KeyCode", "Local", "eMAID", "MacAddress", "Central"])
    declared = REMOTE if "C-36" in condition else LOCAL
    known = [kind for name, kind in declared.items() if variant.pics.get(name)]
    return dice.choice(known) if known else "ISO14443"
