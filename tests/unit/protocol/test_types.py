import pytest

from ocpp_tck.protocol.types import Side, Version


@pytest.mark.parametrize(
    ("version", "name"), [(Version.V16, "ocpp1.6"), (Version.V201, "ocpp2.0.1"), (Version.V21, "ocpp2.1")]
)
def test_subprotocol(version, name):
    assert version.subprotocol == name


def test_peer():
    assert Side.STATION.peer is Side.CSMS
    assert Side.CSMS.peer is Side.STATION
