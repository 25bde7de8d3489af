"""Secrets are planted in every input, and none of them is in any output, in no spelling."""

import base64
import json
import stat
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import pytest
from kit_runs import SHORT, run_kit
from reading import readable

from ocpp_tck.bundle.verify import verify
from ocpp_tck.demo import product
from ocpp_tck.evidence.archive import pack, unpack
from ocpp_tck.net.pki import Authority

STATION = "ACME-CP-77"
PLANTED = {
    "Basic password, by the environment": 'S3cr+t/pw"1-basic',
    "password of another station": "0ther-statiön-pw",
    "new AuthorizationKey": "4445464748494A4B4C4D4E4F5051525354555657",
    "file server password": "ftp-pl4nted-pw",
    "option of the command": "cmd-0ption-pl4nted",
    "equals of the command": "cmd-equals-pl4nted",
    "word of the command": "cmdW0rdPl4nted99",
    "header value": "hdr-4pi-key-pl4nted",
    "bearer": "b34rer.pl4nted.jwt",
    "query of the url": "qu3ry-pl4nted-token",
    "password in the url": "url-us3r-pl4nted",
    "body": "b0dy-pl4nted-key",
    "from the environment": "env-pl4nted-value7",
    "option of the python driver": "pyth0n-opti0n-pl4nted",
    "url of the python driver": "pyth0n-url-pl4nted",
    "said by a driver": "s4id-pl4nted-by-driver",
    "said in JSON": "j5on-pl4nted-by-driver",
}

ACT = """#!/bin/sh
echo "cannot do $*: password: {said}" >&2
exit 3
"""
DRIVER = """
class Driver:
    def __init__(self, **options):
        self.options = options

    def act(self, request):
        raise NotImplementedError(f"{{self.options}} {{{{'client_secret': '{said}'}}}}")
"""


def config(addresses):
    p = PLANTED
    url = addresses["control"].replace("://", f"://user:{p['password in the url']}@")
    return (
        '[sut]\nrole = "csms"\nversion = "1.6"\n'
        f'[connection]\nurl = "{addresses["ocpp"]}"\nsecurity_profile = 1\n'
        f'[[connection.stations]]\nid = "{STATION}"\n'
        f'[[connection.stations]]\nid = "ACME-CP-78"\npassword = "{p["password of another station"]}"\n'
        f'{SHORT}valid_token = "PLANTED-TOKEN-1"\nauthorization_key = "{p["new AuthorizationKey"]}"\n'
        f'[files]\npassword = "{p["file server password"]}"\n'
        '[driver]\norder = ["command", "python", "http"]\n'
        f'[driver.command]\nrun = ["./act.sh", "--api-key", "{p["option of the command"]}", '
        f'"--auth={p["equals of the command"]}", "{p["word of the command"]}", "{{action}}"]\n'
        '[driver.python]\npath = "driver.py:Driver"\n'
        f'[driver.python.options]\napi_key = "{p["option of the python driver"]}"\n'
        f'where = "https://me:{p["url of the python driver"]}@db.example/x"\n'
        f'[driver.http]\nurl = "{addresses["control"]}/{{action_kebab}}?station={{station}}&token={p["query of the url"]}"\n'
        f'body = "{{payload}}"\n[driver.http.headers]\nX-Api-Key = "{p["header value"]}"\n'
        f'Authorization = "Bearer {p["bearer"]}"\nX-Env = "{{env.PLANTED_SECRET}}"\n'
        "[pics]\nsecurity_profile_1 = true\n[driver.http.actions.clear_cache]\nsupported = false\n"
        f'[driver.http.actions.reset]\nurl = "{url}/no-such-action"\n'
        f'body = \'{{"apiKey": "{p["body"]}", "payload": {{payload}}}}\'\n'
    )


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    place = tmp_path_factory.mktemp("planted")
    (place / "act.sh").write_text(ACT.format(said=PLANTED["said by a driver"]))
    (place / "act.sh").chmod(0o755 | stat.S_IXUSR)
    (place / "driver.py").write_text(DRIVER.format(said=PLANTED["said in JSON"]))
    password = PLANTED["Basic password, by the environment"]
    environ = {"OCPP_TCK_CONNECTION_BASIC_AUTH_PASSWORD": password, "PLANTED_SECRET": PLANTED["from the environment"]}
    authority = Authority.root()
    files = authority.own.write(place, "ca")
    arguments = ["--password", f"{STATION}={password}", "--token", "PLANTED-TOKEN-1=Accepted"]
    with product("csms", "--version", "1.6", *arguments) as addresses:
        path = place / "ocpp-tck.toml"
        tls = f'[connection.tls]\nauthority = "{files.certificate.name}"\nauthority_key = "{files.key.name}"\n'
        path.write_text(config(addresses) + tls)
        cases = [f"--ocpp-case={name}" for name in ("TC_003_CSMS", "TC_013_CSMS", "TC_061_CSMS", "TC_073_CSMS")]
        code, text = run_kit(place / "run", path, *cases, environ=environ.items())
    return SimpleNamespace(folder=place / "run", text=text, code=code, key=files.key.read_text(), scratch=place)


def spellings(secret):
    whole = secret.encode()
    yield from (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (whole.hex(), whole.hex().upper(), quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (base64.b64encode(whole).decode().rstrip("="), base64.urlsafe_b64encode(whole).decode().rstrip("="))
    yield base64.b64encode(f"{STATION}:{secret}".encode()).decode().rstrip("=")
    yield from (secret.replace('"', "&quot;"), secret.replace('"', "&#34;"), repr(secret)[1:-1])


def outputs(planted):
    yield "the terminal", planted.text
    archive = planted.scratch / "run.zip"
    if not archive.exists():
        pack(planted.folder, archive)
        unpack(archive, planted.scratch / "unpacked")
    for folder in (planted.folder, planted.scratch / "unpacked"):
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), readable(path)
    payload = json.loads((planted.folder / "attestation.json").read_text())["payload"]
    yield "the statement", base64.b64decode(payload).decode()


def test_the_secrets_were_used(planted):
    report = json.loads((planted.folder / "report.json").read_text())
    verdicts = {case["id"]: case["verdict"] for case in report["cases"]}
    assert verdicts["TC_003_CSMS"] == "pass", planted.text
    assert verdicts["TC_013_CSMS"] == "inconclusive"
    assert verdicts["TC_061_CSMS"] == "not run"
    assert verdicts["TC_073_CSMS"] == "pass"
    lines = (planted.folder / "journal-main.jsonl").read_text().splitlines()
    said = next(json.loads(line)["detail"] for line in lines if '"action":"clear_cache"' in line and '"detail"' in line)
    assert "cannot do --api-key *** --auth=*** *** clear_cache: password: ***" in said
    assert "NotImplementedError: {'api_key': '***'" in said
    assert "'client_secret': '***'" in said


@pytest.mark.parametrize("what", PLANTED)
def test_no_output_has_a_planted_secret(planted, what):
    forms = {form for form in spellings(PLANTED[what]) if len(form) >= 6}
    found = [(place, form) for place, text in outputs(planted) for form in forms if form in text]
    assert not found


def test_no_output_has_a_private_key_or_a_token(planted):
    lines = [line for line in planted.key.splitlines() if line and not line.startswith("---")]
    found = [(place, one) for place, text in outputs(planted) for one in (*lines, "PLANTED-TOKEN-1") if one in text]
    assert not found


def test_the_copy_of_the_configuration_says_what_was_masked(planted):
    text = (planted.folder / "config.toml").read_text()
    for shown in (
        'valid_token = "<token:valid>"',
        '"--api-key"',
        '"{action}"',
        "{payload}",
        "{env.PLANTED_SECRET}",
        "security_profile = 1",
    ):
        assert shown in text


def test_a_run_with_masked_secrets_is_whole_and_recomputed(planted):
    found = verify(planted.folder)
    assert found.problems == ()
    assert (found.agreed, len(found.cases), found.open) == (4, 4, ())
