"""The device model of a 2.x charging station: components, variables, and how they are read and set.

Part 1 chapter 4 and Part 2 use cases B05 to B07. Only the attribute type Actual exists here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ocpp_tck.reference.station.v20_rpc import Payload

READ_ONLY = "ReadOnly"
READ_WRITE = "ReadWrite"
WRITE_ONLY = "WriteOnly"
_ACTUAL = "Actual"
_VALUE_LIMIT = 1000
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_LISTS = frozenset({"MemberList", "SequenceList"})
_SUMMARY = frozenset({"AvailabilityState", "Problem"})


class VariableUnknown(Exception):
    """No variable of this name exists."""


class ValueRefused(Exception):
    """A value does not fit its variable; the message says why."""


@dataclass(slots=True)
class Variable:
    """One variable of one component; `value` is a text, or a function for what changes by itself.

    `instance` is the variable's instance; `evse` and `connector` locate the component. `minimum`
    and `maximum` bound a number, `maximum` the length of a text or list. `reboot`: a new value
    works after the next reboot.
    """

    component: str
    name: str
    value: str | Callable[[], str] = ""
    data_type: str = "string"
    mutability: str = READ_ONLY
    instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    reboot: bool = False

    @property
    def actual(self) -> str:
        """The value of the attribute Actual."""
        return self.value if isinstance(self.value, str) else self.value()

    def check(self, text: str) -> None:
        """Raise `ValueRefused` unless `text` fits data type, range and list of values."""
        if len(text) > _VALUE_LIMIT:
            raise ValueRefused(f"longer than {_VALUE_LIMIT} characters")
        if self.data_type in _LISTS:
            self._check_members([member for member in text.split(",") if text])
        elif self.data_type == "OptionList":
            self._check_members([text])
        elif self.data_type == "boolean":
            if text not in ("true", "false"):
                raise ValueRefused("not true or false")
        elif self.data_type in ("integer", "decimal"):
            self._check_number(text)
        elif self.data_type == "dateTime":
            _check_time(text)
        elif not (self.minimum or 0) <= len(text) <= (self.maximum or _VALUE_LIMIT):
            raise ValueRefused(f"has {len(text)} characters")

    def _check_members(self, members: list[str]) -> None:
        unknown = [member for member in members if member not in self.values]
        if unknown:
            raise ValueRefused(f"not in the list of values: {', '.join(unknown)}")
        if len(set(members)) < len(members):
            raise ValueRefused("a value is named twice")

    def _check_number(self, text: str) -> None:
        if not (_INTEGER if self.data_type == "integer" else _DECIMAL).fullmatch(text):
            raise ValueRefused(f"not of type {self.data_type}")
        low, high = self.minimum, self.maximum
        if (low is not None and float(text) < low) or (high is not None and float(text) > high):
            raise ValueRefused(f"outside {low} to {high}")

    def report(self) -> Payload:
        """Build the ReportDataType of this variable; a WriteOnly value stays hidden (B07.FR.03)."""
        attribute: Payload = {
            "type": _ACTUAL,
            "mutability": self.mutability,
            "persistent": self.mutability != READ_ONLY,
            "constant": False,
        }
        if self.mutability != WRITE_ONLY:
            attribute["value"] = self.actual
        characteristics: Payload = {"dataType": _reported_type(self.data_type), "supportsMonitoring": False}
        optional = {
            "unit": self.unit,
            "minLimit": self.minimum,
            "maxLimit": self.maximum,
            "valuesList": ",".join(self.values) or None,
        }
        characteristics |= {name: value for name, value in optional.items() if value is not None}
        return {
            "component": self._component(),
            "variable": _named(self.name, self.instance),
            "variableAttribute": [attribute],
            "variableCharacteristics": characteristics,
        }

    def _component(self) -> Payload:
        component: Payload = {"name": self.component}
        if self.evse is not None:
            component["evse"] = {"id": self.evse}
            if self.connector is not None:
                component["evse"]["connectorId"] = self.connector
        return component


Place = tuple[str, str | None, int | None, int | None]
Key = tuple[Place, str, str | None]


@dataclass(slots=True)
class DeviceModel:
    """All variables of a station. `changed` is called after a variable was set by the CSMS."""

    variables: Iterable[Variable]
    changed: Callable[[Variable], None]
    _by_key: dict[Key, Variable] = field(default_factory=dict)
    _places: set[Place] = field(default_factory=set)

    def __post_init__(self) -> None:
        for variable in self.variables:
            place: Place = (variable.component.casefold(), None, variable.evse, variable.connector)
            self._places.add(place)
            self._by_key[place, variable.name.casefold(), _fold(variable.instance)] = variable

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._by_key.values())

    def text(self, component: str, name: str, instance: str | None = None) -> str:
        """Read a variable that belongs to no EVSE."""
        return self._by_key[(component.casefold(), None, None, None), name.casefold(), _fold(instance)].actual

    def flag(self, component: str, name: str) -> bool:
        """Read a boolean."""
        return self.text(component, name) == "true"

    def number(self, component: str, name: str, instance: str | None = None) -> int:
        """Read an integer."""
        return int(self.text(component, name, instance))

    def members(self, component: str, name: str) -> frozenset[str]:
        """Read a list."""
        return frozenset(filter(None, self.text(component, name).split(",")))

    def configure(self, key: str, value: str) -> None:
        """Set `Component.Variable` or `Component.Variable[instance]` on the spot, read-only ones too.

        Raises `VariableUnknown` and `ValueRefused`.
        """
        match = re.fullmatch(r"([^.\[\]]+)\.([^.\[\]]+)(?:\[([^\[\]]+)\])?", key)
        if match is None:
            raise VariableUnknown(f"{key!r} is not Component.Variable or Component.Variable[instance]")
        component, name, instance = match.groups()
        variable = self._by_key.get(((component.casefold(), None, None, None), name.casefold(), _fold(instance)))
        if variable is None or callable(variable.value):
            raise VariableUnknown(f"this station has no variable {key} that can be configured")
        variable.check(value)
        variable.value = value

    def get(self, data: Payload) -> Payload:
        """Answer one GetVariableData (B06)."""
        result = _echo(data)
        variable, status = self._find(data)
        if variable is None:
            return {**result, "attributeStatus": status}
        if variable.mutability == WRITE_ONLY:
            return {**result, "attributeStatus": "Rejected"}
        return {**result, "attributeStatus": "Accepted", "attributeValue": variable.actual}

    def set(self, data: Payload) -> Payload:
        """Answer one SetVariableData (B05) and keep the value."""
        result = _echo(data)
        variable, status = self._find(data)
        if variable is None:
            return {**result, "attributeStatus": status}
        if variable.mutability == READ_ONLY:
            return {**result, **_rejection("ReadOnly", "the variable is read-only")}
        value = data["attributeValue"]
        try:
            variable.check(value)
        except ValueRefused as error:
            return {**result, **_rejection("InvalidValue", str(error))}
        changed = variable.actual != value
        variable.value = value
        if changed:
            self.changed(variable)
        return {**result, "attributeStatus": "RebootRequired" if variable.reboot and changed else "Accepted"}

    def base_report(self, base: str) -> list[Payload]:
        """List the ReportDataType entries of a ReportBaseEnumType (B07.FR.07 to FR.09)."""
        if base == "ConfigurationInventory":
            return [variable.report() for variable in self if variable.mutability != READ_ONLY]
        if base == "SummaryInventory":
            return [variable.report() for variable in self if variable.name in _SUMMARY]
        return [variable.report() for variable in self]

    def _find(self, data: Payload) -> tuple[Variable | None, str]:
        component, wanted = data["component"], data["variable"]
        evse = component.get("evse", {})
        place: Place = (
            component["name"].casefold(),
            _fold(component.get("instance")),
            evse.get("id"),
            evse.get("connectorId"),
        )
        if place not in self._places:
            return None, "UnknownComponent"
        variable = self._by_key.get((place, wanted["name"].casefold(), _fold(wanted.get("instance"))))
        if variable is None:
            return None, "UnknownVariable"
        if data.get("attributeType", _ACTUAL) != _ACTUAL:
            return None, "NotSupportedAttributeType"
        return variable, "Accepted"


def _echo(data: Payload) -> Payload:
    # B05.FR.12, B06.FR.11: Actual when the request named no attribute type.
    return {
        "attributeType": data.get("attributeType", _ACTUAL),
        "component": data["component"],
        "variable": data["variable"],
    }


def _rejection(reason: str, text: str) -> Payload:
    return {"attributeStatus": "Rejected", "attributeStatusInfo": {"reasonCode": reason, "additionalInfo": text[:512]}}


def _named(name: str, instance: str | None) -> Payload:
    return {"name": name} if instance is None else {"name": name, "instance": instance}


def _fold(text: Any) -> str | None:
    # An empty instance stands for none (B06.FR.15).
    return text.casefold() if text else None


def _reported_type(data_type: str) -> str:
    # VariableCharacteristicsType has no passwordString: it is a string on the wire.
    return "string" if data_type == "passwordString" else data_type


def _check_time(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueRefused("not a time") from error
    if moment.tzinfo is None:
        raise ValueRefused("a time without zone")
