"""What is declared of the embedded products, and which cases need the second charge point."""

import pytest

from ocpp_tck.demo import VARIANT, argument, declared, of_variant


def test_options_change_what_is_declared():
    plain, other = declared("cs", "1.6"), declared("cs", "1.6", VARIANT)
    changed = {name for name in plain if plain[name] != other[name]}
    assert changed == {option.removeprefix("without=") for option in VARIANT}
    assert (other["fixed_cable"], other["local_auth_list"]) == (True, False)
    assert plain == declared("cs", "1.6", ("connectors=3", "set=HeartbeatInterval=1"))


@pytest.mark.parametrize(
    ("role", "version", "condition", "needed"),
    [
        ("cs", "1.6", "", False),
        ("cs", "1.6", "fixed_cable", True),
        ("cs", "1.6", "not fixed_cable", False),
        ("cs", "1.6", "lock_failure and not fixed_cable", False),
        ("cs", "1.6", "not local_auth_list", True),
        ("cs", "1.6", "local_auth_list", False),
        ("cs", "1.6", "vendor_data_transfer", False),
        ("csms", "1.6", "not local_auth_list", False),
        ("cs", "2.0.1", "AQ-2", False),
    ],
)
def test_some_cases_need_the_second_charge_point(role, version, condition, needed):
    assert of_variant(role, version, condition) is needed


@pytest.mark.parametrize(
    ("option", "written"),
    [
        ("fixed_cable", "--fixed-cable"),
        ("without=local_auth_list", "--without=local_auth_list"),
        ("set=Key=a_b", "--set=Key=a_b"),
    ],
)
def test_an_option_is_written_for_the_command_line(option, written):
    assert argument(option) == written
