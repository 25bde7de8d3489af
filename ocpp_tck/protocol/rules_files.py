"""Rules about signed firmware updates and logs of the security whitepaper of OCPP 1.6."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Sent, call, cs, csms, ex16, result, rule
from ocpp_tck.protocol.types import Version


def _whitepaper(clause: str) -> dict[Version, str]:
    return {Version.V16: f"OCPP 1.6 security whitepaper {clause}"}


def _tells(identifier: str, action: str, **payload: Any) -> tuple[Sent, Sent]:
    return cs(call(identifier, action, **payload)), csms(result(identifier))


def _signed(identifier: str, status: str, **more: Any) -> tuple[Sent, Sent]:
    return _tells(identifier, "SignedFirmwareStatusNotification", status=status, **more)


def _log(identifier: str, status: str, **more: Any) -> tuple[Sent, Sent]:
    return _tells(identifier, "LogStatusNotification", status=status, **more)


def _ordered(identifier: str, request: int, status: str = "Accepted") -> tuple[Sent, Sent]:
    firmware = {"location": "ftp://x/f", "retrieveDateTime": NOW, "signingCertificate": "c", "signature": "s"}
    order = csms(call(identifier, "SignedUpdateFirmware", requestId=request, firmware=firmware))
    return order, cs(result(identifier, status=status))


def _asked(identifier: str, request: int, status: str = "Accepted") -> tuple[Sent, Sent]:
    order = call(identifier, "GetLog", requestId=request, logType="SecurityLog", log={"remoteLocation": "ftp://x/"})
    return csms(order), cs(result(identifier, status=status, filename="f"))


def _triggered(identifier: str, message: str, action: str = "ExtendedTriggerMessage") -> tuple[Sent, Sent]:
    return csms(call(identifier, action, requestedMessage=message)), cs(result(identifier, status="Accepted"))


_FIRMWARE, _LOG = "FirmwareStatusNotification", "LogStatusNotification"

RULES = (
    rule(
        "files.idle",
        "The status Idle of a signed update or of a log is sent only after it was triggered",
        must=_whitepaper("6.8, 6.19"),
        passing=(
            ex16(*_triggered("t", _FIRMWARE), *_signed("1", "Idle")),
            ex16(*_triggered("t", _LOG), *_log("1", "Idle")),
            ex16(*_triggered("t", _LOG), *_triggered("u", _LOG), *_log("1", "Idle"), *_log("2", "Idle")),
        ),
        failing=(
            ex16(*_signed("1", "Idle")),
            ex16(*_log("1", "Idle")),
            ex16(*_triggered("t", _FIRMWARE), *_signed("1", "Idle"), *_signed("2", "Idle")),
            ex16(*_triggered("t", _LOG), *_signed("1", "Idle")),
            ex16(*_triggered("t", _FIRMWARE, "TriggerMessage"), *_signed("1", "Idle")),
        ),
    ),
    rule(
        "files.request_id",
        "A status of a signed update or of a log names the request that started it",
        must=_whitepaper("L01.FR.10, L01.FR.21, N01.FR.07, N01.FR.12"),
        passing=(
            ex16(*_ordered("o", 7), *_signed("1", "Downloading", requestId=7)),
            ex16(*_asked("o", 7), *_log("1", "Uploading", requestId=7)),
            ex16(*_signed("1", "Installed", requestId=7)),
            ex16(*_asked("o", 7), *_asked("p", 8, "AcceptedCanceled"), *_log("1", "Uploading", requestId=8)),
            ex16(*_triggered("t", _LOG), *_log("1", "Idle")),
            ex16(*_triggered("t", _FIRMWARE), *_signed("1", "DownloadFailed")),
        ),
        failing=(
            ex16(*_ordered("o", 7), *_signed("1", "Downloading", requestId=8)),
            ex16(*_ordered("o", 7), *_signed("1", "Downloading")),
            ex16(*_signed("1", "Installed")),
            ex16(*_asked("o", 7), *_log("1", "Uploading", requestId=8)),
            ex16(*_asked("o", 7), *_log("1", "Uploaded")),
        ),
    ),
    rule(
        "firmware.ended",
        "A signed update that has come to an end has no further status",
        must=_whitepaper("6.8, L01.FR.01"),
        passing=(
            ex16(*_ordered("o", 7), *_signed("1", "Installed", requestId=7)),
            ex16(
                *_ordered("o", 7),
                *_signed("1", "DownloadFailed", requestId=7),
                *_signed("2", "DownloadFailed", requestId=7),
            ),
            ex16(
                *_ordered("o", 7),
                *_signed("1", "DownloadFailed", requestId=7),
                *_ordered("p", 8),
                *_signed("2", "Downloading", requestId=8),
            ),
            ex16(
                *_ordered("o", 7),
                *_signed("1", "DownloadFailed", requestId=7),
                *_ordered("p", 7),
                *_signed("2", "Downloading", requestId=7),
            ),
        ),
        failing=(
            ex16(
                *_ordered("o", 7),
                *_signed("1", "InvalidSignature", requestId=7),
                *_signed("2", "Installing", requestId=7),
            ),
            ex16(
                *_ordered("o", 7),
                *_signed("1", "Installed", requestId=7),
                *_signed("2", "Downloading", requestId=7),
            ),
        ),
    ),
)
