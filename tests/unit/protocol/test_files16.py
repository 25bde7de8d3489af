"""Signed updates and logs of 1.6 over a trace, beside the examples of their rules."""

import pytest
from traces import NOW, Line

FIRMWARE = {"location": "ftp://x/f", "retrieveDateTime": NOW, "signingCertificate": "c", "signature": "s"}


class Files(Line):
    """A line with orders and statuses that all have the same number."""

    def __init__(self):
        super().__init__()
        self._ids = iter(range(100))

    def update(self):
        number = str(next(self._ids))
        self.csms(2, number, "SignedUpdateFirmware", {"requestId": 7, "firmware": FIRMWARE})
        self.cs(3, number, {"status": "Accepted"})

    def log(self):
        number = str(next(self._ids))
        self.csms(
            2, number, "GetLog", {"requestId": 7, "logType": "SecurityLog", "log": {"remoteLocation": "ftp://x/"}}
        )
        self.cs(3, number, {"status": "Accepted", "filename": "f"})

    def tells(self, action, status):
        """Give the rules that a status with that number breaks."""
        number = str(next(self._ids))
        found = self.cs(2, number, action, {"status": status, "requestId": 7})
        self.csms(3, number, {})
        return found

    def firmware(self, status):
        return self.tells("SignedFirmwareStatusNotification", status)

    def upload(self, status):
        return self.tells("LogStatusNotification", status)


@pytest.fixture
def files():
    return Files()


def test_the_end_of_an_update_says_nothing_about_a_log_with_the_same_number(files):
    files.log()
    files.update()
    assert files.firmware("Installed") == []
    assert files.upload("Uploading") == []
    assert files.firmware("Downloading") == ["firmware.ended"]


@pytest.mark.parametrize("end", ["Installed", "DownloadFailed", "InvalidSignature"])
def test_a_log_with_the_same_number_begins_no_update_anew(files, end):
    files.update()
    assert files.firmware(end) == []
    files.log()
    assert files.upload("Uploading") == []
    assert files.firmware("Downloading") == ["firmware.ended"]


def test_an_update_with_the_same_number_goes_on_beside_a_log_and_begins_anew_when_it_is_ordered_again(files):
    files.update()
    assert files.firmware("Downloading") == []
    files.log()
    assert files.firmware("Downloaded") == []
    assert files.upload("Uploaded") == []
    assert files.firmware("DownloadFailed") == []
    assert files.firmware("DownloadFailed") == []
    files.update()
    assert files.firmware("Downloading") == []
