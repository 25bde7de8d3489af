"""What goes wrong before the first step or after the case still gets the right verdict."""

import pytest
from inside import case, config
from wicked import Csms

BOOT = 'csms.call("BootNotification", chargePointVendor="v", chargePointModel="m")'
STEP = f'with step("1", "The CSMS accepts the boot"):\n    assert {BOOT}.status == "Accepted"'
TORN = (
    "import pytest\n\n"
    "@pytest.fixture\ndef late(csms):\n    yield csms\n    {end}\n\n"
    '@testcase("TC_903_CSMS", "Case 903", profile="Core", requirements="1.6 4.2")\n'
    "def test_903(late, csms, step):\n    {body}\n"
)


def silent(_connection, _identifier):
    """Do not answer."""


@pytest.fixture
def server():
    with Csms({"Heartbeat": silent}) as server:
        yield server


def verdict(kit, server, text):
    ran = kit(config("csms", server.url), text)
    (number,) = ran.verdicts
    return ran.verdicts[number], ran.code


def torn(end):
    return TORN.format(end=end, body=STEP.replace("\n", "\n    "))


def test_an_assertion_of_a_state_is_inconclusive(kit, server):
    assert verdict(kit, server, case("900", "csms", f'assert {BOOT}.status == "Pending"\n{STEP}')) == (
        "inconclusive",
        1,
    )


def test_a_call_that_stays_unanswered_in_setup_is_a_fail(kit, server):
    assert verdict(kit, server, case("900", "csms", f'{BOOT}\ncsms.call("Heartbeat")\n{STEP}')) == ("fail", 1)


def test_a_call_that_stays_unanswered_in_teardown_is_a_fail(kit, server):
    assert verdict(kit, server, torn('csms.call("Heartbeat")')) == ("fail", 1)


def test_a_fault_of_the_kit_in_teardown_is_a_kit_error(kit, server):
    assert verdict(kit, server, torn("1 / 0")) == ("error", 2)


def test_a_state_that_teardown_does_not_reach_leaves_the_verdict(kit, server):
    assert verdict(kit, server, torn('assert False, "the next case looks for itself"')) == ("pass", 0)


def test_a_rule_broken_while_tidying_up_is_a_fail_on_the_terminal_too(kit):
    illegal = {"Heartbeat": lambda connection, identifier: connection.send(f'[3,"{identifier}",{{}}]')}
    with Csms(illegal) as server:
        ran = kit(config("csms", server.url), torn('csms.send("Heartbeat").answer()'))
    assert (list(ran.verdicts.values()), ran.code) == (["fail"], 1)
    (line,) = [line for line in ran.text.splitlines() if "TC_903_CSMS" in line and "[  1/1]" in line]
    assert "FAIL" in line
    assert "schema.required" in ran.text
