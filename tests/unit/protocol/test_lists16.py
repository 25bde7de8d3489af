"""The local list and triggered messages of 1.6 over a trace, beside the examples of their rules."""

import pytest
from traces import NOW, Line

from ocpp_tck.protocol.semantic import lists16
from ocpp_tck.protocol.types import Side

BOOT = {"chargePointVendor": "v", "chargePointModel": "m"}
INFO = {"status": "Accepted"}
UPDATE = {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [{"idTag": "A", "idTagInfo": INFO}]}
CHANGE = {"listVersion": 3, "updateType": "Differential", "localAuthorizationList": [{"idTag": "B", "idTagInfo": INFO}]}


class Trace(Line):
    def boot(self):
        self.cs(2, "b", "BootNotification", BOOT)
        self.csms(3, "b", {"status": "Accepted", "interval": 60, "currentTime": NOW})

    def update(self, payload, status="Accepted", name="s"):
        self.csms(2, name, "SendLocalList", payload)
        return self.cs(3, name, {"status": status})

    def told(self, version, name="g"):
        self.csms(2, name, "GetLocalListVersion", {})
        return self.cs(3, name, {"listVersion": version})

    def idle(self, action="DiagnosticsStatusNotification"):
        return self.cs(2, "i", action, {"status": "Idle"})


@pytest.mark.parametrize("status", ["Failed", "NotSupported"])
def test_an_update_that_was_not_stored(status):
    line = Trace()
    line.update(UPDATE)
    line.update(CHANGE, status, "t")
    assert line.told(2) == []
    assert line.told(7, "h") == ([] if status == "Failed" else ["local_list.told"])


def test_a_refused_update_leaves_the_list_unknown():
    line = Trace()
    line.update(UPDATE)
    line.csms(2, "t", "SendLocalList", CHANGE)
    assert line.cs(4, "t", "NotSupported", "", {}) == []
    assert line.told(9) == []
    line.csms(2, "u", "ClearCache", {})
    assert line.cs(4, "u", "SecurityError", "", {}) == []


def test_while_an_update_is_under_way_any_version_may_be_told():
    line = Trace()
    line.update(UPDATE)
    line.csms(2, "t", "SendLocalList", CHANGE)
    line.csms(2, "g", "GetLocalListVersion", {})
    assert line.cs(3, "g", {"listVersion": 3}) in ([], ["rpc.swapped"])


def test_a_list_that_was_switched_off_is_unknown():
    line = Trace()
    line.update(UPDATE)
    line.csms(2, "k", "ChangeConfiguration", {"key": "localAUTHListEnabled", "value": "false"})
    line.cs(3, "k", {"status": "Accepted"})
    assert line.told(0) == []
    line.csms(2, "l", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})
    line.cs(3, "l", {"status": "Accepted"})
    line.update(UPDATE, name="t")
    assert line.told(0, "h") == ["local_list.told"]


def test_a_change_of_an_unknown_list():
    line = Trace()
    line.update(CHANGE)
    assert line.told(0) == ["local_list.told"]
    line = Trace()
    line.update({**CHANGE, "localAuthorizationList": [{"idTag": "B"}]})
    assert line.told(0) == []
    assert line.told(3, "h") == []


def test_a_change_without_entries_may_leave_the_version():
    line = Trace()
    line.update(UPDATE)
    line.update({"listVersion": 3, "updateType": "Differential"}, name="t")
    assert line.told(2) == []
    assert line.told(3, "h") == []


def test_a_list_too_long_to_follow(monkeypatch):
    monkeypatch.setattr(lists16, "REMEMBERED", 1)
    line = Trace()
    line.update({**UPDATE, "localAuthorizationList": [{"idTag": name, "idTagInfo": INFO} for name in "AB"]})
    assert line.told(1) == ["local_list.told"]
    line.update({**CHANGE, "localAuthorizationList": [{"idTag": name} for name in "AB"]}, name="t")
    assert line.told(0, "h") == []
    assert line.told(7, "i") == []


@pytest.mark.parametrize("request_", [{"localAuthorizationList": [5]}, {"localAuthorizationList": 5}, [], "x"])
@pytest.mark.parametrize("status", ["Accepted", "VersionMismatch"])
def test_the_answer_to_an_illegal_update_is_not_judged(request_, status):
    line = Trace(product=Side.STATION)
    line.csms(2, "s", "SendLocalList", request_, malformed=True)
    assert line.cs(3, "s", {"status": status}) == []
    assert line.told(9) == []


def test_idle_is_right_after_any_answered_trigger():
    line = Trace()
    line.boot()
    line.csms(2, "t", "TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})
    line.cs(4, "t", "InternalError", "", {})
    assert line.idle() == []
    assert line.cs(2, "j", "FirmwareStatusNotification", {"status": "Installed"}) in ([], ["rpc.one_outstanding"])


def test_an_illegal_trigger_is_none():
    line = Trace()
    line.boot()
    line.csms(2, "t", "TriggerMessage", "x", malformed=True)
    line.cs(4, "t", "FormationViolation", "", {})
    assert line.idle() == ["trigger.idle"]


def test_after_a_refused_update_the_next_one_is_followed():
    line = Trace()
    line.csms(2, "t", "SendLocalList", CHANGE)
    assert line.cs(4, "t", "InternalError", "", {}) == ["rpc.error_internal"]
    line.update(UPDATE, name="u")
    assert line.told(3) == ["local_list.told"]


def test_the_refusal_of_something_else_leaves_the_list_known():
    line = Trace()
    line.update(UPDATE)
    line.csms(2, "u", "ClearCache", {})
    line.cs(4, "u", "SecurityError", "", {})
    assert line.told(3) == ["local_list.told"]


def test_of_two_updates_under_way_one_answer_tells_of_one():
    line = Trace()
    line.csms(2, "s", "SendLocalList", UPDATE)
    line.csms(2, "t", "SendLocalList", CHANGE)
    assert line.cs(3, "s", {"status": "Accepted"}) == []
    assert line.told(3) == []


@pytest.mark.parametrize(("version", "is_newer"), [(1, False), (2, False), (3, True)])
def test_a_version_is_newer_than_that_of_the_list(version, is_newer):
    line = Trace()
    line.update(UPDATE)
    found = line.update({**CHANGE, "listVersion": version}, "VersionMismatch", "t")
    assert found == (["local_list.mismatch"] if is_newer else [])


def test_a_full_update_without_a_list_empties_it():
    line = Trace()
    line.update({"listVersion": 2, "updateType": "Full"})
    assert line.told(0) == []
    assert line.told(2, "h") == ["local_list.told"]


def test_what_was_added_and_taken_out_again_leaves_the_rest():
    line = Trace()
    line.update(UPDATE)
    line.update(CHANGE, name="t")
    line.update({**CHANGE, "listVersion": 4, "localAuthorizationList": [{"idTag": "B"}]}, name="u")
    assert line.told(4) == []
    assert line.told(0, "h") == ["local_list.told"]


def test_a_list_just_short_enough_to_follow(monkeypatch):
    monkeypatch.setattr(lists16, "REMEMBERED", 1)
    line = Trace()
    line.update(UPDATE)
    line.update({**CHANGE, "localAuthorizationList": [{"idTag": "A"}]}, name="t")
    assert line.told(0) == []
    assert line.told(3, "h") == ["local_list.told"]


def test_a_message_that_was_triggered_may_come_by_itself_meanwhile():
    line = Trace()
    line.boot()
    line.csms(2, "t", "TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert line.cs(2, "h", "Heartbeat", {}) == []
