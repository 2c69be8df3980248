"""Intervals and tests against known values and brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from scorecards import judged

from quimbot.evaluate.compare import (
    answers,
    compare,
    holm,
    in_common,
    mcnemar,
    paired,
    paired_bootstrap,
)
from quimbot.runs.scorecard import Judged
from quimbot.runs.wilson import wilson

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


shares = st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0])
matches = st.lists(st.tuples(shares, shares, st.integers(0, 9)), min_size=1, max_size=40)


@given(matches)
def test_swapping_tutors_mirrors_the_comparison(rows: list[tuple[float, float, int]]) -> None:
    ours, theirs, groups = zip(*rows, strict=True)
    there, back = compare(ours, theirs, groups), compare(theirs, ours, groups)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=0.02)
    assert there.detectable == pytest.approx(back.detectable)
    assert there.shown == back.shown


@given(matches)
def test_an_interval_holds_its_difference_and_nothing_is_nan(
    rows: list[tuple[float, float, int]],
) -> None:
    ours, theirs, groups = zip(*rows, strict=True)
    found = compare(ours, theirs, groups)
    assert -1 <= found.low <= found.difference + 1e-6
    assert found.difference - 1e-6 <= found.high <= 1
    assert 0 < found.p <= 1
    assert 0 < found.detectable <= 1
    assert found.turns_for(0.05) >= 120


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), min_size=1, max_size=5))
def test_fewer_than_six_dialogues_never_show_a_difference(
    dialogues: list[tuple[bool, int]],
) -> None:
    groups = [number for number, (_, size) in enumerate(dialogues) for _ in range(size)]
    ours = [dialogues[group][0] for group in groups]
    assert not compare(ours, [False] * len(ours), groups).shown


def test_six_turns_that_all_went_one_way_are_the_fewest_that_show_it() -> None:
    assert compare([True] * 6, [False] * 6, range(6)).shown
    assert mcnemar(6, 0) < 0.05 < mcnemar(5, 0)


def test_one_dialogue_leaves_everything_possible() -> None:
    alone = compare([True] * 40, [False] * 40, ["d"] * 40)
    assert (alone.low, alone.high, alone.detectable) == (-1.0, 1.0, 1.0)


def test_identical_tutors_show_nothing_and_say_what_could_be_seen() -> None:
    same = compare([True, False] * 20, [True, False] * 20, range(40))
    assert (same.low, same.high, same.p, same.shown) == (0.0, 0.0, 1.0, False)
    assert same.detectable == 6 / 40
    assert same.turns_for(0.05) == 120


def test_that_many_turns_would_show_the_difference() -> None:
    few = compare([True, False, False] * 40, [False, True, False] * 40, range(120))
    turns = few.turns_for(few.detectable)
    assert turns == pytest.approx(few.n, abs=1)
    assert few.turns_for(few.detectable / 2) == pytest.approx(4 * few.n, abs=4)


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


def _samples(address: str, passed: dict[int, str]) -> list[Judged]:
    """Turn number -> a letter for each of its replies, x for one that passes."""
    return [
        structs.replace(judged(address, number, passed=letter == "x"), sample=sample)
        for number, letters in passed.items()
        for sample, letter in enumerate(letters)
    ]


def test_samples_are_paired_and_a_turn_counts_once() -> None:
    ours = _samples("ours", {0: "xx.", 1: "...", 2: "x"})
    theirs = _samples("theirs", {0: "x..", 1: "x..", 3: "x"})
    turns = in_common(ours, theirs)
    assert [(turn.item, turn.group) for turn in turns] == [
        ("turn-0", "dialogue-0"),
        ("turn-1", "dialogue-0"),
    ]
    assert [(turn.ours, turn.theirs) for turn in turns] == [(2 / 3, 1 / 3), (0.0, 1 / 3)]
    found = paired(turns)
    assert found is not None
    assert (found.n, found.wins, found.losses, found.difference) == (2, 1, 1, 0.0)


def test_a_sample_that_one_of_them_lacks_is_left_out() -> None:
    (turn,) = in_common(_samples("ours", {0: "x."}), _samples("theirs", {0: "."}))
    assert (turn.ours, turn.theirs) == (1.0, 0.0)


def test_more_samples_of_the_same_turns_are_no_more_evidence() -> None:
    once = paired(in_common(_won(1), _lost(1)))
    thrice = paired(in_common(_won(3), _lost(3)))
    assert once == thrice


def _won(samples: int) -> list[Judged]:
    return _samples("ours", {number: "x.x"[number % 3] * samples for number in range(30)})


def _lost(samples: int) -> list[Judged]:
    return _samples("theirs", {number: "..x"[number % 3] * samples for number in range(30)})


def test_without_a_turn_in_common_there_is_nothing_to_say() -> None:
    assert paired(in_common(_samples("ours", {0: "x"}), _samples("theirs", {1: "x"}))) is None


def test_turns_without_an_error_do_not_count_for_a_move() -> None:
    row = judged("a", 0, passed=True)
    spotless = structs.replace(row, verdict=structs.replace(row.verdict, score=None))
    assert answers([spotless, row, judged("b", 0, passed=True)], "a") == [row]
    assert answers([row], "a", "hint") == []
    tone = structs.replace(spotless, check="tone", move=None)
    assert answers([tone, row], "a", "tone") == [tone]


def test_holm_gives_the_textbook_values() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_value_smaller_and_keeps_the_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(value <= new <= 1 for value, new in zip(values, adjusted, strict=True))
    assert adjusted == [x for _, x in sorted(zip(range(len(values)), adjusted, strict=True))]
    by_value = sorted(zip(values, adjusted, strict=True))
    assert [new for _, new in by_value] == sorted(adjusted)
