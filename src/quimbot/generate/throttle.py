"""How many answers may be under way at one provider: more while that brings more, fewer when told.

By Little's law the answers a second are those under way divided by how long each takes. A limit
grows while that rate grows with it, so a server that queues in silence is not asked for more than
it has slots; a server that says it is busy is asked for less (additive increase, multiplicative
decrease: Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance
in computer networks", 1989).
"""

_START = 16
_LEAST_WINDOW = 8  # answers that are measured before the limit changes
_GROWTH = 2.0  # until a limit brought no more, or the server was busy
_STEP = 1.25  # after that
_WORTH = 0.2  # part of the growth of a limit that must come back as a higher rate
_SHRINK = 0.7
_QUIET = 10  # windows without change after a limit that brought nothing


class Throttle:
    """The limit of one provider, adapted to its answers; `most` is never passed."""

    def __init__(self, most: int) -> None:
        self.limit = min(most, _START)
        """Answers that may be under way."""
        self._most = most
        self._growth = _GROWTH
        self._took: list[float] = []
        self._quiet = 0
        self._smaller: tuple[int, float] | None = None
        self._cut_at = float("-inf")

    def answered(self, seconds: float) -> None:
        """An answer came after so long."""
        self._took.append(seconds)
        if len(self._took) < max(self.limit, _LEAST_WINDOW):
            return
        rate = self.limit * len(self._took) / max(sum(self._took), 1e-9)
        self._took.clear()
        if self._smaller and self._in_vain(rate, *self._smaller):
            self.limit, self._smaller = self._smaller[0], None
            self._growth, self._quiet = _STEP, _QUIET
        elif self._quiet:
            self._quiet -= 1
        elif self.limit < self._most:
            self._smaller = (self.limit, rate)
            self.limit = min(self._most, max(self.limit + 1, int(self.limit * self._growth)))
        else:
            self._smaller = None

    def busy(self, asked_at: float, now: float) -> None:
        """The server said that it is busy; of those asked together, the first one counts."""
        if asked_at <= self._cut_at:
            return
        self._cut_at = now
        self.limit = max(1, int(self.limit * _SHRINK))
        self._growth, self._quiet, self._smaller = _STEP, 1, None
        self._took.clear()

    def _in_vain(self, rate: float, limit: int, rate_before: float) -> bool:
        """Whether the rate did not follow the limit."""
        return rate / rate_before - 1 < _WORTH * (self.limit / limit - 1)
