"""Limits of the primitive data types of 2.x, and of ids, that the schemas do not carry.

Source: OCPP 2.0.1 and 2.1 Part 2 2.1.4 (primitive data types); chapters Messages and Datatypes for the fields that are
identifierStrings, for EVSEType and IdTokenType.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.semantic.times import values_at
from ocpp_tck.protocol.types import Json, Side, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_LARGEST = 2**31 - 1
_DECIMALS = 6
_IDENTIFIER = re.compile(r"[A-Za-z0-9*\-_=:+|@.]*|<token:\w+>")
"""The characters of an identifierString; a token may be masked, as journals have it."""

_IDENTIFIERS = frozenset(
    {
        *(("ComponentType", "name"), ("ComponentType", "instance"), ("VariableType", "name")),
        *(("VariableType", "instance"), ("IdTokenType", "idToken"), ("AdditionalInfoType", "additionalIdToken")),
        *(("TransactionType", "transactionId"), ("EventDataType", "transactionId")),
        *(("ChargingProfileType", "transactionId"), ("MessageInfoType", "transactionId")),
        *(("ModemType", "iccid"), ("ModemType", "imsi"), ("APNType", "preferredNetwork")),
        *(("CertificateHashDataType", "issuerNameHash"), ("CertificateHashDataType", "serialNumber")),
        *(("OCSPRequestDataType", "issuerNameHash"), ("OCSPRequestDataType", "serialNumber")),
        *(("DERCurveGetType", "id"), ("EnterServiceGetType", "id"), ("FixedPFGetType", "id")),
        *(("FixedVarGetType", "id"), ("FreqDroopGetType", "id"), ("GradientGetType", "id")),
        *(("LimitMaxDischargeGetType", "id"), ("TariffAssignmentType", "idTokens")),
        ("NotifySettlementRequest", "pspRef"),
        ("Get15118EVCertificateRequest", "prioritizedEMAIDs"),
        *((f"{action}FirmwareRequest", "checksum") for action in ("Publish", "Unpublish")),
        *((f"{action}Request", "transactionId") for action in ("ChangeTransactionTariff", "CostUpdated")),
        *((f"{action}Request", "transactionId") for action in ("GetTransactionStatus", "NotifyAllowedEnergyTransfer")),
        *((f"{action}Request", "transactionId") for action in ("NotifyPriorityCharging", "NotifySettlement")),
        *((f"{action}Request", "transactionId") for action in ("RequestStopTransaction", "UsePriorityCharging")),
        ("RequestStartTransactionResponse", "transactionId"),
        *((f"{action}DERControlRequest", "controlId") for action in ("Clear", "Get", "Set")),
        *(("NotifyDERStartStopRequest", "controlId"), ("NotifyDERStartStopRequest", "supersededIds")),
        ("SetDERControlResponse", "supersededIds"),
    }
)
"""Fields of the type identifierString, by the data type or message that they belong to."""

_FROM_ONE = frozenset(
    {("EVSEType", "id"), ("StatusNotificationRequest", "evseId"), ("StatusNotificationRequest", "connectorId")}
)
_TOKEN_TYPE = frozenset({("IdTokenType", "type")})


def primitives(version: Version, action: str, kind: schema.Kind, payload: Json, sender: Side) -> Iterator[Violation]:
    """Judge the single values of a payload that the schema accepts."""
    if version is Version.V16:
        return
    for path, type_ in _limited(version, action, kind):
        for place, value in values_at(payload, path):
            if type_ == "integer" and not -_LARGEST - 1 <= value <= _LARGEST:
                yield broken("number.integer", version, f"{value} does not fit into 32 bits", place)
            elif type_ == "number" and sender is Side.CSMS and _decimals(value) > _DECIMALS:
                yield broken("number.decimals", version, f"{value} has more than {_DECIMALS} decimal places", place)
            elif type_ == "string" and not _IDENTIFIER.fullmatch(value):
                text = f"{value!r} has a character that an identifierString cannot have"
                yield broken("string.identifier", version, text, place)


def ids(version: Version, action: str, kind: schema.Kind, payload: Json) -> Iterator[Violation]:
    """Judge the numbers of EVSEs and the idTokens of a payload that the schema accepts."""
    if version is Version.V16:
        return
    for path in _paths(version, action, kind, _FROM_ONE):
        for place, value in values_at(payload, path):
            if value < 1:
                yield broken("range.evse", version, f"{path[-1]} is {value}", place)
    for path in _paths(version, action, kind, _TOKEN_TYPE):
        for place, token in values_at(payload, path[:-1]):
            if token["type"] == "NoAuthorization" and token["idToken"]:
                text = f"the idToken of type NoAuthorization is {token['idToken']!r}, not empty"
                yield broken("token.no_authorization", version, text, f"{place}.idToken")


@cache
def _paths(
    version: Version, action: str, kind: schema.Kind, fields: frozenset[tuple[str, str]]
) -> tuple[tuple[str, ...], ...]:
    """Give the paths of these fields in a message."""
    return tuple(leaf.path for leaf in schema.leaves(version, action, kind) if (leaf.owner, leaf.path[-1]) in fields)


@cache
def _limited(version: Version, action: str, kind: schema.Kind) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Give the paths of all values that have such a limit, and their types."""
    found = []
    for leaf in schema.leaves(version, action, kind):
        field = next(name for name in reversed(leaf.path) if name != "[]")
        if leaf.type in {"integer", "number"} or (leaf.type == "string" and (leaf.owner, field) in _IDENTIFIERS):
            found.append((leaf.path, leaf.type))
    return tuple(found)


def _decimals(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
