"""WebSocket endpoints of the kit: a listener for charging stations, a client towards a CSMS, TLS and Basic auth.

Nothing here knows what an OCPP message is: text goes in and out of a `Sink`.
"""

from ocpp_tck.net.client import connect
from ocpp_tck.net.listener import Listener
from ocpp_tck.net.loop import BackgroundLoop
from ocpp_tck.net.transport import Handshake, HandshakeRefused, Refusal, Sink, Transport

__all__ = [
    "BackgroundLoop",
    "Handshake",
    "HandshakeRefused",
    "Listener",
    "Refusal",
    "Sink",
    "Transport",
    "connect",
]
