"""HTTP Basic authentication."""

import pytest

from ocpp_tck.net.auth import accepts, authorization


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
