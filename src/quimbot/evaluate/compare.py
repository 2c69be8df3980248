"""Statistics for tutors that answered the same learner turns: intervals first, then p-values.

Everything is paired, because the turns are shared: an unpaired test on the same data throws most of
the evidence away. Interval and test take whole dialogues, because turns of one learner are alike. A
turn that was answered several times still counts once, by the share of its replies that pass.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import scipy  # loads scipy.stats, which takes a second, when it is first used

from quimbot.runs.scorecard import Judged

DRAWS = 10_000
LEVEL = 0.95
FEWEST = 6
"""Six independent outcomes that all went one way are the fewest with p < .05: 2 * .5**6."""
_EXPECTED = 8
"""So many wins must be expected to get at least six in 80 % of samples (Poisson)."""
_Z80 = 0.841621
_MANY = 1000  # dialogues, of which it matters little how many more there are


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
    reach: float
    """Standard errors from the difference to an end of its interval."""
    of: int = 1
    """Comparisons that the interval is made for: so many such hold at once in 95 %."""
    wins: int
    """Turns that ours passed more often."""
    losses: int
    p: float
    """McNemar's exact test by dialogue, two-sided."""

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
        still, rising = self._spread()
        scale = ((self.reach + _Z80) * self.error) ** 2
        alike = scale * rising / 2 + math.sqrt((scale * rising / 2) ** 2 + scale * still)
        return min(1.0, max(alike, _EXPECTED / self.n))

    def turns_for(self, difference: float) -> int:
        """About how many such turns would show a difference with 80 % power."""
        still, rising = self._spread()
        alike = ((_student(_MANY, self.of) + _Z80) * self.error / difference) ** 2
        return math.ceil(
            max(self.n * alike * (still + rising * difference), _EXPECTED / difference)
        )

    def _spread(self) -> tuple[float, float]:
        """How the variance of a difference of x compares to that found: the first + x the second.

        As that of turns that disagree by chance: rare passes disagree more often once one tutor has
        more of them, and a difference that is there is harder to see than none.
        """
        ours, theirs = ((rate * self.n + 1) / (self.n + 2) for rate in (self.ours, self.theirs))
        rate = min((ours + theirs) / 2, 1 - (ours + theirs) / 2)
        found = ours * (1 - theirs) + theirs * (1 - ours)
        return 2 * rate * (1 - rate) / found, (1 - 2 * rate) / found


class Both(NamedTuple):
    """A learner turn that two tutors answered, and the share of each one's replies that pass."""

    item: str
    group: str
    ours: float
    theirs: float


def mcnemar(differences: Sequence[float], groups: Sequence[Hashable]) -> float:
    """Two-sided exact p-value that a fair coin gave each group to one side or the other.

    With a turn a group this is McNemar's exact test of wins against losses. With several it is the
    randomisation test that swaps the tutors group by group (Fisher, 1935): counting its turns one
    by one would take the turns of one learner for independent ones.
    """
    sums: dict[Hashable, Fraction] = defaultdict(Fraction)
    for difference, group in zip(differences, groups, strict=True):
        sums[group] += Fraction(difference).limit_denominator(1000)  # shares of a few replies
    unit = math.lcm(*(total.denominator for total in sums.values()))
    weights = [int(total * unit) for total in sums.values() if total]
    chances = np.ones(1)  # of the sums from -reach to +reach, two apart
    for weight in map(abs, weights):
        gap = np.zeros(weight)
        chances = (np.concatenate([chances, gap]) + np.concatenate([gap, chances])) / 2
    reached = np.abs(2 * np.arange(len(chances)) - len(chances) + 1)
    return min(1.0, float(chances[reached >= abs(sum(weights))].sum()))


def paired_bootstrap(
    differences: Sequence[float], groups: Sequence[Hashable], *, of: int = 1, seed: int = 0
) -> tuple[float, float, float]:
    """95 % interval and standard error of a mean difference of shares; whole groups are drawn.

    The percentiles are widened as Student's t is over the normal (Hesterberg, 2015, "What Teachers
    Should Know about the Bootstrap"), and one turn won and one lost are added, so that tutors that
    never differed are not taken for equal (Bonett and Price, 2012, "Adjusted Wald Confidence
    Interval for a Difference of Binomial Proportions Based on Paired Data"). Zero is never left out
    while fewer than six groups differ: so few, all one way, can be chance. One group alone leaves
    everything possible.

    Args:
        differences: One a turn, from -1 to 1.
        groups: The dialogue of each.
        of: How many such intervals are to hold their truths at once in 95 % (Bonferroni).
        seed: Of the draws.
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    if len(numbers) == 1:
        return -1.0, 1.0, 1.0
    member = np.array([numbers[group] for group in groups])
    sums = np.bincount(member, weights=np.asarray(differences, dtype=float)).round(9)
    side = next((sign for sign in np.sign(sums) if sign), 1.0)  # swapped tutors mirror every draw
    found = scipy.stats.bootstrap(
        (np.append(sums, [side, -side]), np.append(np.bincount(member), [1, 1])),
        lambda sums, sizes, axis: sums.sum(axis) / sizes.sum(axis),
        paired=True,
        n_resamples=DRAWS,
        batch=1000,  # keeps memory small for suites with many dialogues
        confidence_level=1 - 2 * float(scipy.stats.norm.sf(_student(len(numbers), of))),
        method="percentile",  # BCa has no value where all groups are alike, and covers no better
        rng=np.random.default_rng(seed),
    )
    low, high = (
        round(float(end), 9) for end in found.confidence_interval
    )  # thirds add up to 1e-17
    if np.count_nonzero(sums) < FEWEST:
        low, high = min(low, 0.0), max(high, 0.0)
    return low, high, float(found.standard_error)


def _student(groups: int, of: int) -> float:
    """Standard errors to an end of the interval, where the error is that of drawing so many groups.

    Drawn as they are, they vary less than groups do that are drawn anew.
    """
    quantile = scipy.stats.t.ppf(1 - (1 - LEVEL) / (2 * of), groups - 1)
    return float(quantile * math.sqrt(groups / (groups - 1)))


def compare(
    ours: Sequence[float],
    theirs: Sequence[float],
    groups: Sequence[Hashable],
    *,
    of: int = 1,
    seed: int = 0,
) -> Comparison:
    """Two tutors on the same turns, in the same order: for each, the share that passes."""
    n = len(ours)
    differences = [float(a) - float(b) for a, b in zip(ours, theirs, strict=True)]
    low, high, error = paired_bootstrap(differences, groups, of=of, seed=seed)
    reach = _student(max(2, len(set(groups))), of)
    return Comparison(
        n=n,
        ours=sum(ours) / n,
        theirs=sum(theirs) / n,
        low=low,
        high=high,
        error=error,
        reach=reach,
        of=of,
        wins=sum(gap > 0 for gap in differences),
        losses=sum(gap < 0 for gap in differences),
        p=mcnemar(differences, groups),
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


def paired(turns: Sequence[Both], *, of: int = 1, seed: int = 0) -> Comparison | None:
    """Two runtimes on the turns that both answered, one of so many looked at; none without any."""
    if not turns:
        return None
    return compare(
        [turn.ours for turn in turns],
        [turn.theirs for turn in turns],
        [turn.group for turn in turns],
        of=of,
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
