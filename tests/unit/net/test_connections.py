"""Listener and client against each other, over loopback."""

import time

import pytest

from ocpp_tck.net import BackgroundLoop, HandshakeRefused, Listener, connect


def test_both_ends_agree_and_talk(listen, come):
    listener, server = listen()
    transport, client = come(listener)
    client.wait("opened", "CP 1/ä", "ocpp1.6")
    server.wait("opened", "CP 1/ä", "ocpp1.6")
    for number in range(20):
        transport.send(f"ä {number}")
    transport.send(b"\x00")
    server.wait("received", b"\x00")
    assert [what[1] for what in server.told if what[0] == "received"][:20] == [f"ä {number}" for number in range(20)]
    server.transports[0].send("back")
    client.wait("received", "back")


@pytest.mark.parametrize("end", ["client", "server"])
def test_both_ends_know_who_closed(listen, come, end):
    listener, server = listen()
    transport, client = come(listener)
    server.wait("opened", "CP 1/ä", "ocpp1.6")
    (transport if end == "client" else server.transports[0]).close(1001, "bye")
    client.wait("closed", 1001, "bye", "kit" if end == "client" else "product")
    server.wait("closed", 1001, "bye", "product" if end == "client" else "kit")


def test_what_was_sent_before_a_close_goes_out(listen, come):
    listener, server = listen()
    transport, _ = come(listener)
    transport.send("last")
    transport.close()
    server.wait("received", "last")
    transport.send("too late")


def test_another_identity_is_refused_with_the_mend(listen, come):
    listener, server = listen()
    with pytest.raises(HandshakeRefused, match="HTTP 404"):
        come(listener, "OTHER")
    server.wait("refused", "identity", "kit", 404)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_wrong_password_is_refused(listen, come, password):
    listener, server = listen(password="right")
    with pytest.raises(HandshakeRefused) as raised:
        come(listener, password=password)
    assert (raised.value.refusal.cause, raised.value.refusal.status) == ("credentials", 401)
    server.wait("refused", "credentials", "kit", 401)


def test_the_right_password_is_accepted(listen, come):
    listener, server = listen(password="right")
    come(listener, password="right")
    server.wait("opened", "CP 1/ä", "ocpp1.6")


@pytest.mark.parametrize("offered", [("ocpp2.0.1",), ()])
def test_without_a_common_subprotocol_the_connection_is_closed(listen, come, offered):
    listener, server = listen()
    _, client = come(listener, subprotocols=offered)
    server.wait("refused", "subprotocol", "kit", 0)
    client.wait("closed", 1002, "no common OCPP subprotocol", "product")


def test_the_right_one_of_several_is_chosen(listen, come):
    listener, server = listen()
    come(listener, subprotocols=("ocpp2.1", "ocpp1.6"))
    server.wait("opened", "CP 1/ä", "ocpp1.6")


def test_offline_keeps_the_port(loop, listen, come):
    listener, server = listen()
    _, client = come(listener)
    server.wait("opened", "CP 1/ä", "ocpp1.6")
    address = listener.address
    loop.run(listener.close(), seconds=6)
    client.wait("closed", 1001, "", "product")
    with pytest.raises(HandshakeRefused, match="no connection to"):
        come(listener)
    loop.run(listener.open(), seconds=3)
    assert listener.address == address
    come(listener)


def test_a_message_that_is_too_large_closes_the_connection(listen, come):
    listener, server = listen(max_bytes=100)
    transport, _ = come(listener)
    transport.send("x" * 101)
    deadline = time.monotonic() + 3
    while not any(what[:2] == ("closed", 1009) and what[3] == "kit" for what in server.told):
        assert time.monotonic() < deadline, server.told
        time.sleep(0.01)


def test_a_port_in_use_is_an_error_of_the_operating_system(loop, listen, notes):
    listener, _ = listen()
    second = Listener(station="X", address=listener.address, subprotocol="ocpp1.6", sink=notes)
    with pytest.raises(OSError, match="in use"):
        loop.run(second.open(), seconds=3)


def test_a_url_that_is_none(loop, notes):
    with pytest.raises(HandshakeRefused, match=r"connection\.url is not a WebSocket address"):
        loop.run(connect(url="http://127.0.0.1", station="A", subprotocols=(), sink=notes), seconds=3)


def test_work_that_takes_too_long_is_given_up(loop):
    import asyncio

    with pytest.raises(TimeoutError):
        loop.run(asyncio.sleep(5), seconds=0.05)


def test_a_loop_is_closed_once():
    running = BackgroundLoop()
    running.close()
    running.close()
