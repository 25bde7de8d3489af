import pytest

from ocpp_tck.protocol.handshake import refused_violation
from ocpp_tck.protocol.types import Level, Version


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("cause", "rule"),
    [
        ("subprotocol", "handshake.subprotocol"),
        ("credentials", "handshake.basic_auth"),
        ("closed-1007", "frame.utf8"),
    ],
)
def test_causes(cause, rule, version):
    violation = refused_violation(cause, "why", version)
    assert (violation.rule, violation.message, violation.level) == (rule, "why", Level.MUST)


def test_a_normal_close_breaks_nothing():
    assert refused_violation("closed-1000", "", Version.V16) is None
