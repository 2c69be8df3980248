"""Shares with their intervals, of single outcomes and of replies."""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np
import scipy  # loads scipy.stats, which takes a second, when it is first used

from quimbot.runs.scorecard import Judged, Rate
from quimbot.runs.wilson import Z95, wilson

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
    outcomes = [held(row) for row in rows]
    low, high = interval(
        outcomes, [row.group or row.item for row in rows], turns=len({row.item for row in rows})
    )
    return Rate(passed=sum(outcomes), n=len(rows), low=low, high=high)


def interval(
    outcomes: Sequence[float], groups: Sequence[Hashable], *, turns: int
) -> tuple[float, float]:
    """Wilson's 95 % interval of a mean, over as many turns as the groups are worth.

    Turns of one dialogue are alike, so that they tell less than as many of different ones. How much
    less shows in the variance between the dialogues (Kish's design effect), and few dialogues show
    it badly (Korn and Graubard, 1998, "Confidence Intervals for Proportions with Small Expected
    Number of Positive Counts Estimated from Survey Data").
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    mean = sum(outcomes) / len(outcomes) if outcomes else 0.0
    worth = float(turns)
    if len(numbers) == 1:
        worth = 1.0
    elif len(numbers) < turns and 0 < mean < 1:
        member = np.array([numbers[group] for group in groups])
        sums = np.bincount(member, weights=np.asarray(outcomes, dtype=float))
        off = sums - mean * np.bincount(member)
        count = len(numbers)
        variance = count / (count - 1) * float(off @ off) / len(outcomes) ** 2
        few = (Z95 / float(scipy.stats.t.ppf(0.975, count - 1))) ** 2
        if variance:
            worth = min(worth, max(1.0, few * mean * (1 - mean) / variance))
    return wilson(mean * worth, worth)
