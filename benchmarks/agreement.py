"""Do the intervals of kappa and alpha hold the truth? Ours beside drawing the items anew.

    python benchmarks/agreement.py

Made-up raters repeat the true label with a known chance and else answer by the base rates, and
leave some items out; the truth is what the same raters agree on over 300,000 items.
"""

import math
from itertools import product

import numpy as np

from quimbot.evaluate.agreement import Agreement, krippendorff_alpha

REVIEWS = 250
DRAWS = 100
LEFT_OUT = 0.15
BASE_RATES = {"two tutors, tie, bad": (0.4, 0.35, 0.15, 0.1), "yes is rare": (0.9, 0.1)}
_chance = np.random.default_rng(3)


def reviewed(rates: tuple[float, ...], raters: int, items: int, agree: float) -> np.ndarray:
    """How many gave each label to each item, (items, labels)."""
    truth = _chance.choice(len(rates), items, p=rates)
    guessed = _chance.choice(len(rates), (items, raters), p=rates)
    said = np.where(_chance.random((items, raters)) < math.sqrt(agree), truth[:, None], guessed)
    given = _chance.random((items, raters)) >= LEFT_OUT
    return np.stack([((said == label) & given).sum(1) for label in range(len(rates))], axis=1)


def alpha(counts: np.ndarray) -> float:
    """Krippendorff's alpha of counts, for many items at once; nan when all say the same."""
    counts = counts[counts.sum(1) > 1]
    n = counts.sum()
    same = ((counts * (counts - 1)).sum(1) / (counts.sum(1) - 1)).sum()
    apart = n * n - (counts.sum(0) ** 2).sum()
    return 1 - (n - 1) * (n - same) / apart if apart else math.nan


def ours(counts: np.ndarray) -> Agreement:
    """What the product says of the same review."""
    return krippendorff_alpha(
        [dict(enumerate(np.repeat(np.arange(len(row)), row).tolist())) for row in counts]
    )


def drawn_anew(counts: np.ndarray) -> tuple[float, float]:
    """The percentile interval of items drawn anew."""
    drawn = [alpha(counts[_chance.integers(len(counts), size=len(counts))]) for _ in range(DRAWS)]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return low - 1e-9, high + 1e-9


def main() -> None:
    """A row for each kind of review: the truth, and how often each interval held it."""
    print("labels                raters items truth   ours  anew")
    for (name, rates), raters, items, agree in product(
        BASE_RATES.items(), (2, 3, 5), (24, 60), (0.3, 0.7, 0.95)
    ):
        truth = alpha(reviewed(rates, raters, 300_000, agree))
        held = []
        while len(held) < REVIEWS:
            counts = reviewed(rates, raters, items, agree)
            found = ours(counts)
            if found.value is None or found.low is None or found.high is None:
                continue
            low, high = drawn_anew(counts)
            held.append((found.low <= truth <= found.high, low <= truth <= high))
        mine, anew = np.mean(held, axis=0)
        print(f"{name:22}{raters:5} {items:5}  {truth:5.2f}  {mine:5.1%} {anew:5.1%}")


if __name__ == "__main__":
    main()
