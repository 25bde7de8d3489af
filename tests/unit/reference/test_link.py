"""The mutating link between two plain WebSocket peers."""

import asyncio
import contextlib
import json
import subprocess
import sys
from http import HTTPStatus

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ocpp_tck.reference.link import Link, LinkError, read_mutants
from ocpp_tck.reference.mutant import (
    Drop,
    Inject,
    Lag,
    Match,
    Mutant,
    MutantError,
    Rework,
    get,
    parse,
    put,
    take,
)

BOOT = '[2,"1","BootNotification",{"chargePointVendor":"ü","chargePointModel":"m"}]'
HEARTBEAT = '[2,"2","Heartbeat",{}]'


class Csms:
    """Answers every CALL with what it is told, and notes all that comes."""

    def __init__(self):
        self.received = []
        self.requests = []
        self.payloads = {"StartTransaction": {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}}
        self.sockets = []
        self.closed = []
        self.wait = {}
        self.hold = None

    async def __call__(self, socket):
        self.sockets.append(socket)
        self.requests.append(socket.request)
        try:
            async for message in socket:
                self.received.append(message)
                frame = json.loads(message) if isinstance(message, str) and message.startswith("[2") else None
                if frame and self.hold is not None:
                    await self.hold.wait()
                if frame:
                    await socket.send(json.dumps([3, frame[1], self.payloads.get(frame[2], {})]))
        finally:
            self.closed.append((socket.close_code, socket.close_reason))


@contextlib.asynccontextmanager
async def linked(*mutants, process_request=None, subprotocols=("ocpp1.6",)):
    csms = Csms()
    async with serve(
        csms, "127.0.0.1", 0, process_request=process_request, subprotocols=subprotocols, max_size=None
    ) as server:
        port = server.sockets[0].getsockname()[1]
        link = Link(("127.0.0.1", 0), f"ws://127.0.0.1:{port}", [parse(one, n) for n, one in enumerate(mutants, 1)])
        address = link.start()
        try:
            yield csms, link, address
        finally:
            await asyncio.to_thread(link.stop)


def station(address, **options):
    return connect(f"{address}/ocpp/CP%201", **{"subprotocols": ["ocpp1.6"], "proxy": None, **options})


async def exchange(address, *messages, answers):
    """Send the messages, and give the first `answers` messages that come."""
    async with station(address) as socket:
        for message in messages:
            await socket.send(message)
        return [await asyncio.wait_for(socket.recv(), 5) for _ in range(answers)]


def mutant(do, **match):
    return {"name": "m", "match": {"sender": "cs", **match}, "do": do}


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_without_mutants_everything_passes_as_it_is():
    async def scenario():
        async with linked() as (csms, _, address):
            headers = {"Authorization": "Basic eDp5", "X-Own": "1"}
            async with station(address, additional_headers=headers) as socket:
                assert socket.subprotocol == "ocpp1.6"
                odd = '[2, "1" ,"Heartbeat",{} ]'
                for message in (odd, b"\x00\xff", "not json", '{"a": 1}', "x" * 2_000_000):
                    await socket.send(message)
                assert json.loads(await socket.recv()) == [3, "1", {}]
                await csms.sockets[0].send('[2,"c","Reset",{"type":"Soft"}]')
                assert await socket.recv() == '[2,"c","Reset",{"type":"Soft"}]'
                await socket.close(4321, "good bye")
            await asyncio.sleep(0.2)
            assert csms.received == [odd, b"\x00\xff", "not json", '{"a": 1}', "x" * 2_000_000]
            assert csms.closed == [(4321, "good bye")]
            request = csms.requests[0]
            assert request.path == "/ocpp/CP%201"
            assert (request.headers["Authorization"], request.headers["X-Own"]) == ("Basic eDp5", "1")

    run(scenario())


def test_the_close_code_of_the_csms_reaches_the_station():
    async def scenario():
        async with linked() as (csms, _, address), station(address) as socket:
            await csms.sockets[0].close(1008, "no")
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "no")

    run(scenario())


def test_a_refused_handshake_is_refused_with_the_same_status():
    def refuse(connection, request):
        return connection.respond(HTTPStatus.UNAUTHORIZED, "password")

    async def scenario():
        async with linked(process_request=refuse) as (_, _, address):
            with pytest.raises(InvalidStatus) as refused:
                await station(address)
            assert refused.value.response.status_code == 401
            assert refused.value.response.body == b"password"

    run(scenario())


def test_an_unknown_subprotocol_ends_as_it_would_without_the_link():
    async def scenario():
        async with linked(subprotocols=None) as (_, _, address), station(address) as socket:
            assert socket.subprotocol is None

    run(scenario())


def test_an_unreachable_upstream_is_a_502_that_says_so():
    async def scenario():
        link = Link(("127.0.0.1", 0), "ws://127.0.0.1:1")
        address = link.start()
        with pytest.raises(InvalidStatus) as refused:
            await station(address)
        assert refused.value.response.status_code == 502
        assert b"127.0.0.1:1" in refused.value.response.body
        await asyncio.to_thread(link.stop)

    run(scenario())


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (
            {"set": {"chargePointModel": 3}},
            [2, "1", "BootNotification", {"chargePointVendor": "ü", "chargePointModel": 3}],
        ),
        ({"set": {"new.deep[0].x": True}}, None),
        ({"set": {"": None}}, [2, "1", "BootNotification", None]),
        ({"set": {"$[1]": 5, "$[4]": "more"}}, None),
        ({"remove": ["chargePointVendor"]}, [2, "1", "BootNotification", {"chargePointModel": "m"}]),
        ({"remove": ["$[3]"]}, [2, "1", "BootNotification"]),
        ({"rewrite": {"old": "BootNotification", "new": "bootNotification"}}, None),
    ],
)
def test_values_are_changed(do, expected):
    async def scenario():
        async with linked(mutant(do, action="BootNotification")) as (csms, link, address):
            async with station(address) as socket:
                await socket.send(BOOT)
                await asyncio.sleep(0.1)
            assert link.hits == {"m": 1}
            changed = json.loads(csms.received[0])
            assert changed != json.loads(BOOT)
            if expected is not None:
                assert changed == expected

    run(scenario())


def test_a_change_that_changes_nothing_is_no_hit():
    async def scenario():
        same = mutant({"set": {"chargePointModel": "m"}})
        absent = {**mutant({"remove": ["iccid"]}), "name": "r"}
        async with linked(same, absent) as (csms, link, address):
            await exchange(address, BOOT, answers=1)
            assert link.hits == {"m": 0, "r": 0}
            assert csms.received == [BOOT]

    run(scenario())


def test_replaced_by_text_and_by_binary():
    async def scenario():
        text = {**mutant({"text": "{"}, nth=1), "name": "text"}
        binary = {**mutant({"binary": "00ff"}, nth=2), "name": "binary"}
        async with linked(text, binary) as (csms, link, address):
            await exchange(address, BOOT, HEARTBEAT, '[2,"3","Heartbeat",{}]', answers=1)
            assert csms.received == ["{", b"\x00\xff", '[2,"3","Heartbeat",{}]']
            assert link.hits == {"text": 1, "binary": 1}

    run(scenario())


@pytest.mark.parametrize(("nth", "lost"), [(1, {1}), (2, {2}), (0, {1, 2, 3})])
def test_nth_counts_the_frames_that_match(nth, lost):
    async def scenario():
        async with linked(mutant({"drop": {}}, action="Heartbeat", nth=nth)) as (csms, link, address):
            beats = [f'[2,"{n}","Heartbeat",{{}}]' for n in (1, 2, 3)]
            await exchange(address, BOOT, *beats, '[2,"e","Authorize",{}]', answers=5 - len(lost))
            assert csms.received[1:-1] == [beat for n, beat in enumerate(beats, 1) if n not in lost]
            assert link.hits == {"m": len(lost)}

    run(scenario())


def test_arming_again_counts_anew():
    async def scenario():
        drop = mutant({"drop": {}}, action="Heartbeat")
        async with linked(drop) as (_, link, address):
            await exchange(address, HEARTBEAT, BOOT, answers=1)
            assert link.hits == {"m": 1}
            link.arm([parse(drop)])
            assert link.hits == {"m": 0}
            await exchange(address, HEARTBEAT, BOOT, answers=1)
            assert link.hits == {"m": 1}
            link.arm([])
            assert (await exchange(address, HEARTBEAT, answers=1)) == ['[3, "2", {}]']

    run(scenario())


def test_where_selects_by_value_and_by_the_call_that_is_answered():
    async def scenario():
        answer = mutant(
            {"set": {"status": "X"}}, sender="csms", type="result", action="StatusNotification", call={"connectorId": 2}
        )
        async with linked(answer) as (_, link, address):
            calls = [f'[2,"{n}","StatusNotification",{{"connectorId":{n}}}]' for n in (1, 2)]
            got = await exchange(address, *calls, answers=2)
            assert [json.loads(one)[2] for one in got] == [{}, {"status": "X"}]
            assert link.hits == {"m": 1}

    run(scenario())


def test_injected_calls_use_the_remembered_transaction_and_their_answers_end_at_the_link():
    async def scenario():
        frame = [2, "$id", "MeterValues", {"transactionId": "$transactionId"}]
        inject = mutant({"inject": {"frame": frame}}, sender="cs", action="Heartbeat")
        async with linked(inject) as (csms, link, address):
            got = await exchange(address, '[2,"1","StartTransaction",{}]', answers=1)
            assert json.loads(got[0])[2]["transactionId"] == 7
            got = await exchange(address, HEARTBEAT, BOOT, answers=2)
            assert [json.loads(one)[1] for one in got] == ["2", "1"]
            injected = json.loads(csms.received[2])
            assert injected[2:] == ["MeterValues", {"transactionId": 7}]
            assert injected[1] not in {"$id", "1", "2"}
            assert link.hits == {"m": 1}

    run(scenario())


def test_injected_before_and_in_the_other_direction():
    async def scenario():
        ahead = {**mutant({"inject": {"frame": '[3,"ghost",{}]', "before": True}}), "name": "ahead"}
        order = {**mutant({"inject": {"frame": [2, "$id", "Reset", {}], "sender": "csms"}}), "name": "order"}
        async with linked(ahead, order) as (csms, _, address):
            got = await exchange(address, HEARTBEAT, answers=2)
            assert csms.received[:2] == ['[3,"ghost",{}]', HEARTBEAT]
            assert sorted(json.loads(one)[0] for one in got) == [2, 3]

    run(scenario())


def test_the_answer_to_a_doubled_call_comes_once():
    async def scenario():
        async with linked(mutant({"duplicate": {}}, action="Heartbeat")) as (csms, link, address):
            got = await exchange(address, HEARTBEAT, BOOT, answers=2)
            assert csms.received == [HEARTBEAT, HEARTBEAT, BOOT]
            assert [json.loads(one)[1] for one in got] == ["2", "1"]
            assert link.hits == {"m": 1}

    run(scenario())


def test_an_answer_can_come_twice():
    async def scenario():
        async with linked(mutant({"duplicate": {}}, sender="csms", type="result")) as (_, _, address):
            got = await exchange(address, HEARTBEAT, answers=2)
            assert got[0] == got[1]

    run(scenario())


def test_reorder_lets_the_next_frame_overtake():
    async def scenario():
        async with linked(mutant({"reorder": {}}, action="BootNotification")) as (csms, link, address):
            await exchange(address, BOOT, HEARTBEAT, answers=2)
            assert csms.received == [HEARTBEAT, BOOT]
            assert link.hits == {"m": 1}

    run(scenario())


def test_reorder_without_a_next_frame_passes_late_and_is_no_hit():
    async def scenario():
        async with linked(mutant({"reorder": {}})) as (csms, link, address):
            await exchange(address, BOOT, answers=1)
            assert csms.received == [BOOT]
            assert link.hits == {"m": 0}

    run(scenario())


def test_answers_are_swapped():
    async def scenario():
        async with linked(mutant({"swap_answers": {}}, sender="csms", type="result")) as (_, link, address):
            got = await exchange(address, '[2,"1","StartTransaction",{}]', HEARTBEAT, answers=2)
            assert [json.loads(one)[1:] for one in got] == [
                ["2", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}],
                ["1", {}],
            ]
            assert link.hits == {"m": 1}

    run(scenario())


def test_a_result_or_a_call_ends_in_an_error():
    async def scenario():
        result = {**mutant({"answer_error": "NotSupported"}, sender="csms", type="result"), "name": "result"}
        call = {**mutant({"answer_error": "InternalError"}, action="Heartbeat"), "name": "call"}
        async with linked(result, call) as (csms, link, address):
            async with station(address) as socket:
                await socket.send(BOOT)
                assert json.loads(await socket.recv()) == [4, "1", "NotSupported", "", {}]
                await socket.send(HEARTBEAT)
                assert json.loads(await socket.recv()) == [4, "2", "InternalError", "", {}]
            assert csms.received == [BOOT]
            assert link.hits == {"result": 1, "call": 1}

    run(scenario())


def test_a_delayed_frame_comes_later():
    async def scenario():
        async with linked(mutant({"delay": 0.3}, sender="csms", type="result")) as (_, link, address):
            began = asyncio.get_running_loop().time()
            await exchange(address, HEARTBEAT, answers=1)
            assert asyncio.get_running_loop().time() - began >= 0.3
            assert link.hits == {"m": 1}

    run(scenario())


@pytest.mark.parametrize("code", [1000, 1011, 1006])
def test_both_sides_are_closed(code):
    async def scenario():
        async with linked(mutant({"close": code})) as (csms, link, address), station(address) as socket:
            await socket.send(BOOT)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
            assert socket.close_code == code
            await asyncio.sleep(0.1)
            assert csms.closed[0][0] == code
            assert csms.received == []
            assert link.hits == {"m": 1}

    run(scenario())


def test_the_handshake_is_changed():
    async def scenario():
        change = mutant(
            {
                "handshake": {
                    "headers": {"Authorization": "Basic new"},
                    "offer": ["ocpp1.6", "x"],
                    "answer": "ocpp2.0.1",
                }
            },
            type="handshake",
        )
        async with linked(change) as (csms, link, address):
            async with station(address, subprotocols=["ocpp1.6", "ocpp2.0.1"]) as socket:
                assert socket.subprotocol == "ocpp2.0.1"
            assert csms.requests[0].headers["Authorization"] == "Basic new"
            assert csms.requests[0].headers["Sec-WebSocket-Protocol"] == "ocpp1.6, x"
            assert link.hits == {"m": 1}

    run(scenario())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"match": {"sender": "x"}, "do": {"drop": {}}}, "match.sender is 'x'; allowed: cs, csms"),
        ({"match": {"sender": "cs", "actoin": "A"}, "do": {"drop": {}}}, "unknown key 'actoin' in match"),
        ({"match": {"sender": "cs", "nth": -1}, "do": {"drop": {}}}, "match.nth is -1"),
        ({"match": {"sender": "cs", "type": "CALL"}, "do": {"drop": {}}}, "match.type is 'CALL'"),
        ({"match": {"sender": "cs"}, "do": {}}, "do needs one of"),
        ({"match": {"sender": "cs"}, "do": {"explode": 1}}, "unknown do 'explode'"),
        ({"match": {"sender": "cs"}, "do": {"delay": "x"}}, "do.delay is 'x'; allowed: seconds"),
        ({"match": {"sender": "cs"}, "do": {"binary": "zz"}}, "hexadecimal"),
        ({"match": {"sender": "cs"}, "do": {"rewrite": {"odl": "x"}}}, "allowed: a table of old, new"),
        ({"match": {"sender": "cs"}, "do": {"remove": ["a..b"]}}, "'a..b' is no path"),
        ({"do": {"drop": {}}}, "match and do are needed"),
    ],
)
def test_a_wrong_mutant_is_refused_by_name(written, told):
    with pytest.raises(MutantError) as refused:
        parse({"name": "mine", **written})
    assert str(refused.value).startswith("mine: ")
    assert told in str(refused.value)


def test_a_file_of_mutants(tmp_path):
    file = tmp_path / "m.toml"
    file.write_text('[[mutants]]\nmatch = { sender = "cs" }\ndo = { set = { "a.b" = 1 } }\n')
    assert read_mutants(file)[0].name == "mutant 1"
    file.write_text("[[mutants]\n")
    with pytest.raises(MutantError, match="line 1"):
        read_mutants(file)
    with pytest.raises(MutantError, match="absent"):
        read_mutants(tmp_path / "absent")


def test_paths():
    frame = [2, "1", "MeterValues", {"meterValue": [{"sampledValue": [{"value": "1"}]}]}]
    path = "meterValue[0].sampledValue[0].value"
    assert get(frame, path) == "1"
    assert put(frame, path, 2)
    assert not put(frame, path, 2)
    assert put(frame, path, 2.0)
    assert not put(frame, "meterValue[5].x", 1)
    assert take(frame, path)
    assert not take(frame, path)
    assert get(frame, "$[2]") == "MeterValues"
    assert get(None, path, "none") == "none"


def test_a_port_in_use_is_one_clear_line():
    first = Link(("127.0.0.1", 0), "ws://127.0.0.1:1")
    port = int(first.start().rpartition(":")[2])
    with pytest.raises(LinkError, match=f"cannot listen on 127.0.0.1:{port}"):
        Link(("127.0.0.1", port), "ws://127.0.0.1:1").start()
    first.stop()


def test_a_process_of_its_own(tmp_path):
    file = tmp_path / "m.toml"
    file.write_text('[[mutants]]\nname = "gone"\nmatch = { sender = "cs" }\ndo = { drop = {} }\n')

    async def scenario():
        async with serve(Csms(), "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
            port = server.sockets[0].getsockname()[1]
            command = [sys.executable, "-m", "ocpp_tck.reference.link", "--upstream", f"ws://127.0.0.1:{port}"]
            process = await asyncio.create_subprocess_exec(
                *command,
                "--mutants",
                str(file),
                "--until-stdin-closes",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            ready = (await process.stdout.readline()).decode()
            address = json.loads(ready.removeprefix("ready "))["link"]
            await exchange(address, BOOT, HEARTBEAT, answers=1)
            process.stdin.close()
            said = (await process.stdout.read()).decode()
            assert await process.wait() == 0
            assert json.loads(said.removeprefix("hits ")) == {"gone": 1}

    run(scenario())


async def through(do, *messages, answers, **match):
    """Send messages through a link with one mutant that the declarative form does not have."""
    async with linked() as (csms, link, address):
        link.arm([Mutant(Match(**{"sender": "cs", "nth": 0, **match}), do, "m")])
        got = await exchange(address, *messages, answers=answers)
        return csms.received, got, link.hits["m"]


def test_a_frame_is_reworked_by_a_function():
    received, _, hits = run(through(Rework(lambda frame: f"{json.dumps(frame)} "), HEARTBEAT, answers=1))
    assert (received, hits) == (['[2, "2", "Heartbeat", {}] '], 1)
    received, _, hits = run(through(Rework(lambda _: None), HEARTBEAT, answers=1))
    assert (received, hits) == ([HEARTBEAT], 0)


def test_a_dropped_frame_can_not_be_reworked():
    async def scenario():
        async with linked() as (csms, link, address):
            link.arm(
                [
                    Mutant(Match(sender="cs", action="Heartbeat"), Drop(), "lost"),
                    Mutant(Match(sender="cs", action="Heartbeat"), Rework(lambda frame: frame), "back"),
                ]
            )
            await exchange(address, HEARTBEAT, BOOT, answers=1)
            assert csms.received == [BOOT]
            assert link.hits == {"lost": 1, "back": 0}

    run(scenario())


def test_an_injected_frame_repeats_the_payload():
    again = Inject([2, "$id", "BootNotification", "$payload"])
    received, _, _ = run(through(again, BOOT, answers=1))
    first, second = map(json.loads, received)
    assert (first[2:], first[1] == second[1]) == (second[2:], False)


def test_calls_in_turn_wait_for_the_answer_before():
    async def scenario():
        async with linked() as (csms, link, address):
            frame = [2, "$id", "DataTransfer", {"vendorId": "v"}]
            link.arm([Mutant(Match(sender="cs", action="Heartbeat"), Inject(frame, before=True, in_turn=True), "m")])
            release = asyncio.Event()
            csms.hold = release
            async with station(address) as socket:
                await socket.send(HEARTBEAT)
                await asyncio.sleep(0.2)
                assert [json.loads(one)[2] for one in csms.received] == ["DataTransfer"]
                release.set()
                assert json.loads(await asyncio.wait_for(socket.recv(), 5)) == [3, "2", {}]
            assert [json.loads(one)[2] for one in csms.received] == ["DataTransfer", "Heartbeat"]

    run(scenario())


def test_a_lag_delays_all_frames_and_holds_none_up():
    async def scenario():
        async with linked() as (csms, link, address):
            link.arm([Mutant(Match(sender="cs", type="any", nth=0), Lag(0.3), "m")])
            loop = asyncio.get_running_loop()
            began = loop.time()
            async with station(address) as socket:
                for number in range(5):
                    await socket.send(f'[2,"{number}","Heartbeat",{{}}]')
                answers = [json.loads(await asyncio.wait_for(socket.recv(), 5))[1] for _ in range(5)]
                assert answers == ["0", "1", "2", "3", "4"]
                assert 0.25 < loop.time() - began < 1.2
                await socket.send(HEARTBEAT)
            await asyncio.sleep(0.6)
            assert csms.received[-1] == HEARTBEAT, "what is on its way when a sender leaves still arrives"

    run(scenario())


def test_a_new_connection_comes_after_what_was_said_on_the_old_one():
    async def scenario():
        async with linked() as (csms, link, address):
            link.arm([Mutant(Match(sender="cs", type="any", nth=0), Lag(0.4), "m")])
            async with station(address) as socket:
                await socket.send(BOOT)
            async with station(address):
                assert csms.received == [BOOT]

    run(scenario())
