"""What hostile products do. Each act is a coroutine of `gate.Kit`; when it ends, the product behaves."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass

from tests.hostile.wire import BINARY, CLOSE, LIMIT, PING, TEXT, Gone, request

MB = 1_000_000
HUGE = 100 * MB
HOLD = 1.0
"""Seconds for which a product stays dumb: it behaves again before the limit `response` of these runs is over."""
PATIENCE = 20.0
CONTROL = "\x1b[2J\x1b[31mPASS\x1b[0m\x07\r\x1b]8;;http://127.0.0.1/x\x1b\\\x1b]52;c;eA==\x07\u202e\u2066\x00\x9b1m"
"""Clears the screen, paints, rings, overwrites the line, links, writes the clipboard, turns the text round."""
ESCAPE = f"ocpp-tck-escape-{os.getpid()}"
"""A name that must not appear in any folder."""
PATHS = (f"../../../../../../var/{ESCAPE}", f"/var/{ESCAPE}", f"C:\\{ESCAPE}", f"%2e%2e%2f{ESCAPE}", f"..\\{ESCAPE}")
SHORT = '"><svg onload=x()>'
"""HTML in the 20 characters of a vendor."""
SCRIPTS = (
    "</script><script>document.title='owned'</script>",
    "<script>fetch('http://127.0.0.1:{port}/script')</script>",
    "<img src=http://127.0.0.1:{port}/image onerror=\"fetch('http://127.0.0.1:{port}/error')\">",
    "\"><svg onload=\"document.title='owned';fetch('http://127.0.0.1:{port}/load')\">",
    "' onmouseover='alert(1)' style='background:url(http://127.0.0.1:{port}/style)' x='",
    "</style><style>@import 'http://127.0.0.1:{port}/import';</style>",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:{port}/refresh'><base href=http://127.0.0.1:{port}/>",
    "javascript:document.title='owned'",
    "{{{{7*7}}}}{{% include '/etc/passwd' %}}",
    "</textarea></title></table></svg><a href=javascript:document.title='owned' id=search name=filters>x</a>",
    "]]><x/><!--",
    "<link rel=stylesheet href=http://127.0.0.1:{port}/link>",
)


def planted(port):
    """Give texts that would act on a terminal, on a page or on a file system."""
    return [*(text.format(port=port) for text in SCRIPTS), CONTROL, *PATHS]


@dataclass(frozen=True)
class Hostility:
    """One kind of hostility.

    Attributes:
        name: what is tried.
        act: by role, or one for both.
        first: verdicts that the case may have during which it happens.
        words: what the report must say of that case.
        connections: so many connections of the kit meet it; the others meet the embedded CSMS.
        beside: the embedded station lives beside the hostile one, and every case must pass.
        tls: the connection is a TLS one.
        options: more of the kit's configuration, as TOML tables.
        station: identity of the station.
    """

    name: str
    act: object
    first: frozenset
    roles: tuple = ("csms", "cs")
    words: str = ""
    connections: int = 1
    beside: bool = False
    tls: bool = False
    options: str = ""
    station: str = "CP001"


async def begun(kit, **options):
    """Open a WebSocket and wait for the kit's first CALL; gives the wire and the CALL."""
    wire = await kit.open()
    await wire.handshake(**options)
    return wire, await wire.call()


async def _until_closed(wire, seconds=PATIENCE):
    await wire.ended(seconds)
    wire.cut()


# -- size ----------------------------------------------------------------------------------------------------------


def huge(opcode):
    """Send a frame of 100 MB."""

    async def act(kit):
        wire, _ = await begun(kit)
        with suppress(Gone):
            await wire.raw(wire.head_of(opcode, HUGE))
            for _ in range(HUGE // MB):
                await wire.raw(b"x" * MB)
        await _until_closed(wire)

    return act


def continued(size, count):
    """Send one message in many continuation frames."""

    async def act(kit):
        wire, _ = await begun(kit)
        with suppress(Gone):
            await wire.send(TEXT, b"[", fin=False)
            block = (wire.head_of(0, size, fin=False) + b"x" * size) * max(1, 10_000 // size)
            for _ in range(count // max(1, 10_000 // size)):
                await wire.raw(block)
        await _until_closed(wire)

    return act


def _bomb(packed):
    """Compress zeros until they are `packed` bytes; they unfold to a thousand times as much."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeezer.compress(b" " * MB) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return block * (packed // len(block))


async def bomb(kit):
    """Send compressed messages that unfold to gigabytes."""
    wire = await kit.open()
    await wire.handshake(deflate=True)
    await wire.call()
    assert wire.deflate, "the kit does not compress"
    with suppress(Gone):
        await wire.send(TEXT, _bomb(5_000), compressed=True)
        await wire.send(TEXT, _bomb(900_000), compressed=True)
    await _until_closed(wire)


async def case_full(kit):
    """Send large legal messages for as long as the kit reads."""
    wire, _ = await begun(kit)
    with suppress(Gone):
        for number in range(200):
            await wire.text([2, f"d{number}", "DataTransfer", {"vendorId": "x", "data": "y" * 900_000}])
    await _until_closed(wire)


# -- JSON ----------------------------------------------------------------------------------------------------------


def says(*texts):
    """Send these texts instead of an answer; `{id}` stands for the id of the kit's CALL."""

    async def act(kit):
        wire, call = await begun(kit)
        with suppress(Gone):
            for text in texts:
                made = text() if callable(text) else text
                await wire.send(TEXT, made.replace("{id}", call[0]))
            await wire.send(CLOSE, b"\x03\xe8")
        await _until_closed(wire)

    return act


NUMBERS = (
    '[3,"{id}",{"status":' + "9" * 300_000 + "}]",
    '[3,"{id}",{"status":1e999999}]',
    '[3,"{id}",{"status":-1.' + "9" * 300_000 + "e-999999}]",
    '[2,"n1","StatusNotification",{"connectorId":' + "9" * 4000 + ',"errorCode":"NoError","status":"Available"}]',
    '[2,"n2","MeterValues",{"connectorId":1,"transactionId":-' + "9" * 300 + ',"meterValue":[]}]',
    '[1e400,"n3","Heartbeat",{}]',
)
KEYS = (
    '[3,"{id}",{"' + "k" * 500_000 + '":1}]',
    lambda: '[3,"{id}",{' + ",".join(f'"{number}":1' for number in range(90_000)) + ',"89999":2}]',
    '[2,"k1","' + "A" * 500_000 + '",{}]',
    '[2,"' + "i" * 500_000 + '","Heartbeat",{}]',
)
BACKTRACKING = (
    "[" * 201 + '"' + '\\"' * 400_000,
    '[3,"{id}",{"status":"' + "authorization: " * 50_000 + '"}]',
    '[3,"{id}",{"status":"' + "-----BEGIN PRIVATE KEY-----" * 30_000 + '"}]',
    '[3,"{id}",{"status":"' + "://a:" * 150_000 + '"}]',
)
MANY = (
    lambda: '[2,"m1","MeterValues",{"connectorId":1,"meterValue":[' + "[]," * 300_000 + "[]]}]",
    lambda: '[2,"m2","DataTransfer",{"x":[' + ",".join(f'{{"password":"{n:020}"}}' for n in range(20_000)) + "]}]",
    lambda: (
        '[2,"m3","MeterValues",{"connectorId":1,"meterValue":['
        + ",".join(['{"timestamp":"2030-01-01T00:00:00Z","sampledValue":[{"value":"1"}]}'] * 12_000)
        + "]}]"
    ),
)


# -- floods --------------------------------------------------------------------------------------------------------


def flood(make, count, *, reading=True, answer=True):
    """Send `count` messages as fast as the kit takes them, then answer the kit's CALL."""

    async def act(kit):
        texts = [json.dumps(make(number)).encode() for number in range(count)]
        wire, call = await begun(kit)
        block = b"".join(wire.head_of(TEXT, len(text)) + text for text in texts)
        reader = asyncio.create_task(_drain(wire)) if reading else None
        try:
            for start in range(0, len(block), LIMIT):
                await wire.raw(block[start : start + LIMIT])
            if answer:
                await wire.answer(call[0], _right(call[1]))
            await wire.send(CLOSE, b"\x03\xe8")
            await (asyncio.sleep(HOLD) if reader is None else asyncio.wait([reader], timeout=PATIENCE))
        finally:
            if reader is not None:
                reader.cancel()
            wire.cut()

    return act


async def _drain(wire):
    while await wire.reader.read(LIMIT):
        pass


def _right(action):
    return {
        "BootNotification": {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 300},
    }.get(action, {"status": "Accepted"})


def unlike(role):
    """Give a maker of legal CALLs of a role."""
    if role == "cs":
        return lambda number: [2, f"f{number}", "DataTransfer", {"vendorId": "x" * (number % 200), "data": "y"}]
    return lambda number: [2, f"f{number}", "GetConfiguration", {"key": ["x" * (number % 50)]}]


def calls(count, **options):
    """Flood with CALLs of the product's role."""

    async def act(kit):
        await flood(unlike(kit.role), count, **options)(kit)

    return act


def pings(count, *, reading):
    """Flood with pings."""

    async def act(kit):
        wire, _ = await begun(kit)
        reader = asyncio.create_task(_drain(wire)) if reading else None
        block = (wire.head_of(PING, 125) + b"p" * 125) * 1000
        try:
            for _ in range(count // 1000):
                await wire.raw(block)
            await wire.ended(HOLD) if reader is None else await asyncio.wait([reader], timeout=HOLD)
        finally:
            if reader is not None:
                reader.cancel()
            wire.cut()

    return act


# -- slowness ------------------------------------------------------------------------------------------------------


async def slow_handshake(kit):
    """Send a byte of the handshake a second until the kit has enough of it."""
    wires = [await kit.open()] if kit.role == "csms" else [await kit.open() for _ in range(20)]
    text = request("/ocpp/CP001") if kit.role == "cs" else "HTTP/1.1 101 Switching Protocols\r\n"
    with suppress(Gone):
        for byte in text[:5]:
            for wire in wires:
                await wire.raw(byte)
            if await wires[0].ended(1.0):
                break
        else:
            raise AssertionError("the kit waits for ever for a handshake")
    for wire in wires:
        wire.cut()


async def slow_frame(kit):
    """Announce a frame and send a byte of it a second."""
    wire, _ = await begun(kit)
    with suppress(Gone):
        await wire.raw(wire.head_of(TEXT, 1000) + b"[")
        await wire.ended(HOLD)
        await wire.raw("[")
    wire.cut()


async def dumb(kit):
    """Take the connection and say nothing, not even HTTP."""
    wire = await kit.open()
    assert await wire.ended(PATIENCE), "the kit waits for ever for a handshake"
    wire.cut()


async def dumb_twice(kit):
    """As `dumb`, for the two connections of a run with passwords."""
    await dumb(kit)
    await dumb(kit)


async def half_tls(kit):
    """Begin a TLS record and never end it, twice."""
    for _ in range(2):
        wire = await kit.open()
        await wire.raw(b"\x16\x03\x03\x40\x00\x02")
        assert await wire.ended(PATIENCE), "the kit waits for ever for a TLS handshake"
        wire.cut()


async def never_answers(kit):
    """Take the kit's CALL, then neither read, answer nor pong."""
    wire, _ = await begun(kit)
    await asyncio.sleep(HOLD)
    wire.cut()


async def left_open(kit):
    """Vanish without a word: the connection stays, nobody is there any more."""
    await begun(kit)


# -- connections ---------------------------------------------------------------------------------------------------


async def _many(kit, count):
    return [await kit.open() for _ in range(count)]


async def crowd(kit):
    """Open 2,000 connections and keep them."""
    await _many(kit, 2000)


async def come_and_go(kit):
    """Open 2,000 connections and drop them."""
    for _ in range(20):
        for wire in await _many(kit, 100):
            wire.cut()


async def wrong_paths(kit):
    """Ask 2,000 times for stations that the kit does not know, with names that are none."""
    names = ["", "..", "%00", "%ff%fe", "CP001%2f..", "%3Cscript%3E", "x" * 6000, *PATHS, CONTROL, "%ed%a0%80", "\xff"]
    for number in range(200):
        wires = await _many(kit, 10)
        for offset, wire in enumerate(wires):
            name = names[(number * 10 + offset) % len(names)]
            with suppress(Gone):
                await wire.raw(request(f"/ocpp/{name}"))
        for wire in wires:
            await wire.ended(PATIENCE)
            wire.cut()


async def many_stations(kit):
    """Open 150 WebSockets with the right name, each replacing the one before."""
    wires = await _many(kit, 150)
    await asyncio.gather(*(wire.handshake() for wire in wires), return_exceptions=True)
    for wire in wires:
        wire.cut()


def http(*answers):
    """Answer the handshake of the kit with these bytes (role csms) or send them as request (role cs), one a connection."""

    async def act(kit):
        for answer in answers:
            wire = await kit.open()
            with suppress(Gone):
                if kit.role == "csms":
                    await wire.head()
                for part in answer() if callable(answer) else [answer]:
                    await wire.raw(part)
            await wire.ended(HOLD)
            wire.cut()

    return act


def _headers_for_ever():
    yield "HTTP/1.1 200 OK\r\n"
    for number in range(20_000):
        yield f"X-{number}: {'h' * 5000}\r\n"


def _body_for_ever():
    yield f"HTTP/1.1 503 {CONTROL}<script>\r\nContent-Length: {10**12}\r\nX-A: {CONTROL}\r\n\r\n"
    for _ in range(100):
        yield b"b" * MB


# -- text ----------------------------------------------------------------------------------------------------------


async def broken_text(kit):
    """Send text that is no UTF-8."""
    wire, call = await begun(kit)
    with suppress(Gone):
        await wire.send(TEXT, f'[3,"{call[0]}",{{"status":"\ud800 \\ud800 \\u0000"}}]')
        await wire.send(TEXT, b'[3,"\xff\xfe\x00",{}]')
    await _until_closed(wire)


async def nul_bytes(kit):
    """Send NUL and lone surrogates as JSON escapes, which are legal JSON."""
    wire, call = await begun(kit)
    with suppress(Gone):
        await wire.send(TEXT, '[2,"\\u0000\\ud800","Heartbeat\\u0000",{"\\udfff":"\\u0000"}]')
        await wire.send(TEXT, f'[4,"{call[0]}","\\ud800","\\u0000",{{"\\ud800":"\\u0000"}}]')
        await wire.send(TEXT, b"\x00" * 1000)
        await wire.send(CLOSE, b"\x03\xe8")
    await _until_closed(wire)


def texts(port):
    """Give an act that puts hostile text into every place where a product can put text."""

    async def act(kit):
        evil = planted(port)
        if kit.role == "cs":
            for text in evil:
                wire = await kit.open()
                with suppress(Gone):
                    await wire.raw(request(f"/ocpp/{_in_path(text)}", headers=f"User-Agent: {_in_header(text)}\r\n"))
                    await wire.ended(PATIENCE)
                wire.cut()
        wire, call = await begun(kit, headers="".join(f"X-{n}: {_in_header(t)}\r\n" for n, t in enumerate(evil)))
        with suppress(Gone):
            for number, text in enumerate(evil):
                await _talk(kit, wire, number, text)
            for text in evil:
                await wire.text([4, call[0], text, text, {text: text}])
            await wire.send(TEXT, evil[0])
            await wire.send(
                CLOSE, b"\x03\xe8" + "".join(evil).encode("utf-8", "replace")[:120].decode(errors="ignore").encode()
            )
        await _until_closed(wire)

    return act


async def _talk(kit, wire, number, text):
    if kit.role == "cs":
        boot = {"chargePointVendor": SHORT, "chargePointModel": text[:20], "firmwareVersion": text[:50]}
        boot |= {"chargePointSerialNumber": text[:25], "iccid": text}
        status = {"connectorId": 1, "errorCode": "OtherError", "status": "Available", "info": text[:50]}
        await wire.text([2, f"b{number}", "BootNotification", boot])
        await wire.text([2, f"s{number}", "StatusNotification", {**status, "vendorErrorCode": text[:50]}])
        await wire.text([2, f"a{number}", "StartTransaction", {"idTag": text, "connectorId": text, text: text}])
    await wire.text([2, text, "DataTransfer", {"vendorId": text, "messageId": text[:50], "data": text}])
    await wire.text([2, f"d{number}", text, {text: text}])
    await wire.text([3, text, {text: text}])
    await wire.text([4, text, text, text, {text: text}])
    await wire.send(BINARY if number % 7 == 6 else TEXT, text)


def _in_path(text):
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


def _in_header(text):
    return "".join(character for character in text if " " <= character <= "~" or "\xa0" <= character <= "\xff")


FAIL, INCONCLUSIVE = frozenset({"fail"}), frozenset({"inconclusive"})
PASS = frozenset({"pass"})
EITHER = FAIL | INCONCLUSIVE
ANY = EITHER | {"pass", "warn"}
TOO_LARGE = "too large for the kit (max_frame_bytes)"
SECURE = 'security_profile = 2\n[connection.basic_auth]\npassword = "0123456789abcdef"\n'


def hostilities(port):
    """Give all of them; `port` is where planted scripts would call."""
    return (
        Hostility("a text frame of 100 MB", huge(TEXT), EITHER),
        Hostility("a binary frame of 100 MB", huge(BINARY), EITHER),
        Hostility("100 MB in continuation frames", continued(MB // 2, 200), EITHER),
        Hostility("a million continuation frames", continued(1, 1_000_000), INCONCLUSIVE, words=TOO_LARGE),
        Hostility("a compression bomb, 1 MB for 1 GB", bomb, INCONCLUSIVE, words=TOO_LARGE),
        Hostility("large legal messages for ever", case_full, INCONCLUSIVE, words="max_case_bytes"),
        Hostility("JSON nested 100,000 deep", says("[" * 100_000 + "]" * 100_000), FAIL, words="levels deep"),
        Hostility(
            "an answer nested 100,000 deep",
            says('[3,"{id}",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]"),
            FAIL,
            words="levels deep",
        ),
        Hostility("huge numbers", says(*NUMBERS), FAIL),
        Hostility("huge names, ids and actions", says(*KEYS), FAIL),
        Hostility("texts that make patterns backtrack", says(*BACKTRACKING), FAIL),
        Hostility("300,000 errors in one message", says(*MANY), FAIL),
        Hostility("10,000 CALLs", calls(10_000), EITHER),
        Hostility("30,000 CALLs", calls(30_000), INCONCLUSIVE, words="the kit stopped reading"),
        Hostility("30,000 CALLs, reading no answer", calls(30_000, reading=False), EITHER),
        Hostility(
            "10,000 unsolicited CALLRESULTs", flood(lambda n: [3, f"u{n}", {}], 10_000), FAIL, words="rpc.unsolicited"
        ),
        Hostility("10,000 messages without sense", flood(lambda n: {"n": n}, 10_000), FAIL, words="frame.array"),
        Hostility("10,000 pings", pings(10_000, reading=True), EITHER),
        Hostility("2,000,000 pings, reading no pong", pings(2_000_000, reading=False), EITHER),
        Hostility("a handshake of a byte a second", slow_handshake, ANY),
        Hostility("a frame of a byte a second", slow_frame, FAIL, words="owed"),
        Hostility("no handshake at all", dumb, ANY),
        Hostility("no answer and no pong", never_answers, FAIL, words="owed"),
        Hostility("a connection that was left without a close", left_open, EITHER),
        Hostility(
            "a TLS handshake that is never begun",
            dumb_twice,
            INCONCLUSIVE,
            roles=("csms",),
            tls=True,
            options=SECURE,
            connections=2,
        ),
        Hostility(
            "a TLS handshake that never ends",
            half_tls,
            INCONCLUSIVE,
            roles=("csms",),
            tls=True,
            options=SECURE,
            connections=2,
        ),
        Hostility("2,000 connections, kept", crowd, PASS, roles=("cs",), beside=True),
        Hostility("2,000 connections, dropped", come_and_go, PASS, roles=("cs",), beside=True),
        Hostility("2,000 connections of unknown stations", wrong_paths, PASS, roles=("cs",), beside=True),
        Hostility("150 connections of the station itself", many_stations, ANY, roles=("cs",)),
        Hostility("HTTP headers without end", http(_headers_for_ever), EITHER, roles=("csms",)),
        Hostility("an HTTP body without end", http(_body_for_ever), EITHER, roles=("csms",)),
        Hostility(
            "a redirect to another host",
            http(f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/redirect\r\nContent-Length: 0\r\n\r\n"),
            INCONCLUSIVE,
            roles=("csms",),
            words="HTTP 302",
        ),
        Hostility("no HTTP", http(b"\x00\xff" * 40_000 + CONTROL.encode() + b"\r\n\r\n"), ANY),
        Hostility("text that is no UTF-8", broken_text, FAIL, words="frame.utf8"),
        Hostility("NUL and lone surrogates", nul_bytes, FAIL),
        Hostility("escape sequences, HTML and paths in every text", texts(port), FAIL),
        Hostility(
            "a station named by a path",
            texts(port),
            FAIL,
            station=f"../../../var/{ESCAPE}",
        ),
    )


def named(text, port):
    """Give the one whose name begins so."""
    (found,) = [one for one in hostilities(port) if one.name.startswith(text)]
    return found
