"""The processes of a selftest end with it."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from ocpp_tck.selftest.workers import end_with_parent, workers

PATIENCE = 60
POOL = """
import time
from ocpp_tck.selftest.workers import workers

if __name__ == "__main__":
    with workers(2) as pool:
        pool.submit(print, "at work", flush=True)
        list(pool.map(time.sleep, [600] * 20))
"""
LOAD = """
import time
from ocpp_tck.selftest.stability import load_on_every_core

if __name__ == "__main__":
    with load_on_every_core(600):
        print("at work", flush=True)
        time.sleep(600)
"""


def test_the_work_is_shared_and_comes_back_in_order():
    with workers(2) as pool:
        assert list(pool.map(abs, range(-3, 3))) == [3, 2, 1, 0, 1, 2]
        assert os.getpid() not in set(pool.map(_process, range(4)))


def _process(_number):
    return os.getpid()


@pytest.mark.parametrize("script", [POOL, LOAD], ids=["pool", "load"])
def test_processes_whose_parent_is_killed_end_at_once_whatever_they_have_still_to_do(script):
    # They have inherited its stdout: that ends when the last of them has ended.
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        try:
            assert parent.stdout.readline() == "at work\n"
            os.kill(parent.pid, signal.SIGKILL)
            assert parent.communicate(timeout=PATIENCE)[0] == ""
            assert parent.returncode == -signal.SIGKILL
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def test_a_process_that_nobody_started_is_told_so():
    with pytest.raises(RuntimeError, match="multiprocessing"):
        end_with_parent()
