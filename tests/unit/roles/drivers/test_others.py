"""The `command` and `python` drivers, the chain and the table of actions."""

import json
import os
import stat
import sys
import time

import pytest
from drivers_support import FakePanel, Says, built, request

from ocpp_tck.roles.drivers import DriverError, Outcome, Result
from ocpp_tck.roles.drivers.actions import CSMS_REQUESTS, actions, camel, sentence, snake
from ocpp_tck.roles.drivers.chain import DriverChain
from ocpp_tck.roles.drivers.command import CommandDriver
from ocpp_tck.roles.drivers.prompt import YES, PromptDriver
from ocpp_tck.roles.drivers.python import PythonDriver
from ocpp_tck.settings import DriverSettings


class TestCommand:
    def script(self, folder, text):
        file = folder / "act"
        file.write_text(f"#!{sys.executable}\nimport json, sys, os, time\n{text}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def driver(self, folder, table):
        made, problems = built(CommandDriver, table, folder)
        assert problems == []
        return made

    @pytest.mark.parametrize(
        "run", [["./act", "{action}", "{station}", "{payload.a}"], "./act {action} {station} '{payload.a}'"]
    )
    def test_arguments_and_stdin_without_a_shell(self, tmp_path, run):
        self.script(tmp_path, "json.dump([sys.argv[1:], json.load(sys.stdin), os.getcwd()], open('seen', 'w'))")
        payload = {"a": "x; touch hacked $(id) 'q'", "b": 1}
        assert self.driver(tmp_path, {"run": run}).act(request("reset", payload)) == Result(Outcome.DONE)
        arguments, stdin, folder = json.loads((tmp_path / "seen").read_text())
        assert arguments == ["reset", "CP 1/ä", payload["a"]]
        assert stdin == payload
        assert folder == os.path.realpath(tmp_path)
        assert not (tmp_path / "hacked").exists()

    @pytest.mark.parametrize(
        ("status", "outcome"), [(0, Outcome.DONE), (3, Outcome.UNSUPPORTED), (1, Outcome.FAILED), (4, Outcome.FAILED)]
    )
    def test_what_an_exit_status_means(self, tmp_path, status, outcome):
        self.script(tmp_path, f"print('first\\nthe reason', file=sys.stderr); sys.exit({status})")
        result = self.driver(tmp_path, {"run": ["./act"]}).act(request())
        assert result.outcome is outcome
        if status:
            assert f"exit status {status}: the reason" in result.detail

    def test_a_program_that_does_not_end_is_ended_with_its_children(self, tmp_path):
        self.script(
            tmp_path,
            "import subprocess\nsubprocess.Popen(['sh', '-c', 'touch started; sleep 2; touch late'])\ntime.sleep(30)",
        )
        began = time.monotonic()
        result = self.driver(tmp_path, {"run": ["./act"], "timeout": 1.0}).act(request())
        assert (result.outcome, result.detail) == (Outcome.FAILED, "./act: not finished within 1 s, ended")
        assert (tmp_path / "started").exists()
        time.sleep(max(0.0, began + 3.5 - time.monotonic()))
        assert not (tmp_path / "late").exists()

    def test_actions_of_their_own(self, tmp_path):
        self.script(tmp_path, "open('seen', 'w').write(sys.argv[1])")
        made = self.driver(
            tmp_path, {"actions": {"reset": {"run": ["./act", "own"]}, "clear_cache": {"supported": False}}}
        )
        assert made.act(request("reset")).outcome is Outcome.DONE
        assert (tmp_path / "seen").read_text() == "own"
        assert made.act(request("clear_cache")).outcome is Outcome.UNSUPPORTED
        assert made.act(request("get_configuration")).outcome is Outcome.UNSUPPORTED

    def test_a_program_that_went_away(self, tmp_path):
        self.script(tmp_path, "")
        made = self.driver(tmp_path, {"run": ["./act"]})
        (tmp_path / "act").unlink()
        result = made.act(request())
        assert result.outcome is Outcome.FAILED
        assert "can't be run" in result.detail

    @pytest.mark.parametrize(
        ("table", "told"),
        [
            ({}, "[driver.command] run: missing"),
            ({"run": "'x"}, "matching quotes"),
            ({"run": ["/no/such/program"]}, "was not found"),
            ({"run": ["true", "{acton}"]}, "unknown placeholder {acton}"),
            ({"run": "true", "actions": {"rset": {"run": "true"}}}, "did you mean 'reset'?"),
            ({"run": 3}, "a list of texts"),
        ],
    )
    def test_a_wrong_table_is_told(self, tmp_path, table, told):
        _, problems = built(CommandDriver, table, tmp_path)
        assert any(told in problem for problem in problems), problems


class TestPython:
    SOURCE = """
from ocpp_tck.roles.drivers import Outcome, Result
from pathlib import Path
import time
class Driver:
    def __init__(self, port=0): self.port, self.closed = port, False
    def reset(self, request): Path(request.payload["file"]).write_text(f"{request.station} {self.port}")
    def plug(self, request): return Result(Outcome.UNSUPPORTED, "no robot")
    def unplug(self, request): return Outcome.FAILED
    def fault(self, request): raise ValueError("two\\nlines")
    def clear_fault(self, request): raise NotImplementedError
    def present(self, request): return 5
    async def park(self, request): pass
    def leave(self, request): time.sleep(30)
class Broken:
    def __init__(self): raise RuntimeError("no robot")
class Whole:
    def act(self, request): return None if request.action == "reset" else Outcome.UNSUPPORTED
"""

    def driver(self, folder, name="Driver", **table):
        (folder / "mine.py").write_text(self.SOURCE)
        made, problems = built(PythonDriver, {"path": f"mine.py:{name}", **table}, folder)
        assert problems == []
        return made

    def test_a_method_per_action(self, tmp_path):
        made = self.driver(tmp_path, options={"port": 7})
        assert made.act(request("reset", {"file": str(tmp_path / "seen")})) == Result(Outcome.DONE)
        assert (tmp_path / "seen").read_text() == "CP 1/ä 7"

    @pytest.mark.parametrize(
        ("action", "outcome", "told"),
        [
            ("plug", Outcome.UNSUPPORTED, "no robot"),
            ("unplug", Outcome.FAILED, ""),
            ("fault", Outcome.FAILED, "ValueError: two lines"),
            ("clear_fault", Outcome.UNSUPPORTED, "NotImplementedError"),
            ("present", Outcome.FAILED, "Driver.present returned int"),
            ("park", Outcome.FAILED, "is async"),
            ("clear_cache", Outcome.UNSUPPORTED, "neither clear_cache() nor act()"),
        ],
    )
    def test_what_a_method_can_say(self, tmp_path, action, outcome, told):
        result = self.driver(tmp_path).act(request(action))
        assert result.outcome is outcome
        assert told in result.detail
        assert "\n" not in result.detail

    def test_one_act_for_all(self, tmp_path):
        made = self.driver(tmp_path, "Whole")
        assert made.act(request("reset")).outcome is Outcome.DONE
        assert made.act(request("plug")).outcome is Outcome.UNSUPPORTED

    def test_a_method_that_does_not_return(self, tmp_path):
        result = self.driver(tmp_path, timeout=0.1).act(request("leave"))
        assert result == Result(Outcome.FAILED, "leave: the method did not return within 0.1 s")

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("mine.py:Absent", "mine.py has no class Absent"),
            ("mine.py:Broken", "RuntimeError: no robot"),
            ("no_such_module_here:Driver", "can't be imported: ModuleNotFoundError"),
        ],
    )
    def test_a_class_that_cannot_be_had_is_a_failure_with_one_line(self, tmp_path, path, told):
        (tmp_path / "mine.py").write_text(self.SOURCE)
        made, _ = built(PythonDriver, {"path": path}, tmp_path)
        result = made.act(request())
        assert result.outcome is Outcome.FAILED
        assert told in result.detail

    def test_a_module_beside_the_configuration_is_found(self, tmp_path):
        (tmp_path / "beside_it.py").write_text(self.SOURCE)
        made, _ = built(PythonDriver, {"path": "beside_it:Whole"}, tmp_path)
        assert made.act(request("reset")).outcome is Outcome.DONE
        sys.modules.pop("beside_it")


class TestChain:
    def test_a_question_needs_a_person(self):
        chain = DriverChain(DriverSettings(), [Says("a", Outcome.DONE)])
        result, name = chain.ask("Is it lit?", 1.0)
        assert (result.outcome, name) == (Outcome.UNSUPPORTED, "")
        assert "driver.order" in result.detail
        assert not chain.take_again()

    def test_a_question_goes_to_the_person(self):
        driver = PromptDriver(lambda: None)
        driver.panel = FakePanel(YES)
        driver.panel.driver = driver
        assert DriverChain(DriverSettings(), [driver]).ask("Is it lit?", 1.0)[1] == "prompt"

    def test_unsupported_goes_to_the_next_and_nothing_else_does(self):
        for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.EXPIRED, Outcome.PROMPTED):
            first, second, third = Says("a", Outcome.UNSUPPORTED), Says("b", outcome), Says("c", Outcome.DONE)
            chain = DriverChain(DriverSettings(), [first, second, third])
            assert chain.act(request()) == (Result(outcome, "b says"), "b")
            assert (first.asked, second.asked, third.asked) == (1, 1, 0)
            chain.close()
            assert all(one.closed for one in (first, second, third))

    def test_when_none_can_every_reason_is_given(self):
        chain = DriverChain(DriverSettings(), [Says("a", Outcome.UNSUPPORTED), Says("b", Outcome.UNSUPPORTED)])
        assert chain.act(request()) == (Result(Outcome.UNSUPPORTED, "a: a says; b: b says"), "")
        assert DriverChain(DriverSettings(), []).act(request())[0].detail == "no driver is configured"

    def test_it_is_built_of_the_settings(self, tmp_path):
        tables = {"command": {"run": ["false"]}, "http": {"url": "http://127.0.0.1:1"}}
        chain = DriverChain(DriverSettings(order=("command", "http", "prompt"), tables=tables, folder=tmp_path))
        assert chain.names == ("command", "http", "prompt")
        assert not chain.prompt_is_open
        assert chain.prompt_refusal == ""
        chain.close_prompt()
        result, name = chain.act(request())
        assert (result.outcome, name) == (Outcome.FAILED, "command")

    def test_a_wrong_setting_is_a_driver_error(self):
        with pytest.raises(DriverError, match="unknown driver 'x'"):
            DriverChain(DriverSettings(order=("x",)))
        with pytest.raises(DriverError, match=r"\[driver.http\] url: missing"):
            DriverChain(DriverSettings(order=("http",)))


class TestActions:
    def test_every_request_of_the_csms_has_a_schema_and_its_own_action(self):
        from pathlib import Path

        import ocpp

        folders = {"1.6": ("v16", ""), "2.0.1": ("v201", "Request"), "2.1": ("v21", "Request")}
        for version, names in CSMS_REQUESTS.items():
            folder, ending = folders[version]
            schemas = Path(ocpp.__file__).parent / folder / "schemas"
            assert len(set(names)) == len(names)
            for name in names:
                assert (schemas / f"{name}{ending}.json").is_file(), name
                assert camel(snake(name)) == name
                assert actions("csms", version)[snake(name)].request == name

    def test_names_read_well(self):
        pairs = {
            "RemoteStartTransaction": "remote_start_transaction",
            "SetDERControl": "set_der_control",
            "AFRRSignal": "afrr_signal",
            "GetLocalListVersion": "get_local_list_version",
        }
        assert {name: snake(name) for name in pairs} == pairs
        assert camel("power_off") == "PowerOff"

    @pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
    @pytest.mark.parametrize("role", ["cs", "csms"])
    def test_every_action_can_be_told_to_a_person(self, role, version):
        for action in actions(role, version).values():
            told = sentence(action, {}, "S")
            assert told.endswith((".", "}"))
            assert "{" not in told.replace(json.dumps({}), "")
            assert action.meaning

    def test_sentences(self):
        known = actions("cs", "1.6")
        assert (
            sentence(known["present"], {"idTag": "T", "connector": 2}, "S")
            == "Present the token T at the reader for connector 2."
        )
        assert sentence(known["fault"], {"connector": 0, "errorCode": "E"}, "S").startswith(
            "Cause a fault (E) at the whole charging station"
        )
        assert (
            sentence(known["lock_failure"], {"connector": 1, "active": False}, "S")
            == "Let the cable lock of connector 1 work again."
        )
        told = [sentence(known["local_list_failure"], {"active": active}, "S") for active in (True, False)]
        assert told == [
            "Make storing a local authorization list fail.",
            "Let storing a local authorization list work again.",
        ]
        assert sentence(actions("cs", "2.0.1")["plug"], {"evse": 1, "connector": 2}, "S").endswith(
            "at EVSE 1, connector 2."
        )
