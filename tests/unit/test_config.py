"""The configuration file, the environment and the options."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from ocpp_tck.config import ConfigError, load, read, template
from ocpp_tck.settings import Limits, TestData

CSMS = '[sut]\nrole = "csms"\nversion = "1.6"\n[connection]\nurl = "ws://127.0.0.1:9000/ocpp"\n'
CS = '[sut]\nrole = "cs"\nversion = "1.6"\n[connection]\nlisten = "127.0.0.1:9000"\n'
STATION = '[[connection.stations]]\nid = "{}"\n'


def loaded(text, folder, overrides=None, environ=None):
    file = folder / "ocpp-tck.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, overrides=overrides or {}, environ=environ or {})


def problems(text, folder, overrides=None, environ=None):
    with pytest.raises(ConfigError) as error:
        loaded(text, folder, overrides, environ)
    return "\n".join(error.value.problems)


def test_the_smallest_file_of_each_role(tmp_path):
    csms = loaded(CSMS, tmp_path)
    assert (csms.sut.role, csms.sut.version, csms.connection.url) == ("csms", "1.6", "ws://127.0.0.1:9000/ocpp")
    assert [station.id for station in csms.connection.stations] == ["CP001"]
    assert csms.driver.order == ("prompt",)
    assert csms.source == tmp_path / "ocpp-tck.toml"
    assert csms.limits == Limits()
    assert csms.test_data == TestData()
    assert loaded(CS, tmp_path).connection.listen == "127.0.0.1:9000"


def test_everything_that_a_file_can_say(tmp_path):
    (tmp_path / "ca.pem").write_text("")
    settings = loaded(
        'seed = 7\nmax_frame_bytes = 2048\n[sut]\nrole = "cs"\nversion = "2.0.1"\nvendor = "V"\nmodel = "M"\n'
        '[connection]\nlisten = "0.0.0.0:9000"\nsecurity_profile = 1\n[connection.basic_auth]\npassword = "common"\n'
        '[connection.tls]\nca = "ca.pem"\n'
        '[[connection.stations]]\nid = "A"\nlisten = "[::1]:9001"\n[connection.stations.tokens]\nvalid_token = "T"\n'
        '[[connection.stations]]\nid = "B"\npassword = "own"\n'
        "[station]\nevse = 2\n[[station.evses]]\nid = 1\n[[station.evses]]\nid = 2\nconnectors = 3\n"
        '[test_data]\nheartbeat_interval = 5\ntransaction_duration = 1\nvalid_token_type = "KeyCode"\n'
        "[limits]\nresponse = 5\nclock = 0\n"
        '[pics]\n"C-09.1" = true\nC-30 = false\n'
        '[driver]\norder = ["http"]\n[driver.http]\nurl = "http://h/{action_kebab}"\n',
        tmp_path,
    )
    assert (settings.seed, settings.max_frame_bytes) == (7, 2048)
    first, second = settings.connection.stations
    assert (first.id, first.password, first.listen, dict(first.tokens)) == (
        "A",
        "common",
        "[::1]:9001",
        {"valid_token": "T"},
    )
    assert (second.password, second.listen) == ("own", "")
    assert settings.connection.tls.ca == tmp_path / "ca.pem"
    assert [(evse.id, evse.connectors) for evse in settings.station.evses] == [(1, 1), (2, 3)]
    assert settings.station.evse == 2
    assert settings.test_data.heartbeat_interval == 5
    assert settings.test_data.transaction_duration == 1.0
    assert (settings.limits.response, settings.limits.clock) == (5.0, 0.0)
    assert settings.pics == {"C-09.1": True, "C-30": False}
    assert settings.driver.tables["http"]["url"] == "http://h/{action_kebab}"
    assert settings.driver.folder == tmp_path


def test_a_central_system_may_know_no_expired_and_no_blocked_token(tmp_path):
    settings = loaded(CSMS + '[test_data]\nexpired_token = ""\nblocked_token = ""\n', tmp_path)
    assert (settings.test_data.expired_token, settings.test_data.blocked_token) == ("", "")


def test_option_over_environment_over_file_over_default(tmp_path):
    environ = {
        "OCPP_TCK_SUT_VENDOR": "environment",
        "OCPP_TCK_LIMITS_RESPONSE": "3.5",
        "OCPP_TCK_DRIVER_ORDER": "prompt",
    }
    text = CSMS.replace('version = "1.6"', 'version = "1.6"\nvendor = "file"\nmodel = "file"') + "[limits]\nboot = 9\n"
    settings = loaded(text, tmp_path, {"sut.vendor": "option"}, environ)
    assert (settings.sut.vendor, settings.sut.model) == ("option", "file")
    assert (settings.limits.response, settings.limits.boot, settings.limits.reboot) == (3.5, 9.0, 120.0)
    assert loaded(text, tmp_path, {}, environ).sut.vendor == "environment"
    assert loaded(text, tmp_path).sut.vendor == "file"


def test_the_environment_reaches_nested_keys_and_features(tmp_path):
    environ = {
        "OCPP_TCK_CONNECTION_URL": "ws://other:1/x",
        "OCPP_TCK_CONNECTION_BASIC_AUTH_PASSWORD": "p",
        "OCPP_TCK_PICS_VENDOR_DATA_TRANSFER": "true",
        "OCPP_TCK_SEED": "3",
        "HOME": "/",
        "OCPP_TCK_SOMETHING_OF_ANOTHER_TOOL": "1",
    }
    settings = loaded(CSMS, tmp_path, {}, environ)
    assert settings.connection.url == "ws://other:1/x"
    assert settings.connection.stations[0].password == "p"
    assert settings.pics == {"vendor_data_transfer": True}
    assert settings.seed == 3


def test_an_option_can_name_one_of_several_stations(tmp_path):
    text = CSMS + STATION.format("A") + 'password = "a"\n' + STATION.format("B")
    (one,) = loaded(text, tmp_path, {"connection.station_id": "A"}).connection.stations
    assert (one.id, one.password) == ("A", "a")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sut]\nrole = 'x'\nversion = '1.6'\n", '[sut] role: found text: \'x\'; allowed: one of "cs", "csms"'),
        ("[sut]\nversion = '1.6'\n", '[sut] role: missing; allowed: one of "cs", "csms"'),
        (CSMS.replace('"1.6"', "1.6"), '[sut] version: found a number: 1.6; allowed: in quotes, "1.6"'),
        (CSMS.replace('"1.6"', '"1.5"'), "did you mean '1.6'?"),
        (CSMS.replace('"1.6"', "16"), "found an integer: 16"),
        (CSMS.replace('url = "ws://127.0.0.1:9000/ocpp"', ""), '[connection] url: missing; role "csms" needs'),
        (CS.replace('listen = "127.0.0.1:9000"', ""), '[connection] listen: missing; role "cs" needs'),
        (CSMS.replace("ws://", "http://"), "allowed: a WebSocket address"),
        (CSMS.replace(":9000", ":x"), "allowed: a WebSocket address"),
        (CSMS.replace("127.0.0.1", "u:p@127.0.0.1"), "holds a user or password"),
        (CSMS.replace("/ocpp", "/ocpp?x=1"), "without ? and #"),
        (CSMS + "security_profile = 4\n", "a whole number from 0 to 3"),
        (CSMS + "security_profile = true\n", "found true/false: true"),
        (CSMS + "security_profile = 1\n", "profile 1 needs a password for station 'CP001'"),
        (CSMS + "security_profile = 2\n[connection.basic_auth]\npassword = 'x'\n", "a wss:// address"),
        (CSMS.replace("ws://", "wss://"), "set security_profile to 2 or 3"),
        (CS + "security_profile = 3\n", "[connection.tls] ca: missing"),
        (CS + "security_profile = 3\n", "an authority that signs one"),
        (CS + "[connection.tls]\nauthority = 'none.pem'\n", "authority_key: missing; authority needs"),
        (CS + "[test_data]\nauthorization_key = 'secret'\n", "32 to 40 hexadecimal digits"),
        (CSMS + "[connection.tls]\nca = 'none.pem'\n", "no such file"),
        (CS.replace("127.0.0.1:9000", "9000"), 'host:port, such as "0.0.0.0:9000"'),
        (CS.replace("9000", "70000"), "host:port"),
        (CSMS + "station_id = ''\n", "text that is not empty"),
        (CSMS + "station_id = 'a:b'\n", "without a colon"),
        (CSMS + f"station_id = '{'x' * 49}'\n", "found 49 characters; allowed: at most 48"),
        (CSMS.replace("1.6", "2.0.1") + "station_id = 'a b'\n", "identifierString"),
        (CSMS + STATION.format("A") + STATION.format("a"), "found 'a' a second time"),
        (CSMS + "station_id = 'x'\n" + STATION.format("A"), "allowed: one of the two"),
        (CSMS + "stations = []\n", "found an empty list"),
        (CSMS + "stations = 3\n", "written as [[connection.stations]]"),
        (CSMS + "[[connection.stations]]\n", "[connection.stations 1] id: missing"),
        (
            CSMS + STATION.format("A") + "[connection.stations.tokens]\nvalid_tokn = 'x'\n",
            "did you mean 'valid_token'?",
        ),
        (CSMS + STATION.format("A") + f"[connection.stations.tokens]\nvalid_token = '{'x' * 21}'\n", "at most 20"),
        (CSMS + "[test_data]\nvalid_token = '" + "x" * 21 + "'\n", "found 21 characters; allowed: at most 20"),
        (CSMS + "[test_data]\nvalid_token = 'tck-other'\n", "other_token: the same as valid_token"),
        (CSMS + "[test_data]\nheartbeat_interval = 0\n", "a whole number from 1 to 86400"),
        (CSMS + "[test_data]\nheartbeat_interval = '5'\n", "found text: '5'"),
        (CSMS.replace("1.6", "2.0.1") + "[test_data]\nvalid_token_type = 'iso14443'\n", "did you mean 'ISO14443'?"),
        (CSMS + "[test_data]\ncharging_rate_unit = 'kW'\n", "allowed: A (amperes) or W (watts)"),
        (CSMS + STATION.format("A") + "[connection.stations.tokens]\ncharging_rate_unit = 'kW'\n", "watts"),
        (CSMS + "[test_data]\nstack_level = -1\n", "a whole number from 0 to 1000"),
        (CSMS + "[test_data]\nnumber_phases = 4\n", "a whole number from 1 to 3"),
        (CSMS + "[test_data]\nlocal_limit = -1\n", "a number from 0 to 1e+07"),
        (CSMS + "[test_data]\nlimit_tolerance = true\n", "a number from 0 to 50"),
        (CSMS + "[limits]\nresponse = 0\n", "seconds, a number above 0 to 86400"),
        (CSMS + "[limits]\nresponse = nan\n", "[limits] response"),
        (CSMS + "[limits]\nreponse = 1\n", "unknown key (did you mean 'response'?)"),
        (CSMS + "[limit]\nresponse = 1\n", "limit: unknown key (did you mean 'limits'?)"),
        (CSMS + "colour = 1\n", "[connection] colour: unknown key; allowed here: basic_auth,"),
        ("sut = 3\n", "sut: found an integer: 3; allowed: a table, written as [sut]"),
        (CSMS + "[station]\nconnectors = 2\nconnector = 3\n", "1 to 2, as [station] connectors says"),
        (CSMS + "[[station.evses]]\nid = 2\n", "found the ids [2]"),
        (CSMS + "[[station.evses]]\nconnectors = 2\n", "[station.evses 1] id: missing"),
        (CSMS + "[station]\nevse = 2\n", "the id of one of [[station.evses]]: 1"),
        (
            CSMS + "[pics]\nvendor_data_transfr = true\n",
            "unknown feature of 1.6 csms (did you mean 'vendor_data_transfer'?)",
        ),
        (CSMS + "[pics]\nvendor_data_transfer = 'yes'\n", "true or false, without quotes"),
        (CSMS + "[driver]\norder = ['htpp']\n", "unknown driver 'htpp' (did you mean 'http'?)"),
        (CSMS + "[driver]\norder = ['http']\n", "names 'http', but there is no [driver.http]"),
        (CSMS + "[driver]\norder = ['prompt', 'prompt']\n", "each driver once"),
        (CSMS + "[driver]\norder = []\n", "at least one of"),
        (CSMS + "[driver]\norder = 'prompt'\n", "a list of texts"),
        (CSMS + "[driver.http]\nurl = 'ftp://x'\n", "[driver.http] url: found text: 'ftp://x'"),
        (CSMS + "[driver.http]\nurl = 'http://x/{staton}'\n", "unknown placeholder {staton} (did you mean 'station'?)"),
        (CSMS + "[driver.http]\nurl = 'http://x/{env.NOT_SET_ANYWHERE}'\n", "NOT_SET_ANYWHERE, which is not set"),
        (CSMS + "[driver.http]\nurl = 'http://x'\nmetod = 'GET'\n", "did you mean 'method'?"),
        (
            CSMS + "[driver.http]\nurl = 'http://x'\n[driver.http.actions.plugg]\n",
            "unknown action 'plugg' (did you mean 'plug'?)",
        ),
        (CSMS + "[driver.command]\nrun = 'no-such-program-here {action}'\n", "was not found"),
        (CSMS + "[driver.python]\npath = 'nothing'\n", "module:Class"),
        (CSMS + "[driver.python]\npath = 'absent.py:Driver'\n", "no such file"),
        ("seed = -1\n" + CSMS, "seed: found an integer: -1; allowed: a whole number ≥ 0"),
    ],
)
def test_what_is_wrong_is_named_with_place_and_mend(text, told, tmp_path):
    found = problems(text, tmp_path)
    assert told in found
    assert "ocpp-tck.toml" in found


def test_all_problems_are_shown_together(tmp_path):
    with pytest.raises(ConfigError) as error:
        loaded("[sut]\nrole = 'x'\nversion = '9'\n[limits]\nboot = 'x'\n[nonsense]\n", tmp_path)
    assert len(error.value.problems) >= 4
    assert str(error.value).startswith(f"{len(error.value.problems)} problems in the configuration:\n")


def test_a_password_is_never_shown(tmp_path):
    for text in ("[connection.basic_auth]\npassword = 12345678\n", "[connection.basic_auth]\npassword = ''\n"):
        assert "12345678" not in problems(CSMS + text, tmp_path)


@pytest.mark.parametrize(
    ("overrides", "environ", "told"),
    [
        ({"sut.versoin": "1.6"}, {}, "option sut.versoin: unknown key (did you mean 'sut.version'?)"),
        ({"sut.version": "3"}, {}, "option sut.version: found text: '3'"),
        ({"limits.response": "soon"}, {}, "option limits.response: found text: 'soon'"),
        ({"sut.role": "cs"}, {}, "listen: missing"),
        (
            {},
            {"OCPP_TCK_LIMITS_REPONSE": "1"},
            "environment OCPP_TCK_LIMITS_REPONSE: unknown variable (did you mean 'OCPP_TCK_LIMITS_RESPONSE'?)",
        ),
        ({}, {"OCPP_TCK_CONECTION_URL": "x"}, "did you mean 'OCPP_TCK_CONNECTION_URL'?"),
        ({}, {"OCPP_TCK_STATION_CONNECTORS": "two"}, "environment OCPP_TCK_STATION_CONNECTORS: found text: 'two'"),
        ({}, {"OCPP_TCK_PICS_VENDOR_DATA_TRANSFER": "yes"}, "environment OCPP_TCK_PICS_VENDOR_DATA_TRANSFER: found"),
    ],
)
def test_a_wrong_option_or_variable_is_named_as_such(overrides, environ, told, tmp_path):
    assert told in problems(CSMS, tmp_path, overrides, environ)


def test_a_file_that_cannot_be_read(tmp_path):
    file = tmp_path / "c.toml"
    cases = {
        "no such file; `ocpp-tck init` writes one": lambda: None,
        "not valid TOML: ": lambda: file.write_text("[sut\n"),
        "(at line 2, column": lambda: file.write_text("[sut]\nrole = = 3\n"),
        "line 2: not UTF-8": lambda: file.write_bytes(b"[sut]\n# \xff\n"),
    }
    for told, make in cases.items():
        make()
        with pytest.raises(ConfigError) as error:
            load(file, environ={})
        assert told in str(error.value)
        assert str(file) in str(error.value)
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path, environ={})


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    file = tmp_path / "c.toml"
    file.write_bytes(b"\xef\xbb\xbf" + CSMS.replace("\n", "\r\n").encode())
    assert load(file, environ={}).sut.role == "csms"


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("role", ["cs", "csms"])
class TestTemplate:
    def test_it_loads_as_it_stands_with_the_defaults(self, role, version, tmp_path):
        settings = loaded(template(role, version), tmp_path)
        assert (settings.sut.role, settings.sut.version) == (role, version)
        assert settings.limits == Limits()
        assert settings.test_data == TestData()

    def test_it_names_every_key(self, role, version):
        shown = [
            line.removeprefix("# ")
            for line in template(role, version).splitlines()
            if line.startswith("# ") and line.partition(" = ")[0].removeprefix("# ").isidentifier()
        ]
        names = {line.partition(" = ")[0] for line in shown}
        wanted = {one.name for kind in (Limits, TestData) for one in fields(kind)} | {
            "seed",
            "max_frame_bytes",
            "max_case_messages",
            "max_case_bytes",
        }
        assert wanted <= names

    def test_its_defaults_are_those_of_the_settings(self, role, version):
        text = template(role, version)
        part = text[text.index("\n[test_data]") : text.index("\n[pics]")]
        written = tomllib.loads("\n".join(line.removeprefix("# ") for line in part.splitlines()))
        for name, kind in (("test_data", TestData), ("limits", Limits)):
            assert written[name] == {one.name: one.default for one in fields(kind)}


def test_the_example_of_the_design_is_read():
    document = tomllib.loads(
        '[sut]\nrole = "csms"\nversion = "1.6"\n[connection]\nurl = "ws://127.0.0.1:9000/ocpp"\n'
        'listen = "127.0.0.1:9000"\nstation_id = "CP001"\nsecurity_profile = 0\n[station]\n[test_data]\n[driver]\n'
        'order = ["http", "prompt"]\n[driver.http]\nurl = "http://127.0.0.1:9100/{action_kebab}?station={station}"\n'
        'body = "{payload}"\n[pics]\n[limits]\nresponse = 5.0\n'
    )
    assert read(document, Path("ocpp-tck.toml")).driver.order == ("http", "prompt")


class TestFiles:
    def test_everything(self, tmp_path):
        for name in ("c.pem", "c.key", "fw.bin"):
            (tmp_path / name).write_text("")
        files = loaded(
            CS + '[files]\naddress = "0.0.0.0"\nhost = "kit.example"\nports = [9100, 9110]\nprotocols = ["FTPS"]\n'
            'user = "u"\npassword = "p"\ncertificate = "c.pem"\nkey = "c.key"\nfirmware = "fw.bin"\n',
            tmp_path,
        ).files
        assert (files.address, files.host, files.ports, files.protocols) == (
            "0.0.0.0",  # noqa: S104 - only compared
            "kit.example",
            (9100, 9110),
            ("FTPS",),
        )
        assert (files.user, files.password) == ("u", "p")
        assert files.certificate == tmp_path / "c.pem"
        assert files.firmware == tmp_path / "fw.bin"
        assert files.signed_firmware is None

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('address = "0.0.0.0"', "host"),
            ('protocols = ["SFTP"]', "FTP, FTPS, HTTP, HTTPS"),
            ("ports = [9100, 9103]", "range of 5 or more"),
            ("ports = 9100", "range of 5 or more"),
            ("ports = [70000, 70010]", "range of 5 or more"),
            ('firmware = "none.bin"', "no such file"),
            ('certificate = "c.pem"', "go together"),
            ('firmwares = "x"', "firmware"),
        ],
    )
    def test_what_is_wrong(self, tmp_path, line, told):
        (tmp_path / "c.pem").write_text("")
        assert told in problems(f"{CS}[files]\n{line}\n", tmp_path)

    def test_from_the_environment(self, tmp_path):
        assert loaded(CS, tmp_path, environ={"OCPP_TCK_FILES_HOST": "kit"}).files.host == "kit"
