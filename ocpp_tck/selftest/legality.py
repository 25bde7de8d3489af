"""What the documents allow in a payload: the oracle of the mutants.

It reads the schemas and the text by itself and shares nothing with `ocpp_tck.protocol`, so that a misreading in one
shows up in the other.

Source: the JSON schemas of the `ocpp` package with errata J 2.1, 3.2, 3.8 and those of 2.0.1; OCPP 1.6
edition 2 chapters 3, 6, 7; OCPP 2.0.1 and 2.1 Part 2 2.1.4 and Part 4 4.1.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

V16, V201, V21 = "1.6", "2.0.1", "2.1"
REQUEST, RESPONSE = "request", "response"
_FOLDERS = {V16: "v16", V201: "v201", V21: "v21"}
_CLAUSES = {V16: "OCPP-J 1.6 errata 3.8", V201: "OCPP 2.0.1 Part 4 4.1.7", V21: "OCPP 2.1 Part 4 4.1.7"}
_EXTRA_CLAUSES = _CLAUSES | {V16: "OCPP-J 1.6 errata 3.2"}
_SENT_ONLY = frozenset({"NotifyPeriodicEventStream"})
_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LARGEST = 2**31 - 1
_DECIMALS = 6
_IDENTIFIER = re.compile(r"[A-Za-z0-9*\-_=:+|@.]*")
_FIELD_LENGTH = {
    V16: frozenset[tuple[str, str]](),
    V201: frozenset({("Get15118EVCertificateResponse", "exiResponse")}),
    V21: frozenset(
        {
            ("Get15118EVCertificateRequest", "exiRequest"),
            ("Get15118EVCertificateResponse", "exiResponse"),
            ("GetCertificateStatusResponse", "ocspResult"),
            ("MessageContentType", "content"),
        }
    ),
}
"""Fields whose length the station may announce as greater (OCPPCommCtrlr.FieldLength)."""

_CI_16: dict[tuple[str, str], frozenset[str]] = {
    ("Authorize", REQUEST): frozenset({"idTag"}),
    ("Authorize", RESPONSE): frozenset({"idTagInfo.parentIdTag"}),
    ("BootNotification", REQUEST): frozenset(
        {
            "chargeBoxSerialNumber",
            "chargePointModel",
            "chargePointSerialNumber",
            "chargePointVendor",
            "firmwareVersion",
            "iccid",
            "imsi",
            "meterSerialNumber",
            "meterType",
        }
    ),
    ("ChangeConfiguration", REQUEST): frozenset({"key", "value"}),
    ("DataTransfer", REQUEST): frozenset({"vendorId", "messageId"}),
    ("DeleteCertificate", REQUEST): frozenset(
        {
            "certificateHashData.issuerNameHash",
            "certificateHashData.issuerKeyHash",
            "certificateHashData.serialNumber",
        }
    ),
    ("GetConfiguration", REQUEST): frozenset({"key[]"}),
    ("GetConfiguration", RESPONSE): frozenset({"configurationKey[].key", "configurationKey[].value", "unknownKey[]"}),
    ("GetDiagnostics", RESPONSE): frozenset({"fileName"}),
    ("GetInstalledCertificateIds", RESPONSE): frozenset(
        {
            "certificateHashData[].issuerNameHash",
            "certificateHashData[].issuerKeyHash",
            "certificateHashData[].serialNumber",
        }
    ),
    ("RemoteStartTransaction", REQUEST): frozenset({"idTag"}),
    ("ReserveNow", REQUEST): frozenset({"idTag", "parentIdTag"}),
    ("SendLocalList", REQUEST): frozenset(
        {"localAuthorizationList[].idTag", "localAuthorizationList[].idTagInfo.parentIdTag"}
    ),
    ("StartTransaction", REQUEST): frozenset({"idTag"}),
    ("StartTransaction", RESPONSE): frozenset({"idTagInfo.parentIdTag"}),
    ("StatusNotification", REQUEST): frozenset({"info", "vendorId", "vendorErrorCode"}),
    ("StopTransaction", REQUEST): frozenset({"idTag"}),
    ("StopTransaction", RESPONSE): frozenset({"idTagInfo.parentIdTag"}),
}
"""Fields of a CiString type (1.6 chapters 6 and 7, security whitepaper chapter 6)."""

_IDENTIFIERS_201 = frozenset(
    {
        ("AdditionalInfoType", "additionalIdToken"),
        ("APNType", "preferredNetwork"),
        ("CertificateHashDataType", "issuerNameHash"),
        ("CertificateHashDataType", "serialNumber"),
        ("ChargingProfileType", "transactionId"),
        ("ComponentType", "instance"),
        ("ComponentType", "name"),
        ("CostUpdatedRequest", "transactionId"),
        ("EventDataType", "transactionId"),
        ("GetTransactionStatusRequest", "transactionId"),
        ("IdTokenType", "idToken"),
        ("MessageInfoType", "transactionId"),
        ("ModemType", "iccid"),
        ("ModemType", "imsi"),
        ("OCSPRequestDataType", "issuerNameHash"),
        ("OCSPRequestDataType", "serialNumber"),
        ("PublishFirmwareRequest", "checksum"),
        ("RequestStartTransactionResponse", "transactionId"),
        ("RequestStopTransactionRequest", "transactionId"),
        ("TransactionType", "transactionId"),
        ("UnpublishFirmwareRequest", "checksum"),
        ("VariableType", "instance"),
        ("VariableType", "name"),
    }
)
_IDENTIFIERS = {
    V16: frozenset[tuple[str, str]](),
    V201: _IDENTIFIERS_201,
    V21: _IDENTIFIERS_201
    | {
        ("ChangeTransactionTariffRequest", "transactionId"),
        ("ClearDERControlRequest", "controlId"),
        ("DERCurveGetType", "id"),
        ("EnterServiceGetType", "id"),
        ("FixedPFGetType", "id"),
        ("FixedVarGetType", "id"),
        ("FreqDroopGetType", "id"),
        ("Get15118EVCertificateRequest", "prioritizedEMAIDs"),
        ("GetDERControlRequest", "controlId"),
        ("GradientGetType", "id"),
        ("LimitMaxDischargeGetType", "id"),
        ("NotifyAllowedEnergyTransferRequest", "transactionId"),
        ("NotifyDERStartStopRequest", "controlId"),
        ("NotifyDERStartStopRequest", "supersededIds"),
        ("NotifyPriorityChargingRequest", "transactionId"),
        ("NotifySettlementRequest", "pspRef"),
        ("NotifySettlementRequest", "transactionId"),
        ("SetDERControlRequest", "controlId"),
        ("SetDERControlResponse", "supersededIds"),
        ("TariffAssignmentType", "idTokens"),
        ("UsePriorityChargingRequest", "transactionId"),
    },
}
"""Fields of the type identifierString (Part 2, chapters Messages and Datatypes)."""


@dataclass(frozen=True, slots=True)
class Node:
    """One place in a schema.

    Attributes:
        version, action, kind: which message.
        root: the schema document.
        schema: the part of it that is meant, references resolved.
        owner: type or message that the field belongs to.
        field: name of the field; that of the array for its items.
        place: path with `[]` for every index.
    """

    version: str
    action: str
    kind: str
    root: dict[str, Any]
    schema: dict[str, Any]
    owner: str
    field: str = ""
    place: str = ""

    def named(self, name: str) -> Node | None:
        """Give the place of a property; None when the schema does not name it."""
        wanted = self.schema.get("properties", {}).get(name)
        return None if wanted is None else self._inner(wanted, name, f"{self.place}.{name}".lstrip("."))

    def item(self) -> Node | None:
        """Give the place of the items of an array; None when the schema does not say."""
        wanted = self.schema.get("items")
        return None if wanted is None else self._inner(wanted, self.field, f"{self.place}[]")

    def _inner(self, wanted: dict[str, Any], field: str, place: str) -> Node:
        owner = self.owner
        if "$ref" in wanted:
            name = wanted["$ref"].rpartition("/")[2]
            wanted = self.root["definitions"][name]
            if wanted.get("type") == "object":
                owner = name
        return Node(self.version, self.action, self.kind, self.root, wanted, owner, field, place)

    @property
    def clause(self) -> str:
        """The clause by which the schema is binding, and the schema."""
        return f"{_CLAUSES[self.version]}, schema {_file(self.version, self.action, self.kind)}"

    @property
    def extra_clause(self) -> str:
        """The clause that forbids further properties, and the schema."""
        return f"{_EXTRA_CLAUSES[self.version]}, schema {_file(self.version, self.action, self.kind)}"

    @property
    def case_clause(self) -> str:
        """The clause by which the letter case of this string does not matter; empty when it does."""
        if self.version == V16:
            insensitive = self.place in _CI_16.get((self.action, self.kind), ())
            return "OCPP 1.6 7.15 to 7.19, 7.28" if insensitive else ""
        return f"OCPP {self.version} Part 2 2.1.4 identifierString" if self.is_identifier else ""

    @property
    def is_identifier(self) -> bool:
        """Whether it is an identifierString of 2.x."""
        return (self.owner, self.field) in _IDENTIFIERS[self.version]

    @property
    def is_stretchable(self) -> bool:
        """Whether the station may announce a greater length."""
        return (self.owner, self.field) in _FIELD_LENGTH[self.version]


def _file(version: str, action: str, kind: str) -> str:
    if kind == RESPONSE:
        return f"{action}Response.json"
    return f"{action}.json" if version == V16 or action in _SENT_ONLY else f"{action}Request.json"


@cache
def message(version: str, action: str, kind: str) -> Node | None:
    """Give the place of a whole payload; None when that version has no such message."""
    name = _file(version, action, kind)
    file = resources.files("ocpp") / _FOLDERS[version] / "schemas" / name
    if not action or not file.is_file():
        return None
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))
    if name in {"MeterValues.json", "StopTransaction.json"}:
        _as_published(document)
    if version == V201 and name == "Get15118EVCertificateResponse.json":
        document["properties"]["exiResponse"]["maxLength"] = 5600
    if version == V16 and name == "GetInstalledCertificateIdsResponse.json":
        del document["properties"]["certificateHashData"]["minItems"]  # 0..* in the whitepaper's text (5.8)
    return Node(version, action, kind, document, document, name.removesuffix(".json"))


def _as_published(node: Any) -> None:
    """Undo what the package adds to the 1.6 meter values, and allow both spellings of Celsius (errata J 2.1)."""
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _as_published(part)
    if isinstance(node, dict):
        node.pop("minItems", None)
        if "Wh" in node.get("enum", ()):
            node["enum"] = sorted({*node["enum"], "Celsius", "Celcius"})


@cache
def actions(version: str) -> tuple[str, ...]:
    """Give the actions that have schemas in a version, in alphabetical order."""
    names = [entry.name for entry in (resources.files("ocpp") / _FOLDERS[version] / "schemas").iterdir()]
    found = {name.removesuffix("Response.json") for name in names if name.endswith("Response.json")}
    return tuple(sorted(found | _SENT_ONLY if version == V21 else found))


# -- one value -------------------------------------------------------------------------------------------------------


def against_schema(node: Node, value: Any) -> str:
    """Give the keyword that a value breaks by itself, what lies within it aside; empty when there is none."""
    schema = node.schema
    wanted = schema.get("type")
    if wanted is not None and not _has_type(wanted, value):
        return "type"
    if "enum" in schema and value not in schema["enum"]:
        return "enum"
    if isinstance(value, str):
        return _text(node, value)
    if isinstance(value, list):
        return _sized(schema, len(value))
    return _number(schema, value) if _has_type("number", value) else ""


def _has_type(wanted: str, value: Any) -> bool:
    return isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))


def _text(node: Node, value: str) -> str:
    if len(value) > node.schema.get("maxLength", len(value)) and not node.is_stretchable:
        return "maxLength"
    if node.schema.get("format") == "date-time" and not is_time(value):
        return "format"
    return ""


def _sized(schema: dict[str, Any], size: int) -> str:
    if size < schema.get("minItems", 0):
        return "minItems"
    return "maxItems" if size > schema.get("maxItems", size) else ""


def _number(schema: dict[str, Any], value: float) -> str:
    if value < schema.get("minimum", value):
        return "minimum"
    if value > schema.get("maximum", value):
        return "maximum"
    step = schema.get("multipleOf")
    return "multipleOf" if step and Decimal(repr(value)) % Decimal(repr(step)) else ""


def is_time(text: str) -> bool:
    """Whether a text is a date-time of RFC 3339."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _TIME.fullmatch(text) is not None


def against_types(node: Node, value: Any, sender: str) -> str:
    """Give the clause of the text about primitive types that a value of the right JSON type breaks; empty for none.

    `sender`: "cs" or "csms"; decimals are limited towards the station only.
    """
    if node.version == V16:
        return ""
    part2 = f"OCPP {node.version} Part 2 2.1.4"
    wanted = node.schema.get("type")
    if wanted == "integer" and not -_LARGEST - 1 <= value <= _LARGEST:
        return f"{part2} integer"
    if wanted == "number" and sender == "csms" and _decimals(value) > _DECIMALS:
        return f"{part2} decimal"
    if wanted != "string":
        return ""
    if node.schema.get("format") == "date-time" and re.search(r"\.\d{4}", value):
        return f"{part2}, 3.1 dateTime"
    return f"{part2} identifierString" if node.is_identifier and not _IDENTIFIER.fullmatch(value) else ""


def _decimals(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
