"""What a CSMS that refuses a handshake has refused."""

from types import SimpleNamespace

import pytest
from stage import stage

from ocpp_tck.net.transport import Refusal
from ocpp_tck.protocol.types import Side
from ocpp_tck.roles.csms import Csms
from ocpp_tck.settings import Hardware, Limits, TestData
from ocpp_tck.verdict import Inconclusive


def csms(staged, cause):
    """The kit as a station whose connections are refused for that cause."""
    refusal = Refusal(by="product", reason="the CSMS answered", cause=cause, handshake=staged.transport.handshake)
    endpoint = SimpleNamespace(connect=lambda **_: refusal, password=None, security_profile=0)
    return Csms(
        staged.conversation, Limits(), TestData(), staged.watcher,
        hardware=Hardware(), endpoint=endpoint, certificates=None,
    )  # fmt: skip


@pytest.mark.parametrize("cause", ["status", "credentials", "handshake"])
def test_any_refusal_of_another_subprotocol_is_one(tmp_path, cause):
    assert csms(stage(tmp_path, Side.CSMS), cause).offer("ocpp0.1") is None


@pytest.mark.parametrize(
    ("offered", "cause"),
    [(("ocpp0.1", "ocpp1.6"), "credentials"), (("ocpp0.1",), "unreachable"), (("ocpp0.1",), "tls")],
)
def test_a_refusal_for_another_reason_decides_nothing(tmp_path, offered, cause):
    with pytest.raises(Inconclusive):
        csms(stage(tmp_path, Side.CSMS), cause).offer(*offered)
