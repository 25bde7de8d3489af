"""Where the console is served, and the names under which it may be asked for."""

import socket

import pytest

from ocpp_tck.console.place import Place, PlaceError, read_place

EVERYWHERE = ".".join("0000")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("8765", "127.0.0.1", 8765),
        (":8765", "127.0.0.1", 8765),
        ("0", "127.0.0.1", 0),
        ("localhost:1", "localhost", 1),
        ("0.0.0.0:8765", EVERYWHERE, 8765),
        ("192.168.7.2:65535", "192.168.7.2", 65535),
        ("[::1]:8765", "::1", 8765),
    ],
)
def test_an_address_is_read(text, host, port):
    assert read_place(text) == Place(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "a b:80",
        "::1:80:x",
        "1:2:3:99",
        "http://a:80",
    ],
)
def test_what_is_no_address_is_told(text):
    with pytest.raises(PlaceError, match=r"write (PORT or HOST:PORT|127\.0\.0\.1)"):
        read_place(text)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("127.0.0.1:80", True),
        ("localhost:80", True),
        ("LOCALHOST:80", True),
        ("[::1]:80", True),
        ("127.0.0.1", True),
        ("127.0.0.1:81", False),
        ("evil.example:80", False),
        ("192.168.7.2:80", False),
        ("", False),
    ],
)
def test_on_loopback_only_names_of_loopback_are_taken(host, named):
    assert Place("127.0.0.1", 80).is_named(host) is named


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("192.168.7.2:8765", True),
        ("[fe80::1]:8765", True),
        ("localhost:8765", True),
        (f"{socket.gethostname()}:8765", True),
        ("evil.example:8765", False),
        ("127.0.0.1.evil.example:8765", False),
        ("192.168.7.2:80", False),
        ("192.168.7.2", False),
    ],
)
def test_elsewhere_addresses_and_own_names_are_taken(host, named):
    assert Place(EVERYWHERE, 8765).is_named(host) is named


def test_a_link_names_an_address_that_another_machine_can_use():
    assert Place("127.0.0.1", 80).authority == "127.0.0.1:80"
    assert Place("::1", 80).authority == "[::1]:80"
    assert not Place(EVERYWHERE, 80).authority.startswith(EVERYWHERE)
    assert not Place("::", 80).authority.startswith("[::]")
    assert Place("::", 80).authority.endswith(":80")


def test_loopback_is_known():
    assert [Place(host, 1).is_loopback for host in ("127.0.0.1", "::1", "localhost", EVERYWHERE, "mybox")] == [
        True
    ] * 3 + [False] * 2
