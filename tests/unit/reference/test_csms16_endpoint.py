"""Who may connect to the embedded 1.6 CSMS, and with what."""

import pytest
from csms16_support import Csms, Station
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ocpp_tck.reference.control import CannotStart, StationUnknown
from ocpp_tck.reference.launch import Token

KEY = "0001020304050607ffffffffffffffffffffffff"


def knock(url, headers=None):
    with connect(url, subprotocols=["ocpp1.6"], additional_headers=headers):
        pass


def status_of(csms, **how):
    with pytest.raises(InvalidStatus) as refusal:
        Station(csms, **how)
    return refusal.value.response.status_code


def test_unknown_station_gets_404():
    with Csms(stations=("CP001",)) as csms:
        assert status_of(csms, station="CP002") == 404
        with Station(csms) as station:
            assert station.boot()["status"] == "Accepted"


@pytest.mark.parametrize("path", ["", "/", "/ocpp", "/ocpp/", "/other/CP001", "/ocpp/CP001/more", "/ocpp/%ff"])
def test_other_paths_get_404(path):
    with Csms() as csms, pytest.raises(InvalidStatus) as refusal:
        knock(csms.product.url.removesuffix("/ocpp") + path)
    assert refusal.value.response.status_code == 404


def test_station_id_is_percent_decoded():
    with Csms(stations=("RDAM 12/3",)) as csms, Station(csms, "RDAM%2012%2F3") as station:
        assert station.boot()["status"] == "Accepted"


@pytest.mark.parametrize("offered", [(), ("ocpp2.0.1",), ("OCPP1.6",)])
def test_foreign_subprotocol_completes_the_handshake_and_closes(offered):
    with Csms() as csms, Station(csms, subprotocols=offered) as station:
        assert station.socket.subprotocol is None
        with pytest.raises(ConnectionClosed):
            station.receive()
        assert station.socket.close_code == 1002


def test_own_subprotocol_is_picked_out_of_several():
    with Csms() as csms, Station(csms, subprotocols=("ocpp2.0.1", "ocpp1.6")) as station:
        assert station.socket.subprotocol == "ocpp1.6"


def test_password_is_demanded():
    with Csms(passwords={"CP001": "right"}) as csms:
        for wrong in ({}, {"password": "wrong"}, {"password": "right", "user": "CP002"}, {"password": ""}):
            assert status_of(csms, **wrong) == 401
        with Station(csms, password="right"), Station(csms, "CP002"):
            pass


def test_refusal_names_the_scheme():
    with Csms(passwords={"CP001": "right"}) as csms, pytest.raises(InvalidStatus) as refusal:
        Station(csms)
    assert refusal.value.response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer Q1AwMDE6cmlnaHQ=", "Basic Q1AwMDE="])
def test_garbled_credentials_are_refused(header):
    with Csms(passwords={"CP001": "right"}) as csms, pytest.raises(InvalidStatus) as refusal:
        knock(f"{csms.product.url}/CP001", {"Authorization": header})
    assert refusal.value.response.status_code == 401


def test_hexadecimal_key_is_right_as_text_and_as_bytes():
    with Csms(passwords={"CP001": KEY}) as csms:
        with Station(csms, password=KEY), Station(csms, password=bytes.fromhex(KEY)):
            pass
        assert status_of(csms, password=KEY[:-2]) == 401


@pytest.mark.parametrize(("answer", "now_right"), [("Accepted", KEY), ("Rejected", "old"), ("NotSupported", "old")])
def test_new_key_counts_once_the_station_accepts_it(answer, now_right):
    with Csms(passwords={"CP001": "old"}) as csms:
        with Station(csms, password="old") as station:
            station.boot()
            csms.order("change_configuration", {"key": "AuthorizationKey", "value": KEY})
            station.send([3, station.receive()[1], {"status": answer}])
            station.call("Heartbeat")
        assert status_of(csms, password=KEY if now_right == "old" else "old") == 401
        with Station(csms, password=now_right):
            pass


def test_operator_sets_and_removes_a_password():
    with Csms(stations=("CP001",)) as csms:
        csms.order("set_password", {"password": "new"})
        assert status_of(csms) == 401
        with Station(csms, password="new"):
            pass
        csms.order("set_password", {"password": None})
        with Station(csms):
            pass
        for station in (None, "CP002"):
            with pytest.raises(StationUnknown):
                csms.order("set_password", {"password": "new"}, station=station)


def test_newer_connection_replaces_the_older():
    with Csms() as csms, Station(csms) as old, Station(csms) as new:
        new.boot()
        with pytest.raises(ConnectionClosed):
            old.receive()
        csms.order("clear_cache")
        assert new.receive()[2] == "ClearCache"


def test_port_in_use_is_told():
    with Csms() as csms:
        port = int(csms.product.url.split(":")[2].split("/")[0])
        with pytest.raises(CannotStart, match=f"{port}.*choose another port"), Csms(listen=("127.0.0.1", port)):
            pass


@pytest.mark.parametrize(("token", "field"), [(Token("A", "Foo"), "status"), (Token("A" * 21), "idTag")])
def test_impossible_token_is_told(token, field):
    with pytest.raises(CannotStart, match=field):
        Csms(tokens=(token,))
