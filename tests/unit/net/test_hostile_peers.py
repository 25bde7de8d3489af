"""Peers that never finish a handshake, never read, or come in thousands."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time

import pytest
from websockets.protocol import State

from ocpp_tck.net import HandshakeRefused, connect
from ocpp_tck.net import listener as listening
from ocpp_tck.net.transport import MAX_UNSENT
from tests.hostile.certificates import certificate

UPGRADE = (
    b"GET /ocpp/CP%%201%%2F%%C3%%A4 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
).replace(b"%%", b"%")


def address(listener):
    host, _, port = listener.address.rpartition(":")
    return host, int(port)


def dial(listener):
    return socket.create_connection(address(listener), 5)


def is_cut(peer, seconds):
    peer.settimeout(seconds)
    try:
        while peer.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def opened(listener):
    peer = dial(listener)
    peer.sendall(UPGRADE)
    assert peer.recv(4096).startswith(b"HTTP/1.1 101")
    return peer


def masked(opcode, payload):
    head = bytes([0x80 | opcode, 0x80 | min(len(payload), 126)])
    return head + (struct.pack("!H", len(payload)) if len(payload) > 125 else b"") + bytes(4) + payload


def test_a_handshake_that_never_ends(listen, come):
    listener, _ = listen(seconds=0.3)
    with dial(listener) as silent, dial(listener) as slow:
        slow.sendall(b"GET /oc")
        begun = time.monotonic()
        assert is_cut(silent, 5)
        assert is_cut(slow, 5)
        assert time.monotonic() - begun < 4
    come(listener)


def test_a_tls_handshake_that_never_ends(listen, loop, tmp_path):
    certificate(tmp_path / "ca.pem", tmp_path / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    listener, notes = listen(seconds=0.5, tls=context)
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(dial(listener)) for _ in range(100)]
        for peer in silent[::2]:
            peer.sendall(b"\x16\x03\x03\x40\x00\x02")
        trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        with trusting.wrap_socket(dial(listener), server_hostname="127.0.0.1") as good:
            good.sendall(UPGRADE)
            assert good.recv(4096).startswith(b"HTTP/1.1 101")
            notes.wait("opened", "CP 1/ä", "ocpp1.6")
            begun = time.monotonic()
            assert all(is_cut(peer, 5) for peer in silent)
            assert time.monotonic() - begun < 4


def test_the_oldest_connection_that_says_nothing_makes_room(listen, monkeypatch):
    monkeypatch.setattr(listening, "MAX_CONNECTIONS", 10)
    listener, notes = listen()
    with contextlib.ExitStack() as stack:
        station = stack.enter_context(opened(listener))
        notes.wait("opened", "CP 1/ä", "ocpp1.6")
        crowd = [stack.enter_context(dial(listener)) for _ in range(40)]
        assert is_cut(crowd[0], 5)
        assert not is_cut(crowd[-1], 0.2)
        made = [known for known in tuple(listener._known) if known.state is not State.CLOSED]
        assert len(made) <= 10
        station.sendall(masked(1, b"still here"))
        notes.wait("received", "still here")


def test_pings_whose_pongs_nobody_reads(listen):
    listener, notes = listen()
    with opened(listener) as peer:
        peer.settimeout(5)
        with pytest.raises(OSError):
            for _ in range(2000):
                peer.sendall(masked(9, b"p" * 125) * 1000)
        notes.wait("closed", 1008, "the peer reads nothing of what it is sent", "kit")


def test_what_was_not_read_yet_is_known(listen, monkeypatch):
    listener, notes = listen()
    unread, go_on = threading.Event(), threading.Event()
    note = notes.received

    def slow(transport, raw):
        note(transport, raw)
        if raw == "0":
            unread.set()
            go_on.wait(5)

    monkeypatch.setattr(notes, "received", slow)
    with opened(listener) as peer:
        notes.wait("opened", "CP 1/ä", "ocpp1.6")
        (transport,) = notes.transports
        assert not transport.has_unread
        peer.sendall(b"".join(masked(1, b"%d" % number) for number in range(100)))
        assert unread.wait(5)
        assert transport.has_unread
        go_on.set()
        notes.wait("received", "99")
        deadline = time.monotonic() + 5
        while transport.has_unread and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not transport.has_unread
    notes.wait("closed", 1006, "the connection was dropped without a close frame", "network")
    assert not transport.has_unread


def test_a_peer_that_reads_no_answer_is_read_no_more(listen):
    listener, notes = listen()
    with opened(listener) as peer:
        notes.wait("opened", "CP 1/ä", "ocpp1.6")
        transport = notes.transports[0]
        for _ in range(MAX_UNSENT * 3):
            transport.send("x" * 60_000)
        for number in range(50):
            peer.sendall(masked(1, b"%d" % number))
        time.sleep(0.3)
        assert len([what for what in notes.told if what[0] == "received"]) <= 1
        assert transport.has_unread or len(notes.told) > 1
        peer.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while peer.recv(10_000_000):
                pass
        notes.wait("received", "49", seconds=10)


def test_closing_a_connection_whose_peer_reads_nothing(listen, monkeypatch):
    monkeypatch.setattr("ocpp_tck.net.transport.CLOSE_SECONDS", 0.2)
    listener, notes = listen()
    with opened(listener):
        notes.wait("opened", "CP 1/ä", "ocpp1.6")
        transport = notes.transports[0]
        for _ in range(MAX_UNSENT):
            transport.send("x" * 60_000)
        transport.close(1001, "enough")
        notes.wait("closed", 1001, "enough", "kit")
        assert not transport.has_unread


def test_a_text_that_can_not_be_sent_does_not_stop_the_others(listen):
    listener, notes = listen()
    with opened(listener) as peer:
        notes.wait("opened", "CP 1/ä", "ocpp1.6")
        notes.transports[0].send("\ud800")
        notes.transports[0].send("after")
        assert peer.recv(100).endswith(b"after")


def test_a_client_that_trusts_no_certificate_is_refused_in_words(loop, listen, tmp_path):
    certificate(tmp_path / "ca.pem", tmp_path / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    listener, notes = listen(tls=context)
    url = f"wss://{listener.address}/ocpp"
    with pytest.raises(HandshakeRefused, match="its certificate is not accepted"):
        loop.run(connect(url=url, station="CP 1/ä", subprotocols=("ocpp1.6",), sink=notes), seconds=10)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    work = connect(url=url, station="CP 1/ä", subprotocols=("ocpp1.6",), sink=notes, tls=trusting)
    assert loop.run(work, seconds=10).is_open


def test_a_peer_that_goes_on_sending_is_cut(listen):
    listener, notes = listen()
    with opened(listener) as peer:
        notes.wait("opened", "CP 1/ä", "ocpp1.6")
        notes.transports[0].close(1008, "enough")
        begun = time.monotonic()
        with pytest.raises(OSError):
            while True:
                peer.sendall(masked(1, b"x" * 50_000))
        assert time.monotonic() - begun < 1.5
        notes.wait("closed", 1008, "enough", "kit")


def test_a_message_that_is_too_large_ends_the_connection_at_once(listen):
    listener, notes = listen(max_bytes=1000)
    with opened(listener) as peer:
        begun = time.monotonic()
        peer.sendall(masked(1, b"x" * 2000)[:1100])  # and it never closes
        with notes.changed:
            notes.changed.wait_for(lambda: any(what[0] == "closed" for what in notes.told), 5)
        assert [what[1] for what in notes.told if what[0] == "closed"] == [1009]
        assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n", "HTTP 302"),
        (b"HTTP/1.1 101 \x1b[31m\r\nX: \x1b\r\n\r\n", "handshake failed"),
        (b"\x00\xff\r\n\r\n", "handshake failed"),
    ],
    ids=["redirect", "control characters", "no HTTP"],
)
def test_a_handshake_that_leads_elsewhere_or_nowhere(loop, answer, words):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.read()
        writer.close()

    class Sink:
        def refused(self, refusal):
            self.refusal = refusal

    async def run():
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        try:
            await connect(url=url, station="X", subprotocols=("ocpp1.6",), sink=Sink(), seconds=3)
        finally:
            server.close()
            await server.wait_closed()

    begun = time.monotonic()
    with pytest.raises(HandshakeRefused, match=words):
        loop.run(run(), seconds=10)
    assert time.monotonic() - begun < 2
