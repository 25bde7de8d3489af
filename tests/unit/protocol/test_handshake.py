import pytest

from ocpp_tck.protocol.handshake import refused_violation, tls_violations
from ocpp_tck.protocol.types import Level, Version


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("cause", "rule"),
    [
        ("subprotocol", "handshake.subprotocol"),
        ("credentials", "handshake.basic_auth"),
        ("client-certificate", "handshake.client_certificate"),
        ("tls-version", "handshake.tls_version"),
        ("closed-1007", "frame.utf8"),
    ],
)
def test_causes(cause, rule, version):
    violation = refused_violation(cause, "why", version)
    assert (violation.rule, violation.message, violation.level) == (rule, "why", Level.MUST)


def test_a_normal_close_breaks_nothing():
    assert refused_violation("closed-1000", "", Version.V16) is None


GOOD = {"version": "TLSv1.2", "cipher": "ECDHE-ECDSA-AES128-GCM-SHA256", "compression": ""}


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        ({"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384"}, []),
        ({"version": "TLSv1.1"}, ["handshake.tls_version"]),
        ({"cipher": "DES-CBC3-SHA"}, ["handshake.tls_suite"]),
        ({"cipher": "RC4-MD5", "compression": "zlib"}, ["handshake.tls_suite", "handshake.tls_compression"]),
    ],
)
def test_what_tls_agreed_on(changed, rules, version):
    found = tls_violations(GOOD | changed, version)
    assert [(one.rule, one.level) for one in found] == [(rule, Level.MUST) for rule in rules]


def test_a_plain_socket_agrees_on_nothing():
    assert tls_violations({}, Version.V16) == []


def test_the_words_name_what_was_agreed_on():
    found = tls_violations({"version": "TLSv1.1", "cipher": "RC4-MD5", "compression": "zlib"}, Version.V16)
    assert [one.message for one in found] == [
        "TLSv1.1 was agreed on",
        "the cipher suite RC4-MD5 was agreed on",
        "compression zlib was agreed on",
    ]


def test_what_evidence_does_not_say_is_not_judged():
    assert tls_violations({"version": "TLSv1.3"}, Version.V16) == []
