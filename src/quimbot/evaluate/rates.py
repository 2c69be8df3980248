"""Shares with their intervals, of single outcomes and of replies."""

import math
from collections.abc import Callable, Iterable, Sequence

from quimbot.runs.scorecard import Judged, Rate
from quimbot.runs.wilson import wilson

FEW = 10
"""Turns under which a rate is shown in grey."""


def turns_of(rate: Rate, samples: int) -> int:
    """How many turns the replies of a rate are to, when each was asked several times."""
    return math.ceil(rate.n / samples)


def rate(outcomes: Iterable[bool]) -> Rate:
    """How many of the outcomes are true."""
    held = list(outcomes)
    return Rate.of(sum(held), len(held))


def rate_of(rows: Sequence[Judged], held: Callable[[Judged], bool]) -> Rate:
    """The share of replies; several to one turn are not more turns, and narrow no interval."""
    passed, n = sum(map(held, rows)), len(rows)
    turns = len({row.item for row in rows})
    low, high = wilson(round(passed * turns / n) if n else 0, turns)
    return Rate(passed=passed, n=n, low=low, high=high)
