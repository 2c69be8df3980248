"""Are the intervals and tests of `compare` and `select` right? Tutors with known truths say.

    python benchmarks/intervals.py [--trials 300]

A reply passes where a sum of normal parts falls below a threshold: how hard the dialogue is for
both tutors, and for each; how hard the turn is; and luck. So every rate and every difference is
known beforehand, and the product's own functions are asked about it. A right 95 % interval holds
the truth in 95 of 100 trials (300 trials tell that to about 2.5); a right test at .05 finds
something in at most 5 of 100 where nothing is. Peers (plain percentiles, Wilson over turns, McNemar
over turns) answer the same data.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy

from quimbot.evaluate import compare
from quimbot.evaluate.rates import interval
from quimbot.runs.wilson import wilson

HALF = 0.5
POWER_AT = 0.05


@dataclass(frozen=True)
class Case:
    """Dialogues and tutors to draw."""

    dialogues: int
    turns: str
    """A dialogue: `1`, `3`, or `1-10`, as uneven as in the shipped suite."""
    rates: tuple[float, ...]
    alike: float = 0.15
    """Share of the variance that a dialogue's turns have in common; the demo's tutors have .1-.2"""
    samples: int = 1

    def __str__(self) -> str:
        rates = " ".join(f"{rate:.2f}" for rate in self.rates[:2])
        return f"{self.dialogues:>3} x {self.turns:<4} {rates} {self.alike:.2f} {self.samples}"


def drawn(case: Case, chance: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """For each tutor the share of passing replies a turn, and the dialogue of each turn."""
    sizes = {
        "1": np.ones(case.dialogues, int),
        "3": np.full(case.dialogues, 3),
        "1-10": chance.geometric(0.27, case.dialogues).clip(max=10),
    }[case.turns]
    group = np.repeat(np.arange(case.dialogues), sizes)
    alike = case.alike if case.turns != "1" else 0.0

    def part(share: float, *shape: int) -> np.ndarray:
        return np.sqrt(share) * chance.standard_normal(shape)

    both = part(alike * HALF, case.dialogues)[group] + part((1 - alike) * HALF, len(group))
    shares = []
    for rate in case.rates:
        own = both + part(alike * HALF, case.dialogues)[group]
        luck = part((1 - alike) * HALF, case.samples, len(group))
        shares.append((own + luck < scipy.stats.norm.ppf(rate)).mean(axis=0))
    return shares, group


def percentiles(gaps: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """The plain percentile interval, whole dialogues drawn."""
    sums, sizes = np.bincount(group, weights=gaps), np.bincount(group)
    picks = np.random.default_rng(0).integers(len(sums), size=(compare.DRAWS, len(sums)))
    low, high = np.quantile(sums[picks].sum(1) / sizes[picks].sum(1), [0.025, 0.975])
    return float(low), float(high)


def by_turn(gaps: np.ndarray) -> float:
    """McNemar's test that takes every turn for independent."""
    return compare.mcnemar(gaps.tolist(), range(len(gaps)))


def holds(ends: tuple[float, float], truth: float) -> bool:
    """Whether an interval holds a truth."""
    return ends[0] - 1e-9 <= truth <= ends[1] + 1e-9


def of_two(case: Case, trials: int, seed: int) -> list[float]:
    """Shares of the trials in which interval, rate and test are right, and their peers'."""
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(trials):
        (ours, theirs), group = drawn(case, chance)
        found = compare.compare(ours.tolist(), theirs.tolist(), group.tolist())
        truth = case.rates[0] - case.rates[1]
        gaps = ours - theirs
        rows.append(
            (
                holds((found.low, found.high), truth),
                holds(percentiles(gaps, group), truth),
                holds(interval(ours.tolist(), group.tolist(), turns=len(ours)), case.rates[0]),
                holds(wilson(ours.sum(), len(ours)), case.rates[0]),
                found.p <= POWER_AT,
                by_turn(gaps) <= POWER_AT,
            )
        )
    return [100 * float(share) for share in np.mean(rows, axis=0)]


def of_many(case: Case, trials: int, seed: int) -> list[float]:
    """What goes wrong when many equal tutors are compared, and the best one is picked."""
    chance = np.random.default_rng(seed)
    rows = []
    base, *field = range(len(case.rates))
    for _ in range(trials):
        shares, group = drawn(case, chance)
        turns = [each.tolist() for each in shares]
        groups = group.tolist()
        pairs = [
            compare.compare(turns[i], turns[j], groups)
            for j, i in combinations(range(len(turns)), 2)
        ]
        adjusted = compare.holm([pair.p for pair in pairs])
        first = max(field, key=lambda i: shares[i].mean())
        plain = compare.compare(turns[first], turns[base], groups)
        wide = compare.compare(turns[first], turns[base], groups, of=len(field))
        rows.append(
            (
                any(pair.shown for pair in pairs),
                any(p <= POWER_AT for p in adjusted),
                any(pair.shown and p <= POWER_AT for pair, p in zip(pairs, adjusted, strict=True)),
                plain.low <= 0,
                wide.low <= 0,
                plain.difference,
            )
        )
    return [100 * float(share) for share in np.mean(rows, axis=0)]


def of_power(case: Case, trials: int, seed: int) -> tuple[float, float]:
    """The middle `these turns would show` at no difference, and how often such a one is shown."""
    chance = np.random.default_rng(seed)
    rate = case.rates[0]

    def found(case: Case) -> Iterator[compare.Comparison]:
        for _ in range(trials):
            (ours, theirs), group = drawn(case, chance)
            yield compare.compare(ours.tolist(), theirs.tolist(), group.tolist())

    said = float(np.median([each.detectable for each in found(case)]))
    there = Case(case.dialogues, case.turns, (rate + said, rate), case.alike, case.samples)
    return 100 * said, 100 * float(np.mean([each.low > 0 for each in found(there)]))


TWO = [
    Case(dialogues, turns, rates)
    for dialogues, turns in ((30, "1"), (60, "1"), (240, "1"), (20, "1-10"), (62, "1-10"))
    for rates in ((0.02, 0.02), (0.06, 0.02), (0.5, 0.5), (0.7, 0.6), (0.9, 0.98))
] + [
    Case(10, "3", (0.7, 0.6)),
    Case(62, "1-10", (0.35, 0.35), 0.4),
    Case(62, "1-10", (0.6, 0.6), samples=3),
]
POWER = [
    Case(30, "1", (0.4, 0.4)),
    Case(240, "1", (0.4, 0.4)),
    Case(240, "1", (0.02, 0.02)),
    Case(20, "1-10", (0.4, 0.4)),
    Case(62, "1-10", (0.4, 0.4)),
]
MANY = [Case(60, "1", (0.4,) * 9), Case(62, "1-10", (0.4,) * 9), Case(62, "1-10", (0.05,) * 9)]


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--draws", type=int, default=1000, help="of each bootstrap")
    asked = parser.parse_args()
    compare.DRAWS = asked.draws
    print("Intervals that hold the truth, and p <= .05, in % of trials (peers in brackets)")
    print("dialogues x turns, rates, alike, samples | difference | rate | test")
    for number, case in enumerate(TWO):
        ours, plain, rate, turns, p, flat = of_two(case, asked.trials, number)
        pairs = ((ours, plain), (rate, turns), (p, flat))
        told = " | ".join(f"{found:5.1f} ({peer:5.1f})" for found, peer in pairs)
        print(f"{case} | {told}", flush=True)
    print("\nPower at `these turns would show` (80 % meant)")
    for number, case in enumerate(POWER):
        said, power = of_power(case, asked.trials, number)
        print(f"{case} | {said:4.1f} points | {power:5.1f} %", flush=True)
    print("\nNine equal tutors: any pair by interval, by Holm, by both | best of 8 over the base:")
    print("interval holds zero, the same for all 8 at once | its lead in points")
    for number, case in enumerate(MANY):
        one, test, both, plain, wide, lead = of_many(case, max(1, asked.trials // 5), number)
        print(
            f"{case} | {one:4.1f} {test:4.1f} {both:4.1f} | {plain:5.1f} {wide:5.1f} | {lead:+.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
