import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.redaction import MASK, MAX_LEARNT, Redactor

PASSWORD = 'p"ss wörd-123'


@pytest.fixture
def redactor():
    tokens = {"TCK-VALID": "valid", "TCK-VALID-2": "same_group", "AB": "short", "": "empty"}
    return Redactor(tokens, [PASSWORD, "xyz", ""], keys=["api_token"])


def kit_frame(raw, sender="kit"):
    return r.Frame(time=1, n=1, connection="c", station="TCK-VALID", sender=sender, raw=raw, message_id="AB")


def test_tokens_become_names_whatever_their_case_and_spelling(redactor):
    raw = '[2, "AB","Authorize", {"idTag":"tck-Valid", "o":["\\u0054CK-VALID-2","ab"], "TCK-VALID":"ABC" } ]'
    assert redactor.frame(raw) == (
        '[2, "AB","Authorize", {"idTag":"<token:valid>", '
        '"o":["<token:same_group>","<token:short>"], "TCK-VALID":"ABC" } ]'
    )


def test_message_id_and_action_stay(redactor):
    record = redactor.redact(kit_frame('[3,"AB",{"idTag":"AB"}]'))
    assert (record.message_id, record.station) == ("AB", "TCK-VALID")
    assert record.raw == '[3,"AB",{"idTag":"<token:short>"}]'


def test_free_text_knows_only_long_tokens_that_stand_alone(redactor):
    assert redactor.text("'TCK-VALID' and AB, tck-valid-2.") == "'<token:valid>' and AB, <token:same_group>."
    assert redactor.text("TCK-VALID-3 XTCK-VALID") == "TCK-VALID-3 XTCK-VALID"
    assert redactor.text("ab") == "<token:short>"


def test_a_token_inside_a_json_string_is_replaced_too(redactor):
    inner = json.dumps({"idTag": "TCK-VALID"})
    masked = json.loads(redactor.frame(json.dumps([2, "1", "DataTransfer", {"data": inner}])))
    assert json.loads(masked[3]["data"]) == {"idTag": "<token:valid>"}


@pytest.mark.parametrize(
    "payload",
    [
        {"key": "AuthorizationKey", "value": "0011223344556677"},
        {"value": "0011223344556677", "key": "authorizationkey"},
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "0011223344556677"}]},
        {"setVariableData": [{"variable": {"name": "BasicAuthPassword"}, "attributeValue": "0011223344556677"}]},
        {
            "reportData": [
                {"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": "0011223344556677"}]}
            ]
        },
        {"eventData": [{"variable": {"name": "BasicAuthPassword"}, "actualValue": "0011223344556677"}]},
        {"connectionData": {"basicAuthPassword": "0011223344556677", "apn": {"simPin": 11223344}}},
        {"connectionData": {"vpn": {"server": "s", "type": "IPSec", "password": "x", "key": "0011223344556677"}}},
        {"api-token": "0011223344556677"},
        {"password": {"value": "0011223344556677"}},
    ],
)
def test_values_of_secret_fields_are_masked(redactor, payload):
    raw = json.dumps([2, "1", "X", payload])
    masked = redactor.frame(raw)
    assert "11223344" not in masked
    assert "***" in masked
    assert json.loads(masked)[:3] == [2, "1", "X"]


@pytest.mark.parametrize(
    "payload",
    [
        {"key": "HeartbeatInterval", "value": "3600"},
        {"variable": {"name": "Interval"}, "attributeValue": "0011"},
        {"key": 5, "value": "x"},
        {"variable": {"name": 7}, "attributeValue": "x"},
        {"server": "s", "key": "k"},
        {"password": None, "n": 1.50, "t": True},
    ],
)
def test_other_values_stay_byte_for_byte(redactor, payload):
    raw = json.dumps([2, "1", "X", payload], indent=1)
    assert redactor.frame(raw) == raw


def test_duplicate_members_are_all_masked(redactor):
    raw = '[2,"1","X",{"password":"one-secret","password":"two-secret"}]'
    assert redactor.frame(raw) == '[2,"1","X",{"password":"***","password":"***"}]'


def test_known_secrets_are_masked_in_every_spelling(redactor):
    assert redactor.text(f"a {PASSWORD} b") == "a *** b"
    assert redactor.text(json.dumps({"x": PASSWORD})) == '{"x": "***"}'
    assert redactor.text("hex " + PASSWORD.encode().hex().upper()) == "hex ***"
    raw = json.dumps([2, PASSWORD, "A", {"x": f"<{PASSWORD}>", PASSWORD: PASSWORD, "y": "xyz", "z": "wxyz"}])
    assert json.loads(redactor.frame(raw)) == [2, "***", "A", {"x": "<***>", "***": "***", "y": "***", "z": "wxyz"}]


def test_a_secret_of_digits_is_masked_as_a_number_too():
    redactor = Redactor({}, ["12345678", "2"])
    assert redactor.frame('[2,"1","X",{"pin":12345678,"n":2}]') == '[2,"1","X",{"pin":"***","n":2}]'


def test_secrets_are_found_wherever_they_stand_in_a_record(redactor):
    """Each place is looked at, whatever stands before and behind it."""
    first, second, third = "first-secret", "second-secret", "third-secret"
    payload = [{"password": first}, [{"a": [{"key": "AuthorizationKey", "value": second}]}], {"b": {"simPin": third}}]
    raw = json.dumps([2, "1", "X", {"list": payload, "tail": [1, "x"]}])
    redactor.redact(kit_frame(raw))
    assert redactor.text(f"{first}, {second}, {third}") == "***, ***, ***"


def test_a_variable_among_secret_fields_hides_both(redactor):
    raw = '[2,"1","X",{"password":"one","variable":{"name":"BasicAuthPassword"},"attributeValue":"two"}]'
    assert json.loads(redactor.frame(raw))[3] == {
        "password": "***",
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": "***",
    }


def test_what_an_operator_set_is_masked_in_later_messages_if_it_is_long_enough(redactor):
    for password in ("s3cret-s3cret", "open"):
        action = {"action": "set_password", "payload": {"password": password}, "driver": "", "outcome": "done"}
        redactor.redact(r.OperatorActed(time=1, **action))
    assert redactor.text("'s3cret-s3cret' is open") == "'***' is open"


def test_frames_of_nobody_known_teach_every_secret(redactor):
    redactor.redact(kit_frame('[2,"1","X",{"password":"q"}]', "replay"))
    assert redactor.text("q") == "***"


def test_an_empty_secret_teaches_nothing(redactor):
    redactor.redact(kit_frame('[2,"1","X",{"password":""}]', "replay"))
    assert redactor.text("") == ""
    assert redactor.frame('[2,"1","X",{"a":""}]') == '[2,"1","X",{"a":""}]'


def test_a_secret_of_one_character_and_one_that_is_a_token():
    redactor = Redactor({"ABCD": "valid"}, ["q", "ABCD"])
    assert redactor.text("q") == "***"
    assert redactor.text("ABCD") == "***"


def test_a_frame_after_nested_structures_keeps_its_ids(redactor):
    """Depth counts: an id that reads as a token stays where ids stand, and is a token inside the payload."""
    raw = '[3,[[["AB"],{"a":"AB"}],{}],"AB",{"idTag":"AB","b":[{"c":"AB"}],"d":"AB"},"AB"]'
    short = '"<token:short>"'
    assert redactor.frame(raw) == (
        f'[3,[[[{short}],{{"a":{short}}}],{{}}],"AB",{{"idTag":{short},"b":[{{"c":{short}}}],"d":{short}}},"AB"]'
    )


def test_a_masked_frame_keeps_the_spelling_of_what_is_not_masked(redactor):
    raw = '[2,"\\u0041","X",{"\\u0062":"\\u00e9","n":1.50e+2,"password":1.50e+2,"idTag":"AB"}]'
    assert redactor.frame(raw) == (
        '[2,"\\u0041","X",{"\\u0062":"\\u00e9","n":"***","password":"***","idTag":"<token:short>"}]'
    )


def test_secrets_and_tokens_of_four_characters_are_words_of_free_text():
    redactor = Redactor({"ABCD": "four", "EFG": "three"}, ["1234", "567"])
    assert redactor.text("ABCD, EFG, <1234>, <567>") == "<token:four>, EFG, <***>, <567>"
    assert redactor.frame('[2,"1","X",{"a":1234,"b":567,"c":"567"}]') == '[2,"1","X",{"a":"***","b":567,"c":"***"}]'
    assert redactor.text("567") == "***"


def test_the_longest_token_and_secret_win():
    redactor = Redactor({"CARD-1": "short", "CARD-1.X": "long"}, ["pass-word", "pass-word-long"])
    assert redactor.text("CARD-1.X; CARD-1") == "<token:long>; <token:short>"
    assert redactor.text("pass-word-long pass-word") == "*** ***"


def test_without_tokens_and_secrets_nothing_changes():
    redactor = Redactor({})
    for text in ("", "XX", "XXXX", "(?!)", "XX-XX", "***"):
        assert redactor.text(text) == text
    learnt = Redactor({}, ["ab", "***", ""])
    assert learnt.text("XX ab *** XXXX") == "XX ab *** XXXX"
    assert learnt.text("ab") == "***"


def test_a_secret_of_half_a_surrogate_pair_is_masked():
    redactor = Redactor({}, ["ab\ud83dcd"])
    assert redactor.text("<ab\ud83dcd>") == "<***>"
    assert redactor.text("6162eda0bd6364") == "***"


def test_authorization_pem_and_credentials_in_urls_are_masked(redactor):
    basic = base64.b64encode(b"CP1:secret").decode()
    assert redactor.text(f"Authorization: Basic {basic}\r\nHost: x") == "Authorization: Basic ***\r\nHost: x"
    assert redactor.text("ftp://user:pw@host/a") == "ftp://user:***@host/a"
    pem = "-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----"
    assert redactor.text(f"a {pem} b") == "a -----BEGIN EC PRIVATE KEY----- *** b"
    assert "MIIB" not in redactor.text(pem[:40])
    raw = json.dumps([2, "1", "X", {"data": pem}])
    assert json.loads(redactor.frame(raw))[3] == {"data": "-----BEGIN EC PRIVATE KEY----- ***"}


def test_a_frame_that_is_no_json_is_masked_as_text(redactor):
    assert redactor.frame('[2,"1","A",{"idTag":"TCK-VALID",') == '[2,"1","A",{"idTag":"<token:valid>",'
    assert redactor.frame("[" * 100_000 + " TCK-VALID") == "[" * 100_000 + " <token:valid>"
    assert redactor.frame('"TCK-VALID"') == '"<token:valid>"'
    assert redactor.frame("7") == "7"
    assert redactor.frame("") == ""


def test_headers_payloads_and_test_data_are_masked(redactor):
    opened = r.ConnectionOpened(
        time=1,
        connection="c",
        station="AB",
        path="/TCK-VALID",
        headers={"authorization": "Basic eA==", "Host": "h"},
    )
    masked = redactor.redact(opened)
    assert (masked.headers, masked.path, masked.station) == ({"authorization": "***", "Host": "h"}, "/TCK-VALID", "AB")
    acted = r.OperatorActed(
        time=1,
        action="set_password",
        payload={"password": "abc", "old_password": "", "list": ["AB", 1], "t": ("AB",)},
        driver="http",
        outcome="done",
    )
    assert redactor.redact(acted).payload == {
        "password": "***",
        "old_password": "",
        "list": ["<token:short>", 1],
        "t": ("<token:short>",),
    }


def test_an_empty_secret_field_shows_that_it_was_empty(redactor):
    acted = r.OperatorActed(time=1, action="a", payload={"password": ""}, driver="", outcome="done")
    assert redactor.redact(acted).payload == {"password": ""}


def test_what_the_kit_set_is_masked_in_later_messages(redactor):
    redactor.redact(kit_frame('[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"s3cret-s3cret"}]'))
    redactor.redact(kit_frame('[2,"1","X",{"password":"tiny"}]'))
    remark = redactor.redact(r.Remark(time=1, text="value 's3cret-s3cret' is tiny"))
    assert remark.text == "value '***' is tiny"


def test_a_product_cannot_blacken_ordinary_words(redactor):
    redactor.redact(kit_frame('[2,"1","X",{"password":"Accepted"}]', "product"))
    redactor.redact(kit_frame('[2,"1","X",{"password":"0123456789abcdef"}]', "product"))
    assert redactor.text("Accepted 0123456789abcdef") == "Accepted ***"


def broken(path, frame=1):
    return r.ViolationFound(
        time=1, frame=frame, sender="product", rule="schema.length", level="must", message="m", clause="c", path=path
    )


@pytest.mark.parametrize(
    ("raw", "path", "recomputable"),
    [
        ('[2,"1","A",{"idTag":"TCK-VALID"}]', "idTag", False),
        ('[2,"1","A",{"idTag":"TCK-VALID"}]', "", True),
        ('[2,"1","A",{"idTag":"TCK-OTHER"}]', "idTag", True),
        ('[2,"1","A",{"idTag":"TCK-VALID","n":1}]', "n", True),
        ('[2,"1","A",{"idTag":"TCK-VALID","n":1}]', "n.gone[3]", True),
        ('[2,"1","A",{"x":[{"password":"abc"},2]}]', "x[0].password", False),
        ('[2,"1","A",{"x":[{"password":"abc"},2]}]', "x[0]", False),
        ('[2,"1","A",{"x":[{"password":"abc"},2]}]', "x[1]", True),
        ('[2,"1","A",{"x":[{"password":"abc"},2]}]', "x[2]", True),
        ('[2,"1","A",{"x":[{"password":"abc"},2]}]', "x[7]", True),
        ("Authorization: Basic abc", "x", True),
        ('{"password":"abc"}', "password", True),
    ],
)
def test_a_rule_on_a_masked_value_is_not_recomputable(redactor, raw, path, recomputable):
    redactor.redact(kit_frame(raw, "product"))
    assert redactor.redact(broken(path)).recomputable is recomputable
    assert redactor.redact(broken(path, frame=2)).recomputable


def test_only_the_last_frames_are_remembered_for_that(redactor):
    for number in range(1, 150):
        redactor.redact(
            r.Frame(
                time=1, n=number, connection="c", station="s", sender="product", raw='["TCK-VALID",{"a":"TCK-VALID"}]'
            )
        )
    assert redactor.redact(broken("a", frame=49)).recomputable
    assert not redactor.redact(broken("a", frame=50)).recomputable
    assert not redactor.redact(broken("a", frame=149)).recomputable


def test_frames_that_are_not_masked_push_out_none_that_is(redactor):
    redactor.redact(kit_frame('[2,"1","A",{"idTag":"TCK-VALID"}]', "product"))
    for number in range(2, 200):
        redactor.redact(r.Frame(time=1, n=number, connection="c", station="s", sender="product", raw="[3,1,{}]"))
    assert not redactor.redact(broken("idTag")).recomputable


def test_a_configured_secret_is_masked_in_every_spelling():
    secret = "pä/ss+wörd 42"
    redactor = Redactor({}, [secret])
    from urllib.parse import quote, quote_plus

    for before in ("", "C", "CP", "CP1:", "CP001:"):
        whole = f"{before}{secret}:and more".encode()
        for form in (base64.b64encode(whole), base64.urlsafe_b64encode(whole)):
            text = redactor.text(form.decode())
            assert MASK in text
    for form in (quote(secret), quote(secret, safe=""), quote_plus(secret), secret.encode().hex()):
        assert redactor.text(f"x={form}&y") == f"x={MASK}&y"
    assert Redactor({}, ["a/b+"]).text("<a%2Fb%2B> 612f622b") == "<***> ***"
    assert Redactor({}, ["a/b"]).text("<a%2Fb> 612f62") == "<a%2Fb> 612f62"
    assert Redactor({}, ["abcde"]).text("YWJjZGU=") == "YWJjZGU="
    assert Redactor({}, ["abcdef"]).text("YWJjZGVm") == "***"


@pytest.mark.parametrize(("before", "masked"), [("", "***np6eno="), ("a", "YW***56enp6"), ("ab", "YWJ***enp6eg==")])
def test_base64_of_a_secret_is_masked_to_its_last_character_in_both_alphabets(before, masked):
    whole = f"{before}k>>>???~~~zzzz".encode()
    redactor = Redactor({}, ["k>>>???~~~"])
    for form in (base64.b64encode(whole), base64.urlsafe_b64encode(whole)):
        assert redactor.text(form.decode()) == masked


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2",
        "Passwd='hunter2'",
        '{"api_key":"hunter2"}',
        "client-secret=hunter2&x=1",
        "passphrase = hunter2",
    ],
)
def test_what_a_text_calls_a_secret_is_one(redactor, text):
    masked = redactor.text(text)
    assert "hunter2" not in masked
    assert MASK in masked


def test_words_about_secrets_are_none(redactor):
    for text in ("the password was changed", "no access key", "idToken: 'TCK'", "key: AuthorizationKey"):
        assert redactor.text(text) == text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["AB", PASSWORD]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["password", "key", "value"]), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_json_stays_json_of_the_same_shape(value, ascii_only, indent):
    redactor = Redactor({"AB": "short"}, [PASSWORD])
    masked = redactor.frame(json.dumps(value, ensure_ascii=ascii_only, indent=indent))
    seen = json.loads(masked)
    assert PASSWORD not in json.dumps(seen, ensure_ascii=False)

    def shape(node):
        if isinstance(node, dict):
            return sorted(shape(member) for member in node.values())
        return [shape(member) for member in node] if isinstance(node, list) else []

    assert str(shape(seen)) == str(shape(value)) or "password" in masked


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_is_survived(text):
    Redactor({"AB": "short"}, [PASSWORD]).frame(text)


def test_secrets_without_end_are_not_all_remembered():
    redactor = Redactor({}, [PASSWORD])
    for number in range(0, MAX_LEARNT + 200, 100):
        secrets = [{"password": f"secret-of-product-{number + offset:04}"} for offset in range(100)]
        masked = redactor.redact(kit_frame(json.dumps([2, "1", "X", {"a": secrets}]), "product"))
        assert "secret-of" not in masked.raw
    remembered = [
        number for number in range(MAX_LEARNT + 200) if redactor.text(f"secret-of-product-{number:04}") == MASK
    ]
    assert len(remembered) == MAX_LEARNT
    assert redactor.text(PASSWORD) == MASK


@pytest.mark.parametrize(("length", "is_remembered"), [(10_000, True), (10_001, False)])
def test_a_secret_as_long_as_a_message_is_masked_where_it_stands_only(length, is_remembered):
    redactor = Redactor({})
    long = "x" * length
    assert "xx" not in redactor.redact(kit_frame(json.dumps([2, "1", "X", {"password": long}]), "product")).raw
    assert redactor.text(long) == (MASK if is_remembered else long)
