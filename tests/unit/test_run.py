"""What a run remarks on."""

from types import SimpleNamespace

import pytest

from ocpp_tck.run import Run


@pytest.mark.parametrize(
    ("waited", "remarks"),
    [
        (24.0, []),
        (24.1, ["the answer to Reset came after 24.1 s of 30 s (limit response)"]),
        (-3.0, []),
    ],
)
def test_what_came_shortly_before_its_limit(waited, remarks):
    told = []
    Run.came(SimpleNamespace(remark=told.append), "the answer to Reset", waited, 30.0, "response")
    assert told == remarks
