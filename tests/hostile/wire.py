"""A WebSocket connection written by hand (RFC 6455): it can send what no library would send."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import zlib
from contextlib import suppress

from websockets.utils import accept_key

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CHUNK = 65_536
LIMIT = 2**20


class Gone(Exception):
    """The kit has closed the connection."""


class Wire:
    """The product's end of a connection with the kit.

    Args:
        reader, writer: the TCP (or TLS) connection.
        is_client: whether the product opened it: then it sends the request and masks its frames.
        path: of the request.
    """

    def __init__(self, reader, writer, *, is_client, path="/ocpp/CP001"):
        self.reader = reader
        self.writer = writer
        self.is_client = is_client
        self.path = path
        self.deflate = False
        self._inflater = zlib.decompressobj(-15)

    # -- the handshake ---------------------------------------------------------------------------------------------

    async def handshake(self, *, subprotocol="ocpp1.6", headers="", deflate=False):
        """Open the WebSocket from either end; gives the head that the kit sent."""
        if self.is_client:
            await self.raw(request(self.path, subprotocol, headers, deflate=deflate))
            head = await self.head()
        else:
            head = await self.head()
            key = next(line for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
            extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
            await self.raw(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_key(key.split(':')[1].strip())}\r\n"
                f"Sec-WebSocket-Protocol: {subprotocol}\r\n{extension}{headers}\r\n"
            )
        self.deflate = "permessage-deflate" in head
        return head

    async def head(self):
        """Read an HTTP head."""
        try:
            return (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (OSError, EOFError) as error:
            raise Gone from error

    # -- frames ----------------------------------------------------------------------------------------------------

    async def frame(self):
        """Give opcode and payload of the next frame of the kit.

        Raises:
            Gone: there is none any more.
        """
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            mask = await self.reader.readexactly(4) if second & 128 else b"\0\0\0\0"
            payload = await self.reader.readexactly(size)
        except (OSError, EOFError) as error:
            raise Gone from error
        key = (mask * (size // 4 + 1))[:size]
        plain = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
        if first & 15 == CLOSE:
            raise Gone
        if first & 64:
            plain = self._inflater.decompress(plain + b"\0\0\xff\xff")
        return first & 15, plain

    async def call(self):
        """Give the next CALL of the kit: id, action, payload; answers to the product are passed over."""
        while True:
            opcode, payload = await self.frame()
            if opcode == TEXT:
                message = json.loads(payload)
                if message[0] == 2:
                    return message[1:]

    def head_of(self, opcode, size, *, fin=True, compressed=False):
        """Write the head of a frame."""
        first = (128 if fin else 0) | (64 if compressed else 0) | opcode
        masked = 128 if self.is_client else 0
        length = (
            struct.pack("!B", masked | size)
            if size < 126
            else struct.pack("!BH", masked | 126, size)
            if size < 65_536
            else struct.pack("!BQ", masked | 127, size)
        )
        return bytes([first]) + length + (b"\0\0\0\0" if masked else b"")

    async def send(self, opcode, payload, *, fin=True, compressed=False):
        """Send one frame; its mask is zero, so that the payload stays readable."""
        payload = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
        await self.raw(self.head_of(opcode, len(payload), fin=fin, compressed=compressed) + payload)

    async def text(self, message):
        """Send a message."""
        await self.send(TEXT, message if isinstance(message, str) else json.dumps(message))

    async def answer(self, identifier, payload):
        """Answer a CALL of the kit."""
        await self.text([3, identifier, payload])

    async def raw(self, data):
        """Send bytes.

        Raises:
            Gone: the kit does not take them any more.
        """
        try:
            self.writer.write(data.encode("latin-1", "replace") if isinstance(data, str) else data)
            await self.writer.drain()
        except OSError as error:
            raise Gone from error

    # -- the end ---------------------------------------------------------------------------------------------------

    async def ended(self, seconds):
        """Read whatever comes until the kit closes; False when it has not within that time."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(seconds):
                while await self.reader.read(CHUNK):
                    pass
                return True
        return False

    def cut(self):
        """Drop the connection."""
        self.writer.transport.abort()


def request(path, subprotocol="ocpp1.6", headers="", *, deflate=False):
    """Write the request of a station's handshake."""
    key = base64.b64encode(os.urandom(16)).decode()
    extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {subprotocol}\r\n{extension}{headers}\r\n"
    )
