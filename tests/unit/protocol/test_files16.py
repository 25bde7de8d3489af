"""Signed updates and logs of 1.6 over a trace, beside the examples of their rules."""

from traces import NOW, Line

FIRMWARE = {"location": "ftp://x/f", "retrieveDateTime": NOW, "signingCertificate": "c", "signature": "s"}


def test_the_end_of_an_update_says_nothing_about_a_log_with_the_same_number():
    line = Line()
    log = {"requestId": 7, "logType": "SecurityLog", "log": {"remoteLocation": "ftp://x/"}}
    line.csms(2, "l", "GetLog", log)
    line.cs(3, "l", {"status": "Accepted", "filename": "f"})
    line.csms(2, "u", "SignedUpdateFirmware", {"requestId": 7, "firmware": FIRMWARE})
    line.cs(3, "u", {"status": "Accepted"})
    assert line.cs(2, "1", "SignedFirmwareStatusNotification", {"status": "Installed", "requestId": 7}) == []
    line.csms(3, "1", {})
    assert line.cs(2, "2", "LogStatusNotification", {"status": "Uploading", "requestId": 7}) == []
    line.csms(3, "2", {})
    downloading = {"status": "Downloading", "requestId": 7}
    assert line.cs(2, "3", "SignedFirmwareStatusNotification", downloading) == ["firmware.ended"]
