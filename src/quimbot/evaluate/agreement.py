"""How far raters agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number.

A label is anything that can be compared; only equal labels agree (nominal scale). Both measures are
one minus the disagreement seen over the disagreement by chance. Their interval is Wilson's for what
is seen, over the items, beside the chance that was seen: drawing the items anew instead gives an
interval without width where all agree, and one far too narrow where an answer is rare.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from quimbot.runs.wilson import wilson


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement on `n` items that were judged at least twice."""

    n: int
    observed: float
    """How often a judgement is like another of the same item, chance left in."""
    value: float | None
    """Kappa or alpha: 1 is perfect, 0 is chance; none when every judgement is the same."""
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> Agreement:
    """Two raters on the same items, in the same order (Cohen, 1960)."""
    n = len(first)
    same = sum(one == other for one, other in zip(first, second, strict=True))
    ours, theirs = Counter(first), Counter(second)
    by_chance = sum(ours[label] * theirs[label] for label in ours)
    return _beyond_chance(n, same / max(1, n), apart=n * n - by_chance, of=n * n)


def krippendorff_alpha(items: Sequence[Mapping[str, Hashable]]) -> Agreement:
    """Any raters, each on the items they judged: one mapping of rater to label an item.

    Items with fewer than two labels are left out (Krippendorff, 2011, "Computing Krippendorff's
    Alpha-Reliability").
    """
    judged = [Counter(labels.values()) for labels in items if len(labels) > 1]
    counts = Counter(label for labels in judged for label in labels.elements())
    n = counts.total()
    same = sum(
        count * (count - 1) / (labels.total() - 1) for labels in judged for count in labels.values()
    )
    apart = n * n - sum(count * count for count in counts.values())
    return _beyond_chance(len(judged), same / max(1, n), apart=apart, of=n * (n - 1))


def _beyond_chance(n: int, observed: float, *, apart: int, of: int) -> Agreement:
    """The agreement on n items, where `apart` of `of` pairs of labels differ by chance."""
    if apart == 0:
        return Agreement(n=n, observed=observed, value=None, low=None, high=None)
    value, low, high = (
        max(-1.0, round(1 - (1 - seen) * of / apart, 12) + 0.0)  # chance is 0, not -1e-16
        for seen in (observed, *wilson(observed * n, n))
    )
    return Agreement(n=n, observed=observed, value=value, low=low, high=high)
