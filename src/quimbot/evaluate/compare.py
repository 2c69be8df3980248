"""Statistics for tutors that answered the same learner turns: intervals first, then p-values.

Everything is paired, because the turns are shared: an unpaired test on the same data throws most of
the evidence away. Resampling draws whole dialogues, because turns of one learner are alike.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

Z95 = 1.959964
Z80 = 0.841621
DRAWS = 10_000
_FEWEST_DISCORDANT = 6  # six turns that all changed one way are the fewest with p < .05: 2 * .5**6


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two tutors did on the same turns, as `ours` minus `theirs`."""

    n: int
    ours: float
    theirs: float
    low: float
    """Lower end of the 95 % interval of the difference."""
    high: float
    wins: int
    """Turns that only ours passed."""
    losses: int
    p: float
    """McNemar's exact test, two-sided."""
    detectable: float
    """Smallest difference that these turns would show with 80 % power."""

    @property
    def difference(self) -> float:
        """Ours minus theirs, as a share of the turns."""
        return self.ours - self.theirs

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def wilson(passed: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a rate, 95 % wide; nothing seen leaves everything possible."""
    if n == 0:
        return 0.0, 1.0
    rate = passed / n
    scale = 1 + z**2 / n
    middle = (rate + z**2 / (2 * n)) / scale
    half = z * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n * n)) / scale
    low = 0.0 if passed == 0 else middle - half  # exact ends, where rounding leaves 1e-17
    high = 1.0 if passed == n else middle + half
    return low, high


def mcnemar(wins: int, losses: int) -> float:
    """Two-sided exact p-value that wins and losses come from a fair coin."""
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << n))


def paired_bootstrap(
    differences: Sequence[float], groups: Sequence[Hashable], *, seed: int = 0, draws: int = DRAWS
) -> tuple[float, float, float]:
    """Percentile 95 % interval and standard error of a mean difference; whole groups are drawn."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    member = np.array([numbers[group] for group in groups])
    group_sums = np.bincount(member, weights=np.asarray(differences, dtype=float))
    group_sizes = np.bincount(member)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for start in range(0, draws, 1000):  # blocks keep memory small for suites with many dialogues
        drawn = rng.integers(len(group_sums), size=(min(1000, draws - start), len(group_sums)))
        means[start : start + len(drawn)] = group_sums[drawn].sum(1) / group_sizes[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high), float(means.std())


def compare(
    ours: Sequence[bool], theirs: Sequence[bool], groups: Sequence[Hashable], *, seed: int = 0
) -> Comparison:
    """Two tutors on the same turns, in the same order."""
    n = len(ours)
    differences = [float(a) - float(b) for a, b in zip(ours, theirs, strict=True)]
    low, high, error = paired_bootstrap(differences, groups, seed=seed)
    wins, losses = differences.count(1.0), differences.count(-1.0)
    return Comparison(
        n=n,
        ours=sum(ours) / n,
        theirs=sum(theirs) / n,
        low=low,
        high=high,
        wins=wins,
        losses=losses,
        p=mcnemar(wins, losses),
        detectable=min(1.0, max((Z95 + Z80) * error, _FEWEST_DISCORDANT / n)),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return adjusted
