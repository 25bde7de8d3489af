"""What the cases about firmware, diagnostics and logs share."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms

FIRMWARE = "FirmwareStatusNotification"
SIGNED = "SignedFirmwareStatusNotification"
DIAGNOSTICS = "DiagnosticsStatusNotification"
LOG = "LogStatusNotification"

FILE = "log.txt"
REQUEST = 1
SIGNATURE = base64.b64encode(bytes(range(256))).decode()
"""Of the length of a signature; the kit, as the charge point, does not verify it."""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIB2jCCAYGgAwIBAgIUPxvqEBmNu13V0LoKbY+3Ft1NLnswCgYIKoZIzj0EAwIw
MzERMA8GA1UECgwIb2NwcC10Y2sxHjAcBgNVBAMMFW9jcHAtdGNrIG1hbnVmYWN0
dXJlcjAgFw0yNTExMjUyMjA3MTNaGA8yMDY2MTExNTIyMDcxM1owLzERMA8GA1UE
CgwIb2NwcC10Y2sxGjAYBgNVBAMMEW9jcHAtdGNrIGZpcm13YXJlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAExZfLg1A9+Sc+JIA1eW6Glrl8+FcaEqf4uwtXpIip
dVZljTjk3jfuqih59sp8gHzynbt2dk2/Eb3kUMBsi76lR6N1MHMwHQYDVR0OBBYE
FITGE5lXQUfOHVYL39C+NEFdNJpmMB8GA1UdIwQYMBaAFE+zImQoat/tWABDWT70
0OyEColKMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMDMAoGCCqGSM49BAMCA0cAMEQCICWA+ddqiyEoy3bTeexiZqa+A5QM
agnmZV466tL+OEYUAiBUQwD1xRkOTg6HVtBt5vpUKobxLDJMVBz0CHkk1UThtA==
-----END CERTIFICATE-----
"""
"""Issued for firmware by an authority that nobody keeps."""


def signature(csms: Csms) -> str:
    """The signature that the central system is to send: the configured one, or one that is made up."""
    return csms.data.firmware_signature or SIGNATURE


def wrong_signature(csms: Csms) -> str:
    """Another signature than the configured one, of the same length."""
    right = base64.b64decode(signature(csms))
    return base64.b64encode(right[:-1] + bytes([right[-1] ^ 1])).decode()


def certificate(csms: Csms) -> str:
    """The certificate that the central system is to send: the configured one, or that of this file; PEM."""
    return csms.data.signing_certificate or CERTIFICATE


def same_certificate(one: Any, other: str) -> bool:
    """Whether two PEM texts hold the same, line ends apart."""
    return isinstance(one, str) and "".join(one.split()) == "".join(other.split())


def signed_order(csms: Csms, signed: str) -> dict[str, Any]:
    """Give the payload of the SignedUpdateFirmware that the central system is to send (whitepaper 5.21, 6.9)."""
    firmware = {
        "location": csms.data.firmware_url,
        "retrieveDateTime": csms.now(),
        "signingCertificate": certificate(csms),
        "signature": signed,
    }
    return {"requestId": REQUEST, "firmware": firmware}


def out_of_use(csms: Csms) -> None:
    """Report each connector as Unavailable, as a charge point may before it installs (5.2)."""
    for connector in range(1, csms.hardware.connectors + 1):
        csms.report_status("Unavailable", connector)
