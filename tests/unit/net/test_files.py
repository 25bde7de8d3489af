import ftplib
import http.client
import ssl
import threading
import urllib.parse
from collections import defaultdict

import pytest

from ocpp_tck.net import BackgroundLoop
from ocpp_tck.net.files import Fault, FileServers, FilesUnavailable
from ocpp_tck.settings import Files

CONTENT = bytes(range(256)) * 1024
PATIENCE = 5.0


class Told:
    """What the servers have told, to wait for."""

    def __init__(self):
        self.transfers = []
        self._changed = threading.Condition()

    def __call__(self, transfer):
        with self._changed:
            self.transfers.append(transfer)
            self._changed.notify_all()

    def wait(self, count=1):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.transfers) >= count, PATIENCE), self.transfers
            return self.transfers


@pytest.fixture(scope="module")
def servers():
    loop = BackgroundLoop()
    by_number = defaultdict(Told)
    running = FileServers(Files(), loop, lambda transfer: by_number[transfer.number](transfer))
    running.told = by_number
    yield running
    running.close()
    loop.close()


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connected(parts):
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=PATIENCE, context=trusting())
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)


def logged_in(parts):
    ftp = ftplib.FTP_TLS(context=trusting()) if parts.scheme == "ftps" else ftplib.FTP()  # noqa: S321
    ftp.connect(parts.hostname, parts.port, timeout=PATIENCE)
    ftp.login(parts.username, parts.password)
    if parts.scheme == "ftps":
        ftp.prot_p()
    return ftp


def ask(url, method, body=None, **headers):
    parts = urllib.parse.urlsplit(url)
    connection = connected(parts)
    try:
        connection.request(method, parts.path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def fetch(url, rest=None):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme.startswith("http"):
        status, body = ask(url, "GET", **({"Range": f"bytes={rest}-"} if rest else {}))
        if status not in {200, 206}:
            raise OSError(status)
        return body
    ftp, got = logged_in(parts), []
    try:
        ftp.retrbinary(f"RETR {parts.path}", got.append, rest=rest)
        ftp.quit()
    finally:
        ftp.close()
    return b"".join(got)


def store(url, name, content):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme.startswith("http"):
        status, _ = ask(url + name, "PUT", content)
        if status != 201:
            raise OSError(status)
        return
    import io

    ftp = logged_in(parts)
    try:
        ftp.storbinary(f"STOR {parts.path}{name}", io.BytesIO(content))
        ftp.quit()
    finally:
        ftp.close()


ALL = pytest.mark.parametrize("protocol", ["HTTP", "HTTPS", "FTP", "FTPS"])
PLAIN = pytest.mark.parametrize("protocol", ["HTTP", "FTP"])
NUMBERS = iter(range(1, 1000))


@ALL
def test_a_file_is_fetched(servers, protocol):
    number = next(NUMBERS)
    url = servers.download(protocol, number, "fw 1.bin", CONTENT)
    assert fetch(url.replace("%20", " ") if protocol.startswith("FTP") else url) == CONTENT
    (one,) = servers.told[number].wait()
    assert (one.complete, one.protocol, one.direction, one.size) == (True, protocol, "download", len(CONTENT))
    assert one.sha256


@ALL
def test_a_file_is_sent(servers, protocol):
    number = next(NUMBERS)
    store(servers.upload(protocol, number), "log.txt", CONTENT)
    (one,) = servers.told[number].wait()
    assert (one.complete, one.protocol, one.direction, one.size) == (True, protocol, "upload", len(CONTENT))
    assert one.path.endswith("/log.txt")


@ALL
@pytest.mark.parametrize("fault", [Fault.MISSING, Fault.DENIED])
def test_a_refused_download(servers, protocol, fault):
    number = next(NUMBERS)
    with pytest.raises((OSError, ftplib.error_perm)):
        fetch(servers.download(protocol, number, "fw.bin", CONTENT, fault))
    (one,) = servers.told[number].wait()
    assert not one.complete
    assert "answered with" in one.detail


@PLAIN
@pytest.mark.parametrize("fault", [Fault.MISSING, Fault.DENIED, Fault.CUT])
def test_a_refused_upload(servers, protocol, fault):
    number = next(NUMBERS)
    with pytest.raises((OSError, EOFError, ftplib.Error)):
        store(servers.upload(protocol, number, fault), "log.txt", CONTENT * 40)
    (one,) = servers.told[number].wait()
    assert not one.complete


@PLAIN
def test_a_cut_download_is_resumed(servers, protocol):
    number = next(NUMBERS)
    url = servers.download(protocol, number, "fw.bin", CONTENT, Fault.CUT, attempts=1)
    with pytest.raises((OSError, EOFError, ftplib.Error, http.client.IncompleteRead)):
        fetch(url)
    (one,) = servers.told[number].wait()
    assert not one.complete
    assert "cut on purpose" in one.detail
    half = len(CONTENT) // 2
    assert fetch(url, rest=half) == CONTENT[half:]
    assert servers.told[number].wait(2)[-1].complete


@PLAIN
def test_parts_make_a_whole(servers, protocol):
    number = next(NUMBERS)
    url = servers.download(protocol, number, "fw.bin", CONTENT)
    fetch(url, rest=1000)
    (one,) = servers.told[number].wait()
    assert not one.complete
    fetch(url)
    assert servers.told[number].wait(2)[1].complete


@PLAIN
def test_a_stalled_download_ends_with_the_other_end(servers, protocol):
    number = next(NUMBERS)
    parts = urllib.parse.urlsplit(servers.download(protocol, number, "fw.bin", CONTENT, Fault.STALLED))
    if protocol == "HTTP":
        connection = connected(parts)
        connection.request("GET", parts.path)
        response = connection.getresponse()
        assert len(response.read(len(CONTENT) // 2)) == len(CONTENT) // 2
        response.close()
        connection.close()
    else:
        ftp = logged_in(parts)
        data = ftp.transfercmd(f"RETR {parts.path}")
        got = 0
        while got < len(CONTENT) // 2:
            got += len(data.recv(65536))
        data.close()
        ftp.close()
    (one,) = servers.told[number].wait()
    assert "stalled on purpose" in one.detail


def test_a_form_is_an_upload_too(servers):
    number = next(NUMBERS)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="diag.zip"\r\n\r\nPK!\r\n--x--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert ask(servers.upload("HTTP", number), "POST", body, **headers)[0] == 201
    (one,) = servers.told[number].wait()
    assert one.size == 3


def test_what_is_nobodys_is_not_there(servers):
    url = servers.upload("HTTP", next(NUMBERS))
    base = url.rsplit("/", 2)[0]
    assert ask(f"{base}/other", "GET")[0] == 404
    assert ask(url, "GET")[0] == 405
    assert ask(url, "DELETE")[0] == 405


def test_head_tells_the_size(servers):
    url = servers.download("HTTP", next(NUMBERS), "fw.bin", CONTENT)
    assert ask(url, "HEAD")[0] == 200
    assert ask(url + "x", "HEAD")[0] == 404
    assert ask(url, "GET", Range="bytes=999999-")[0] == 416


def test_an_address_of_another_machine_is_refused_with_the_mend():
    loop = BackgroundLoop()
    running = FileServers(Files(address="192.0.2.1", ports=(20000, 20010)), loop, lambda _: None)
    try:
        for protocol in ("HTTP", "FTP"):
            with pytest.raises(FilesUnavailable, match="mend \\[files\\] address or ports"):
                running.upload(protocol, 1 if protocol == "HTTP" else 2)
    finally:
        running.close()
        loop.close()
