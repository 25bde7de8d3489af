"""The processes that share the work of a selftest. They end with the one that they work for, however that ends."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait

_ABANDONED = 1
"""Exit code of a process whose work nobody waits for any more."""


def workers(jobs: int) -> ProcessPoolExecutor:
    """Make a pool of so many processes; `end_with_parent` holds for each of them."""
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """See to it that this process ends at once when the one that started it is gone, also when that was killed.

    Nothing is tidied up then; what it has started on pipes of its own, such as embedded products, ends when they close.

    Raises:
        RuntimeError: no other process of ours started this one.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("this is no process of multiprocessing")
    threading.Thread(target=_end_after, args=(parent.sentinel,), name="end-with-parent", daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(_ABANDONED)
