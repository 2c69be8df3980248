"""Who may have the model now: a few at once, a few more in a queue, the others are told to wait."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from quimbot.serve.fair_queue import FairQueue

_FIRST_GUESS_S = 5.0
"""About one reply of a small model on a small machine."""
_WEIGHT = 0.2
"""Of the newest reply in the mean: the last ten or so decide."""


class Busy(Exception):  # noqa: N818 - a state, not a fault
    """The queue is full."""

    def __init__(self, wait_s: int) -> None:
        super().__init__()
        self.wait_s = wait_s
        """After which those who wait now have had their turn, as replies take at present."""


class Draining(Exception):  # noqa: N818 - a state, not a fault
    """The server is about to stop and takes nothing new."""


class Gate:
    """`at_once` inside, at most `waiting` more in the queue, where learners take turns.

    When the queue is full, the learner of whom most waits gives up a place to one of whom less
    does. What runs in the background waits until no learner does, leaves a place free for the next
    one, and is sent away first.
    """

    def __init__(
        self, *, at_once: int, waiting: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once = self._free = at_once
        self._kept = min(1, at_once - 1)
        """Places that the background leaves free."""
        self._waiting = waiting
        self._clock = clock
        self._learners: FairQueue[asyncio.Future[None]] = FairQueue()
        self._background: FairQueue[asyncio.Future[None]] = FairQueue()
        self._draining = False
        self._mean_s = _FIRST_GUESS_S
        self.served = 0
        """How many turns were taken and left."""

    @property
    def free(self) -> int:
        """How many could come in now without waiting."""
        return self._free

    @property
    def running(self) -> int:
        """How many are inside."""
        return self._at_once - self._free

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._learners) + len(self._background)

    @property
    def draining(self) -> bool:
        """Whether the server is about to stop."""
        return self._draining

    @property
    def wait_s(self) -> int:
        """Seconds until a place is free for one who comes last, as replies take at present."""
        return max(1, math.ceil((self.queued + 1) * self._mean_s / self._at_once))

    @asynccontextmanager
    async def turn(self, learner: str = "", *, background: bool = False) -> AsyncIterator[None]:
        """A learner's turn, from when it comes until the block ends.

        Raises:
            Busy: the queue is full; also raised to one who waits and gives up the place.
            Draining: the server stops; also raised to those who wait when that begins.
        """
        await self._enter(learner, background)
        came = self._clock()
        try:
            yield
        finally:
            self.served += 1
            self._mean_s += max(_WEIGHT, 1 / self.served) * (self._clock() - came - self._mean_s)
            self._leave()

    def drain(self) -> None:
        """Take nothing new and send the queue away; those inside may finish."""
        self._draining = True
        for queue in (self._learners, self._background):
            while queue:
                _send_away(queue.next(), Draining())

    async def _enter(self, learner: str, background: bool) -> None:
        if self._draining:
            raise Draining
        if self._free > (self._kept if background else 0):
            self._free -= 1
            return
        queue = self._background if background else self._learners
        if self.queued >= self._waiting and not self._made_room(learner, queue):
            raise Busy(self.wait_s)
        turn = asyncio.get_running_loop().create_future()
        queue.add(learner, turn)
        try:
            await turn
        except asyncio.CancelledError:
            waited = queue.remove(learner, turn)
            if not waited and not turn.cancelled() and turn.exception() is None:
                self._leave()  # the turn had come in the moment its owner left
            raise

    def _made_room(self, learner: str, queue: FairQueue[asyncio.Future[None]]) -> bool:
        """Whether somebody who should rather wait outside has given up a place."""
        if self._background and queue is self._learners:
            longest, queue = self._background.longest(), self._background
        else:
            longest = queue.longest()
            if queue.count(longest) <= queue.count(learner) + 1:
                return False
        _send_away(queue.last(longest), Busy(self.wait_s))
        return True

    def _leave(self) -> None:
        self._free += 1
        for queue, kept in ((self._learners, 0), (self._background, self._kept)):
            while queue and self._free > kept:
                turn = queue.next()
                if not turn.done():
                    self._free -= 1
                    turn.set_result(None)


def _send_away(turn: asyncio.Future[None], why: Exception) -> None:
    if not turn.done():
        turn.set_exception(why)
