"""Statistics for tutors that answered the same learner turns: intervals first, then p-values.

Everything is paired, because the turns are shared: an unpaired test on the same data throws most of
the evidence away. Resampling draws whole dialogues, because turns of one learner are alike. A turn
that was answered several times still counts once, by the share of its replies that pass.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy  # loads scipy.stats, which takes a second, when it is first used

from quimbot.runs.scorecard import Judged
from quimbot.runs.wilson import Z95

DRAWS = 10_000
FEWEST = 6
"""Six independent outcomes that all went one way are the fewest with p < .05: 2 * .5**6."""
_SEEN = Z95 + 0.841621  # standard errors of a difference seen at .05 with 80 % power


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two tutors did on the same turns, as `ours` minus `theirs`."""

    n: int
    """Learner turns."""
    ours: float
    theirs: float
    low: float
    """Lower end of the 95 % interval of the difference."""
    high: float
    error: float
    """Standard error of the difference."""
    wins: int
    """Turns that ours passed more often."""
    losses: int
    p: float
    """McNemar's exact test, two-sided."""

    @property
    def difference(self) -> float:
        """Ours minus theirs, as a share of the turns."""
        return self.ours - self.theirs

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    @property
    def detectable(self) -> float:
        """Smallest difference that these turns would show with 80 % power."""
        return min(1.0, max(_SEEN * self.error, FEWEST / self.n))

    def turns_for(self, difference: float) -> int:
        """About how many such turns would show a difference with 80 % power."""
        alike = self.n * (_SEEN * self.error / difference) ** 2
        return math.ceil(max(alike, FEWEST / difference))


class Both(NamedTuple):
    """A learner turn that two tutors answered, and the share of each one's replies that pass."""

    item: str
    group: str
    ours: float
    theirs: float


def mcnemar(wins: int, losses: int) -> float:
    """Two-sided exact p-value that wins and losses come from a fair coin."""
    if wins + losses == 0:
        return 1.0
    return float(scipy.stats.binomtest(wins, wins + losses).pvalue)


def paired_bootstrap(
    differences: Sequence[float], groups: Sequence[Hashable], *, seed: int = 0
) -> tuple[float, float, float]:
    """Percentile 95 % interval and standard error of a mean difference; whole groups are drawn.

    Zero is never left out while fewer than six groups differ: so few, all one way, can be chance.
    One group alone leaves everything possible.
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    if len(numbers) == 1:
        return -1.0, 1.0, 1.0
    member = np.array([numbers[group] for group in groups])
    group_sums = np.bincount(member, weights=np.asarray(differences, dtype=float))
    group_sizes = np.bincount(member)
    found = scipy.stats.bootstrap(  # percentiles: BCa has no value where all groups are alike
        (group_sums, group_sizes),
        lambda sums, sizes, axis: sums.sum(axis) / sizes.sum(axis),
        paired=True,
        n_resamples=DRAWS,
        batch=1000,  # keeps memory small for suites with many dialogues
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    low, high = (
        round(float(end), 9) for end in found.confidence_interval
    )  # thirds add up to 1e-17
    if np.count_nonzero(group_sums.round(9)) < FEWEST:
        low, high = min(low, 0.0), max(high, 0.0)
    return low, high, float(found.standard_error)


def compare(
    ours: Sequence[float], theirs: Sequence[float], groups: Sequence[Hashable], *, seed: int = 0
) -> Comparison:
    """Two tutors on the same turns, in the same order: for each, the share that passes."""
    n = len(ours)
    differences = [float(a) - float(b) for a, b in zip(ours, theirs, strict=True)]
    low, high, error = paired_bootstrap(differences, groups, seed=seed)
    wins, losses = sum(gap > 0 for gap in differences), sum(gap < 0 for gap in differences)
    return Comparison(
        n=n,
        ours=sum(ours) / n,
        theirs=sum(theirs) / n,
        low=low,
        high=high,
        error=error,
        wins=wins,
        losses=losses,
        p=mcnemar(wins, losses),
    )


def answers(judged: Sequence[Judged], address: str, measure: str = "") -> list[Judged]:
    """One runtime's replies that can pass or fail, of one measure or of all."""
    return [
        row
        for row in judged
        if row.address == address and row.counts and measure in {"", row.measure}
    ]


def in_common(
    ours: Sequence[Judged],
    theirs: Sequence[Judged],
    held: Callable[[Judged], bool] = lambda row: row.verified,
) -> list[Both]:
    """The turns that two runtimes answered; a sample that only one of them has is left out."""
    other = {_question(row): row for row in theirs}
    by_item: dict[str, list[tuple[Judged, Judged]]] = defaultdict(list)
    for row in ours:
        if _question(row) in other:
            by_item[row.item].append((row, other[_question(row)]))
    return [
        Both(
            item=item,
            group=pairs[0][0].group or item,
            ours=sum(held(row) for row, _ in pairs) / len(pairs),
            theirs=sum(held(row) for _, row in pairs) / len(pairs),
        )
        for item, pairs in by_item.items()
    ]


def paired(turns: Sequence[Both], *, seed: int = 0) -> Comparison | None:
    """Two runtimes on the turns that both answered; none without any."""
    if not turns:
        return None
    return compare(
        [turn.ours for turn in turns],
        [turn.theirs for turn in turns],
        [turn.group for turn in turns],
        seed=seed,
    )


def _question(row: Judged) -> tuple[str, str, int]:
    return row.item, row.measure, row.sample


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return adjusted
