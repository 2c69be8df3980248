"""How far raters agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number.

A label is anything that can be compared; only equal labels agree (nominal scale). Intervals come
from drawing the items anew, because it is the items that would be others next time.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 2000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement on `n` items that were judged at least twice."""

    n: int
    observed: float
    """Share of the pairs of judgements that are equal, chance left in."""
    value: float | None
    """Kappa or alpha: 1 is perfect, 0 is chance; none when every judgement is the same."""
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], *, seed: int = 0
) -> Agreement:
    """Two raters on the same items, in the same order (Cohen, 1960)."""
    pairs = list(zip(first, second, strict=True))
    observed = sum(one == two for one, two in pairs) / len(pairs) if pairs else 0.0
    return _with_interval(pairs, observed, _kappa, seed)


def krippendorff_alpha(items: Sequence[Mapping[str, Hashable]], *, seed: int = 0) -> Agreement:
    """Any raters, each on the items they judged: one mapping of rater to label an item.

    Items with fewer than two labels are left out (Krippendorff, 2011, "Computing Krippendorff's
    Alpha-Reliability").
    """
    judged = [tuple(labels.values()) for labels in items if len(labels) > 1]
    together = [_pairs_within(labels) for labels in judged]
    observed = sum(equal for equal, _ in together) / max(1, sum(of for _, of in together))
    return _with_interval(judged, observed, _alpha, seed)


def _with_interval(
    items: Sequence[tuple[Hashable, ...]],
    observed: float,
    measure: Callable[[Sequence[tuple[Hashable, ...]]], float | None],
    seed: int,
) -> Agreement:
    value = measure(items)
    low = high = None
    if value is not None:
        chance = np.random.default_rng(seed)
        drawn = (
            measure([items[i] for i in chance.integers(len(items), size=len(items))])
            for _ in range(DRAWS)
        )
        low, high = map(float, np.quantile([v for v in drawn if v is not None], [0.025, 0.975]))
    return Agreement(n=len(items), observed=observed, value=value, low=low, high=high)


def _kappa(pairs: Sequence[tuple[Hashable, ...]]) -> float | None:
    n = len(pairs)
    ours, theirs = (Counter(pair[rater] for pair in pairs) for rater in (0, 1))
    by_chance = sum(ours[label] * theirs[label] for label in ours)
    if by_chance == n * n:
        return None
    return (n * sum(one == two for one, two in pairs) - by_chance) / (n * n - by_chance)


def _alpha(items: Sequence[tuple[Hashable, ...]]) -> float | None:
    """1 - (n - 1) * (n - sum of coincidences) / (n² - sum of squared label counts)."""
    counts = Counter(label for labels in items for label in labels)
    n = counts.total()
    apart = n * n - sum(count * count for count in counts.values())
    if apart == 0:
        return None
    equal = sum(_pairs_within(labels)[0] / (len(labels) - 1) for labels in items)
    return 1 - (n - 1) * (n - equal) / apart


def _pairs_within(labels: tuple[Hashable, ...]) -> tuple[int, int]:
    """Ordered pairs of an item's labels that are equal, and all of them."""
    equal = sum(count * (count - 1) for count in Counter(labels).values())
    return equal, len(labels) * (len(labels) - 1)
