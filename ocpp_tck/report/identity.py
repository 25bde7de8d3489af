"""Who the product says it is: what its BootNotifications tell, and the certificates that it shows over TLS."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from ocpp_tck.evidence import records as r

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocpp_tck.evidence.earlier import Stretch

_FIELDS = {
    "chargePointVendor": "vendor",
    "vendorName": "vendor",
    "chargePointModel": "model",
    "model": "model",
    "firmwareVersion": "firmware",
    "chargePointSerialNumber": "serial",
    "serialNumber": "serial",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What a station said of itself in a BootNotification.

    Attributes:
        station: the identity by which it connected.
        fields: those it gave of vendor, model, firmware and serial.
        time: when it said so last.
    """

    station: str
    fields: Mapping[str, str]
    time: float


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """A certificate that the product showed.

    Attributes:
        sha256: fingerprint, 64 hexadecimal digits.
        subject, issuer: names as RFC 4514 text; empty when the certificate cannot be read.
        until: last day of its validity, `2027-11-23`; empty likewise.
        tls: TLS version and cipher suite of the first connection that showed it.
    """

    sha256: str
    subject: str
    issuer: str
    until: str
    tls: str


def identities(parts: Sequence[Stretch]) -> tuple[Identity, ...]:
    """Give what the product's BootNotifications say of it, each different answer once, the one said last at the end."""
    return joined(one for _, one in sorted(_boots(parts), key=lambda boot: (boot[0], boot[1].time)))


def joined(several: Iterable[Identity]) -> tuple[Identity, ...]:
    """Give identities each once, in the order in which each was told last."""
    told: dict[tuple[str, tuple[tuple[str, str], ...]], Identity] = {}
    for one in several:
        key = (one.station, tuple(sorted(one.fields.items())))
        told.pop(key, None)
        told[key] = one
    return tuple(told.values())


def _boots(parts: Sequence[Stretch]) -> Iterator[tuple[int, Identity]]:
    for stretch in parts:
        for frame in stretch.records:
            if isinstance(frame, r.Frame) and (
                fields := boot_fields(frame.sender, frame.action, frame.type, frame.raw)
            ):
                yield stretch.started.resumed, Identity(frame.station, fields, frame.time)


def boot_fields(sender: str, action: str, type: str, raw: str) -> dict[str, str]:  # noqa: A002 - as in the records
    """Give what the product says of itself in a BootNotification: vendor, model, firmware, serial; else nothing."""
    if (sender, action, type) != ("product", "BootNotification", "CALL"):
        return {}
    payload = _payload(raw)
    fields = payload.get("chargingStation", payload)
    if not isinstance(fields, Mapping):
        return {}
    return {_FIELDS[name]: value for name, value in fields.items() if name in _FIELDS and isinstance(value, str)}


def _payload(raw: str) -> Mapping[str, object]:
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    last = message[-1] if isinstance(message, list) and message else None
    return last if isinstance(last, Mapping) else {}


def certificates(parts: Sequence[Stretch]) -> tuple[PeerCertificate, ...]:
    """Give the certificates that the product showed, each once, in the order in which they came."""
    found: dict[str, PeerCertificate] = {}
    for stretch in parts:
        for record in stretch.records:
            pem = record.tls.get("certificate", "") if isinstance(record, r.ConnectionOpened) else ""
            if pem and pem not in found:
                assert isinstance(record, r.ConnectionOpened)  # noqa: S101 - it had a certificate
                agreed = " ".join(filter(None, (record.tls.get("version", ""), record.tls.get("suite", ""))))
                found[pem] = _read(pem, agreed)
    return tuple(found.values())


def _read(pem: str, tls: str) -> PeerCertificate:
    digest = ""
    try:
        encoded = ssl.PEM_cert_to_DER_cert(pem)
        digest = hashlib.sha256(encoded).hexdigest()
        certificate = x509.load_der_x509_certificate(encoded)
        until = certificate.not_valid_after_utc.date().isoformat()
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    except ValueError:  # the product's own: it may be anything that TLS let pass
        return PeerCertificate(digest, "", "", "", tls)
    return PeerCertificate(digest, subject, issuer, until, tls)
