"""Firmware, diagnostics and logs of the embedded 1.6 charge point, against real file servers."""

import asyncio
import itertools
from contextlib import contextmanager

import pytest
from station16_support import run, station

from ocpp_tck.net import BackgroundLoop
from ocpp_tck.net.files import Fault, FileServers
from ocpp_tck.net.pki import EXPIRED, Authority
from ocpp_tck.reference.station.core16 import image as images
from ocpp_tck.reference.station.core16.signing import certificate_problem, is_signed
from ocpp_tck.selftest.firmware import image, sign
from ocpp_tck.settings import Files

PAST = "2026-01-01T00:00:00Z"
NUMBERS = itertools.count(1)
ROOT = Authority.root("manufacturer")
SIGNER = ROOT.code_signing(algorithm="rsa")
SECURE = {"extras": frozenset({"security_log", "secure_firmware"}), "manufacturer_root": ROOT.pem}
FIRMWARE, SIGNED = "FirmwareStatusNotification", "SignedFirmwareStatusNotification"
DIAGNOSTICS, LOG = "DiagnosticsStatusNotification", "LogStatusNotification"


@contextmanager
def served():
    told = []
    loop = BackgroundLoop()
    servers = FileServers(Files(), loop, told.append)
    servers.told = told
    try:
        yield servers
    finally:
        servers.close()
        loop.close()


async def statuses(central, action, *wanted, **fields):
    for status in wanted:
        await central.until(action, status=status, **fields)


@pytest.mark.parametrize("protocol", ["HTTP", "HTTPS", "FTP", "FTPS"])
def test_firmware_is_installed(protocol):
    @run
    async def case():
        with served() as servers:
            url = servers.download(protocol, next(NUMBERS), "fw.bin", image("2.5"))
            async with station() as (central, _):
                assert await central.ask("UpdateFirmware", location=url, retrieveDate=PAST) == {}
                await statuses(central, FIRMWARE, "Downloading", "Downloaded")
                await central.until("StatusNotification", connectorId=2, status="Unavailable")
                await statuses(central, FIRMWARE, "Installing")
                assert (await central.until("BootNotification"))["firmwareVersion"] == "2.5"
                await central.until("StatusNotification", connectorId=2, status="Available")
                await statuses(central, FIRMWARE, "Installed")
                await central.silence()

    case()


@run
async def test_what_is_no_firmware_is_not_installed():
    with served() as servers:
        url = servers.download("HTTP", next(NUMBERS), "fw.bin", b"nothing of the kind")
        async with station() as (central, _):
            await central.ask("UpdateFirmware", location=url, retrieveDate=PAST)
            await statuses(central, FIRMWARE, "Downloading", "Downloaded", "Installing")
            await central.until("StatusNotification", connectorId=1, status="Available")
            await statuses(central, FIRMWARE, "InstallationFailed")


@pytest.mark.parametrize("protocol", ["HTTP", "FTP"])
def test_a_broken_download_is_resumed(protocol):
    @run
    async def case():
        with served() as servers:
            url = servers.download(protocol, next(NUMBERS), "fw.bin", image("3"), Fault.CUT, attempts=1)
            async with station() as (central, _):
                await central.ask("UpdateFirmware", location=url, retrieveDate=PAST, retries=1, retryInterval=0)
                await statuses(central, FIRMWARE, "Downloading", "Downloaded", "Installing", "Installed")
            first, second = servers.told
            assert not first.complete
            assert second.complete

    case()


@pytest.mark.parametrize("retries", [0, 2])
def test_as_many_retries_as_ordered(retries):
    @run
    async def case():
        with served() as servers:
            url = servers.download("HTTP", next(NUMBERS), "fw.bin", b"", Fault.MISSING)
            async with station() as (central, _):
                order = {"location": url, "retrieveDate": PAST, "retries": retries, "retryInterval": 0}
                await central.ask("UpdateFirmware", **order)
                await statuses(central, FIRMWARE, "Downloading", "DownloadFailed")
            assert len(servers.told) == retries + 1

    case()


@pytest.mark.parametrize(
    "location", ["gopher://x/y", "http://", "http://127.0.0.1:1/f", "ftp://127.0.0.1:99999/f", "?"]
)
def test_a_location_that_leads_nowhere(location):
    @run
    async def case():
        async with station() as (central, _):
            await central.ask("UpdateFirmware", location=location, retrieveDate=PAST, retries=0)
            await statuses(central, FIRMWARE, "Downloading", "DownloadFailed")
            await central.ask("TriggerMessage", requestedMessage=FIRMWARE)
            await central.until(FIRMWARE, status="Idle")

    case()


@run
async def test_installation_waits_for_the_transaction():
    with served() as servers:
        url = servers.download("HTTP", next(NUMBERS), "fw.bin", image("4"))
        async with station() as (central, _):
            transaction = await central.charging(_)
            await central.ask("UpdateFirmware", location=url, retrieveDate=PAST)
            await statuses(central, FIRMWARE, "Downloading", "Downloaded")
            await central.until("StatusNotification", connectorId=2, status="Unavailable")
            await central.ask("TriggerMessage", requestedMessage=FIRMWARE)
            await central.until(FIRMWARE, status="Downloaded")
            answer = await central.ask("RemoteStartTransaction", idTag="X", connectorId=2)
            assert answer == {"status": "Rejected"}
            await central.ask("RemoteStopTransaction", transactionId=transaction)
            await statuses(central, FIRMWARE, "Installing", "Installed")


@run
async def test_the_retrieve_date_is_kept_and_a_new_order_takes_the_place_of_the_old():
    with served() as servers:
        url = servers.download("HTTP", next(NUMBERS), "fw.bin", image("5"))
        async with station() as (central, _):
            await central.ask("UpdateFirmware", location=url, retrieveDate="2099-01-01T00:00:00Z")
            await central.silence()
            await central.ask("UpdateFirmware", location=url, retrieveDate=PAST)
            await statuses(central, FIRMWARE, "Downloading", "Downloaded", "Installing", "Installed")


@run
async def test_a_power_cut_ends_an_update():
    with served() as servers:
        url = servers.download("HTTP", next(NUMBERS), "fw.bin", image("6"), Fault.STALLED)
        async with station() as (central, product):
            await central.ask("UpdateFirmware", location=url, retrieveDate=PAST)
            await statuses(central, FIRMWARE, "Downloading")
            await product.act("power_off", None, {})
            await product.act("power_on", None, {})
            await central.until("BootNotification", firmwareVersion="1.0.0")
            await statuses(central, FIRMWARE, "DownloadFailed")


@pytest.mark.parametrize("protocol", ["HTTP", "FTPS"])
def test_diagnostics_are_sent(protocol):
    @run
    async def case():
        with served() as servers:
            url = servers.upload(protocol, next(NUMBERS))
            async with station() as (central, _):
                assert await central.ask("GetDiagnostics", location=url) == {"fileName": "diagnostics-CP1.txt"}
                await statuses(central, DIAGNOSTICS, "Uploading", "Uploaded")
                await central.ask("TriggerMessage", requestedMessage=DIAGNOSTICS)
                await central.until(DIAGNOSTICS, status="Idle")
            assert servers.told[0].complete
            assert servers.told[0].size

    case()


@pytest.mark.parametrize("protocol", ["HTTP", "FTP"])
def test_a_refused_log_is_told_precisely(protocol):
    @run
    async def case():
        with served() as servers:
            url = servers.upload(protocol, next(NUMBERS), Fault.DENIED)
            async with station(**SECURE) as (central, _):
                log = {"remoteLocation": url}
                order = {"logType": "SecurityLog", "requestId": 8, "log": log, "retries": 0}
                answer = await central.ask("GetLog", **order)
                assert answer == {"status": "Accepted", "filename": "security-CP1.txt"}
                await statuses(central, LOG, "Uploading", "PermissionDenied", requestId=8)

    case()


@run
async def test_a_second_log_takes_the_place_of_the_first():
    with served() as servers:
        first, second = (servers.upload("HTTP", next(NUMBERS), fault) for fault in (Fault.DENIED, Fault.NONE))
        async with station(**SECURE) as (central, _):
            slow = {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": first}, "retryInterval": 60}
            await central.ask("GetLog", **slow)
            await statuses(central, LOG, "Uploading", requestId=1)
            window = {"remoteLocation": second, "oldestTimestamp": PAST, "latestTimestamp": PAST}
            answer = await central.ask("GetLog", logType="SecurityLog", requestId=2, log=window)
            assert answer["status"] == "AcceptedCanceled"
            await statuses(central, LOG, "Uploading", "Uploaded", requestId=2)


def signed(url, content, request=7, signer=SIGNER, **more):
    firmware = {"location": url, "retrieveDateTime": PAST, "signingCertificate": signer.pem}
    return {"requestId": request, "firmware": {**firmware, "signature": sign(content, SIGNER), **more}}


@run
async def test_signed_firmware_is_installed():
    with served() as servers:
        content = image("7")
        url = servers.download("FTP", next(NUMBERS), "fw.bin", content)
        async with station(**SECURE) as (central, _):
            assert await central.ask("SignedUpdateFirmware", **signed(url, content)) == {"status": "Accepted"}
            steps = ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting")
            await statuses(central, SIGNED, *steps, requestId=7)
            await central.until("BootNotification", firmwareVersion="7")
            await central.until("SecurityEventNotification", type="FirmwareUpdated")
            await statuses(central, SIGNED, "Installed", requestId=7)
            assert await central.ask("UpdateFirmware", location=url, retrieveDate=PAST) == "NotSupported"


@run
async def test_a_wrong_signature_is_found():
    with served() as servers:
        url = servers.download("HTTP", next(NUMBERS), "fw.bin", image("8"))
        async with station(**SECURE) as (central, _):
            await central.ask("SignedUpdateFirmware", **signed(url, b"another file"))
            await statuses(central, SIGNED, "Downloading", "Downloaded", "InvalidSignature", requestId=7)
            await central.until("SecurityEventNotification", type="InvalidFirmwareSignature")


@run
async def test_a_certificate_of_somebody_else_is_refused():
    stranger = Authority.root("stranger").code_signing(algorithm="rsa")
    async with station(**SECURE) as (central, _):
        answer = await central.ask("SignedUpdateFirmware", **signed("http://127.0.0.1:1/", b"", signer=stranger))
        assert answer == {"status": "InvalidCertificate"}
        await central.expect("SecurityEventNotification", type="InvalidFirmwareSigningCertificate")
        await central.silence()


@run
async def test_installation_is_scheduled_and_cancelled():
    with served() as servers:
        content = image("9")
        url = servers.download("HTTP", next(NUMBERS), "fw.bin", content)
        async with station(**SECURE) as (central, _):
            later = signed(url, content, installDateTime="2099-01-01T00:00:00Z")
            await central.ask("SignedUpdateFirmware", **later)
            await statuses(central, SIGNED, "SignatureVerified", "InstallScheduled", requestId=7)
            answer = await central.ask("SignedUpdateFirmware", **signed(url, content, request=8))
            assert answer == {"status": "AcceptedCanceled"}
            await statuses(central, SIGNED, "Downloading", "Installed", requestId=8)


@run
async def test_events_wait_for_the_connection():
    async with station(**SECURE) as (central, product):
        central.answers["SecurityEventNotification"] = []
        await central.offline()
        await asyncio.sleep(0.05)
        product._firmware._maintenance.event("FirmwareUpdated", "x")
        await central.online()
        await central.until("SecurityEventNotification", type="FirmwareUpdated")
        await central.silence()


def test_without_the_features_the_orders_are_not_supported():
    @run
    async def case():
        async with station(without=frozenset({"firmware_management"})) as (central, _):
            assert await central.ask("UpdateFirmware", location="x", retrieveDate=PAST) == "NotSupported"
            assert await central.ask("GetDiagnostics", location="x") == "NotSupported"
            log = {"remoteLocation": "x"}
            assert await central.ask("GetLog", logType="SecurityLog", requestId=1, log=log) == "NotSupported"
            assert await central.ask("SignedUpdateFirmware", **signed("x", b"")) == "NotSupported"
            triggered = await central.ask("TriggerMessage", requestedMessage=FIRMWARE)
            assert triggered == {"status": "NotImplemented"}
            conf = await central.ask("GetConfiguration", key=["SupportedFeatureProfiles"])
            assert "FirmwareManagement" not in conf["configurationKey"][0]["value"]
            conf = await central.ask("GetConfiguration", key=["SupportedFileTransferProtocols"])
            assert conf == {"unknownKey": ["SupportedFileTransferProtocols"]}

    case()


class TestSigning:
    def test_certificates(self):
        assert certificate_problem(SIGNER.pem, ROOT.pem) == ""
        assert certificate_problem(ROOT.code_signing(validity=EXPIRED).pem, ROOT.pem) == "not valid at this time"
        assert "key" in certificate_problem(ROOT.server("x", algorithm="rsa", rsa_bits=1024).pem, ROOT.pem)
        assert "not issued" in certificate_problem("no PEM", ROOT.pem)
        assert "not issued" in certificate_problem(ROOT.intermediate().code_signing().pem, ROOT.pem)
        assert "usage" in certificate_problem(ROOT.intermediate().own.pem, ROOT.pem)

    def test_signatures(self):
        assert is_signed(b"x", sign(b"x", SIGNER), SIGNER.pem)
        assert not is_signed(b"y", sign(b"x", SIGNER), SIGNER.pem)
        assert not is_signed(b"x", "no base64!", SIGNER.pem)
        assert not is_signed(b"x", "", ROOT.code_signing().pem)


class TestImages:
    def test_a_right_one(self):
        assert images.version_of(image("2.0.0")) == "2.0.0"

    @pytest.mark.parametrize(
        "wrong",
        [
            b"",
            b"\xff\n\nbody",
            b"x" * 2000 + b"\n\n",
            image("1").replace(b"ocpp-tck reference", b"ocpp-tck other"),
            image("1") + b"x",
            image(""),
        ],
    )
    def test_wrong_ones(self, wrong):
        with pytest.raises(ValueError, match="firmware"):
            images.version_of(wrong)
