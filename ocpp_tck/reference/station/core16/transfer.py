"""File transfers over FTP, FTPS, HTTP and HTTPS (1.6 §8), each in a thread of its own that can be left alone."""

import asyncio
import ftplib
import http.client
import io
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from urllib.parse import SplitResult, quote, unquote, urlsplit

T = TypeVar("T")

PROTOCOLS = ("FTP", "FTPS", "HTTP", "HTTPS")
SECONDS = 10.0
"""The longest silence of a server."""
MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 64 * 1024
_OK, _PARTIAL, _DENIED, _NOT_SUPPORTED = 200, 206, {401, 403}, {405, 501}
_ANONYMOUS = ("anonymous", "ocpp@example.com")


class TransferFailed(Exception):
    """The transfer did not succeed; `status` is the UploadLogStatusEnumType that describes it best."""

    def __init__(self, reason: str, status: str = "UploadFailure") -> None:
        super().__init__(reason)
        self.status = status


class Partial:
    """What of a download has come so far: a later attempt resumes after it."""

    def __init__(self) -> None:
        self.content = bytearray()

    def take(self, chunk: bytes) -> None:
        """Append a part. Raises `TransferFailed` when the file is too long."""
        self.content += chunk
        if len(self.content) > MOST_BYTES:
            raise TransferFailed(f"longer than {MOST_BYTES} bytes")


async def fetch(url: str, so_far: Partial) -> bytes:
    """Download a file. Raises `TransferFailed`; what has come until then stays in `so_far`."""
    parts = _split(url)
    work = _ftp_get if parts.scheme.startswith("ftp") else _http_get
    await _in_thread(lambda: work(parts, so_far))
    return bytes(so_far.content)


async def store(url: str, name: str, content: bytes) -> None:
    """Upload a file into the directory of a URL (1.6 §6.25). Raises `TransferFailed`."""
    parts = _split(url)
    work = _ftp_put if parts.scheme.startswith("ftp") else _http_put
    await _in_thread(lambda: work(parts, name, content))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise TransferFailed(f"not a location: {error}", "BadMessage") from error
    if parts.scheme.upper() not in PROTOCOLS:
        raise TransferFailed(f"no protocol {parts.scheme!r}", "NotSupportedOperation")
    if not host:
        raise TransferFailed("the location names no host", "BadMessage")
    return parts


async def _in_thread(work: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: TransferFailed | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except TransferFailed as failed:
            error = failed
        except (OSError, EOFError, ftplib.Error, http.client.HTTPException, ValueError) as failed:
            error = TransferFailed(str(failed) or type(failed).__name__)
        with suppress(RuntimeError):  # the charge point is gone meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await done


def _context() -> ssl.SSLContext:
    # What is downloaded is checked by itself; the servers of a manufacturer's maintenance network have no public names.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# -- HTTP -------------------------------------------------------------------------------------------------------------


def _http(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=_context())
    return http.client.HTTPConnection(host, parts.port, timeout=SECONDS)


def _target(parts: SplitResult, name: str = "") -> str:
    path = parts.path or "/"
    if name:
        path = f"{path.rstrip('/')}/{quote(name)}"
    return f"{path}?{parts.query}" if parts.query else path


def _http_get(parts: SplitResult, so_far: Partial) -> None:
    connection = _http(parts)
    try:
        start = len(so_far.content)
        connection.request("GET", _target(parts), headers={"Range": f"bytes={start}-"} if start else {})
        response = connection.getresponse()
        if response.status not in {_OK, _PARTIAL}:
            raise _refused(response.status)
        if response.status == _OK:
            so_far.content.clear()
        while chunk := response.read1(_CHUNK):
            so_far.take(chunk)
        if response.length:
            raise TransferFailed(f"{response.length} bytes are missing")
    finally:
        connection.close()


def _http_put(parts: SplitResult, name: str, content: bytes) -> None:
    connection = _http(parts)
    try:
        headers = {"Content-Type": "application/octet-stream"}
        connection.request("PUT", _target(parts, name), content, headers)
        status = connection.getresponse().status
        if not _OK <= status < 300:  # noqa: PLR2004 - every 2xx
            raise _refused(status)
    finally:
        connection.close()


def _refused(status: int) -> TransferFailed:
    if status in _DENIED:
        return TransferFailed(f"HTTP {status}", "PermissionDenied")
    return TransferFailed(f"HTTP {status}", "NotSupportedOperation" if status in _NOT_SUPPORTED else "UploadFailure")


# -- FTP --------------------------------------------------------------------------------------------------------------


def _ftp(parts: SplitResult) -> ftplib.FTP:
    ftp = ftplib.FTP_TLS(context=_context()) if parts.scheme == "ftps" else ftplib.FTP()  # noqa: S321 - §8 names it
    try:
        ftp.connect(parts.hostname or "", parts.port or ftplib.FTP_PORT, timeout=SECONDS)
        user, password = (unquote(parts.username), unquote(parts.password or "")) if parts.username else _ANONYMOUS
        ftp.login(user, password)
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
    except ftplib.error_perm as error:
        ftp.close()
        raise TransferFailed(str(error), "PermissionDenied") from error
    except BaseException:
        ftp.close()
        raise
    return ftp


def _ftp_get(parts: SplitResult, so_far: Partial) -> None:
    ftp = _ftp(parts)
    try:
        rest = len(so_far.content) or None
        ftp.retrbinary(f"RETR {unquote(parts.path)}", so_far.take, _CHUNK, rest)
        _leave(ftp)
    finally:
        ftp.close()


def _ftp_put(parts: SplitResult, name: str, content: bytes) -> None:
    ftp = _ftp(parts)
    try:
        path = f"{unquote(parts.path).rstrip('/')}/{name}"
        ftp.storbinary(f"STOR {path}", io.BytesIO(content), _CHUNK)
        _leave(ftp)
    except ftplib.error_perm as error:
        raise TransferFailed(str(error), "PermissionDenied") from error
    finally:
        ftp.close()


def _leave(ftp: ftplib.FTP) -> None:
    """Say goodbye; the file is over whatever the server says to it."""
    try:
        ftp.quit()
    except (OSError, EOFError, ftplib.Error):
        return
