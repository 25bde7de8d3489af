"""Tasks and timers that end with the firmware that started them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Background:
    """Runs coroutines and delayed calls, and cancels them all at once."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timers: dict[object, asyncio.TimerHandle] = {}

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def after(self, seconds: float, name: object, call: Callable[[], None]) -> None:
        """Call later, in place of an earlier timer of the same name."""
        self.forget(name)

        def ring() -> None:
            self._timers.pop(name, None)
            call()

        self._timers[name] = asyncio.get_running_loop().call_later(seconds, ring)

    def running(self, name: object) -> bool:
        """Whether a timer of that name is set."""
        return name in self._timers

    def forget(self, name: object) -> None:
        """Cancel a timer, if it is set."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    async def stop(self) -> None:
        """Cancel everything and wait until it has ended, except the task that calls."""
        for name in list(self._timers):
            self.forget(name)
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
