"""HTTP Basic authentication."""

import pytest

from ocpp_tck.net.auth import accepts, authorization, described, key_bytes


def test_what_the_kit_sends_it_accepts():
    header = authorization("CP:1", "pä:ss")
    assert accepts(header, "CP:1", "pä:ss")
    assert accepts(header.replace("Basic", "basic"), "CP:1", "pä:ss")


def test_the_example_of_rfc_7617():
    assert authorization("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basic QWxhZGRpbjpvcGVuIHNlc2Ft",
        "Basic \xff",
        "Basic YQ",
    ],
)
def test_anything_else_is_refused(header):
    assert not accepts(header, "Aladdin", "open sesame")


KEY = "4F43415F4F4354545F61646D696E5F74657374"


def test_an_authorization_key_is_right_as_text_and_as_bytes():
    for password in (KEY, bytes.fromhex(KEY)):
        assert accepts(authorization("CP", password), "CP", KEY)
    assert not accepts(authorization("CP", KEY), "CP", bytes.fromhex(KEY))
    assert (key_bytes(KEY), key_bytes(KEY[2:]), key_bytes(KEY[:30]), key_bytes("x" * 32)) == (
        b"OCA_OCTT_admin_test",
        b"CA_OCTT_admin_test",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (None, {}),
        (authorization("CP", "äö"), {"scheme": "Basic", "user": "CP", "password_bytes": "4"}),
        ("Bearer abc", {"scheme": "Bearer"}),
        ("Basic !", {"scheme": "Basic"}),
        ("basic Q1A=", {"scheme": "basic", "user": "CP"}),
    ],
)
def test_what_is_no_secret(header, said):
    assert described(header) == said
