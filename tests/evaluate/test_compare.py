"""Intervals and tests against known values and brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.evaluate.compare import compare, holm, mcnemar, paired_bootstrap, wilson

counts = st.integers(0, 200)


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)  # published by Newcombe (1998), method 3, and the usual tables
def test_wilson_gives_the_published_intervals(passed: int, n: int, low: float, high: float) -> None:
    assert wilson(passed, n) == pytest.approx((low, high), abs=5e-5)


@given(n=st.integers(1, 300), share=st.floats(0, 1))
def test_wilson_holds_its_rate_and_mirrors(n: int, share: float) -> None:
    passed = round(n * share)
    low, high = wilson(passed, n)
    assert 0 <= low <= passed / n <= high <= 1
    assert wilson(n - passed, n) == pytest.approx((1 - high, 1 - low))


def test_nothing_seen_leaves_everything_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(wins=st.integers(0, 9), losses=st.integers(0, 9))
def test_mcnemar_equals_counting_all_coin_tosses(wins: int, losses: int) -> None:
    n = wins + losses
    far = abs(wins - losses)
    tosses = itertools.product((-1, 1), repeat=n) if n < 13 else None
    if tosses is None:
        expected = sum(math.comb(n, k) for k in range(n + 1) if abs(n - 2 * k) >= far) / 2**n
    else:
        expected = sum(abs(sum(toss)) >= far for toss in tosses) / 2**n
    assert mcnemar(wins, losses) == pytest.approx(min(1.0, expected))


def test_mcnemar_known_value() -> None:
    assert mcnemar(10, 2) == pytest.approx(0.03857421875)


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), min_size=1, max_size=40)
)
def test_swapping_tutors_mirrors_the_comparison(rows: list[tuple[bool, bool, int]]) -> None:
    ours, theirs, groups = zip(*rows, strict=True)
    there, back = compare(ours, theirs, groups), compare(theirs, ours, groups)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert there.low == pytest.approx(-back.high, abs=0.02)
    assert there.low - 1e-9 <= there.difference <= there.high + 1e-9 or len(set(groups)) < 6


def test_identical_tutors_show_nothing_and_say_what_could_be_seen() -> None:
    same = compare([True, False] * 20, [True, False] * 20, range(40))
    assert (same.low, same.high, same.p, same.shown) == (0.0, 0.0, 1.0, False)
    assert same.detectable == 6 / 40


def test_bootstrap_is_seeded_and_near_the_normal_interval() -> None:
    rng = np.random.default_rng(1)
    differences = rng.choice([-1, 0, 1], size=400, p=[0.1, 0.6, 0.3]).astype(float).tolist()
    low, high, error = paired_bootstrap(differences, range(400), seed=3)
    assert (low, high, error) == paired_bootstrap(differences, range(400), seed=3)
    mean, expected = np.mean(differences), np.std(differences) / 20
    assert error == pytest.approx(expected, rel=0.05)
    assert (low, high) == pytest.approx((mean - 1.96 * expected, mean + 1.96 * expected), abs=0.01)


def test_bootstrap_draws_whole_groups() -> None:
    """Forty turns of four dialogues tell no more than four independent turns."""
    four = [1.0, 1.0, 0.0, 0.0]
    repeated = [value for value in four for _ in range(10)]
    groups = [group for group in range(4) for _ in range(10)]
    assert paired_bootstrap(repeated, groups) == pytest.approx(paired_bootstrap(four, range(4)))


def test_holm_gives_the_textbook_values() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_value_smaller_and_keeps_the_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(value <= new <= 1 for value, new in zip(values, adjusted, strict=True))
    assert adjusted == [x for _, x in sorted(zip(range(len(values)), adjusted, strict=True))]
    by_value = sorted(zip(values, adjusted, strict=True))
    assert [new for _, new in by_value] == sorted(adjusted)
