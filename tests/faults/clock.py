"""A pytest plugin that sets the clock of the machine, as the kit sees it, in the middle of a run.

`-p clock --clock-by SECONDS --clock-after N`: after the Nth record of the journal `time.time` has jumped. With
`--clock-followed` the kit follows the machine's clock, as it must not: the control of the proof.
"""

import time

import pytest

from ocpp_tck.evidence.journal import Journal
from ocpp_tck.roles.clock import SystemClock


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("clock", "a clock that is set")
    group.addoption("--clock-by", type=float, default=0.0, help="seconds by which the clock is set")
    group.addoption("--clock-after", type=int, default=0, help="records of the journal before that")
    group.addoption("--clock-followed", action="store_true", help="the kit follows that clock")


def pytest_configure(config: pytest.Config) -> None:
    by, after = config.getoption("--clock-by"), config.getoption("--clock-after")
    if config.getoption("--clock-followed"):
        SystemClock.now = lambda _self: time.time()
        SystemClock.set_by = lambda _self: 0.0
    real, write, written = time.time, Journal.write, [0]

    def counted(journal, record):
        write(journal, record)
        written[0] += 1
        if written[0] == after:
            time.time = lambda: real() + by

    if after:
        Journal.write = counted
    elif by:
        time.time = lambda: real() + by
