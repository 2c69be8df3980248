"""Who may have the model now: a few at once, a few more in a queue, the others are told to wait."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy(Exception):  # noqa: N818 - a state, not a fault
    """The queue is full."""


class Draining(Exception):  # noqa: N818 - a state, not a fault
    """The server is about to stop and takes nothing new."""


class Gate:
    """First come, first served; `at_once` inside, at most `waiting` more in the queue."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._waiting = waiting
        self._queue: deque[asyncio.Future[None]] = deque()
        self._draining = False
        self.served = 0
        """How many turns were taken and left."""

    @property
    def free(self) -> int:
        """How many could come in now without waiting."""
        return self._free

    @property
    def draining(self) -> bool:
        """Whether the server is about to stop."""
        return self._draining

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One's turn, from when it comes until the block ends.

        Raises:
            Busy: the queue is full.
            Draining: the server stops; also raised to those who wait when that begins.
        """
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    def drain(self) -> None:
        """Take nothing new and send the queue away; those inside may finish."""
        self._draining = True
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_exception(Draining)

    async def _enter(self) -> None:
        if self._draining:
            raise Draining
        if self._free:
            self._free -= 1
            return
        if len(self._queue) >= self._waiting:
            raise Busy
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._queue:
                self._queue.remove(turn)
            elif turn.done() and not turn.cancelled() and turn.exception() is None:
                self._leave()  # the turn had come in the moment its owner left
            raise

    def _leave(self) -> None:
        self.served += 1
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
