"""Intervals and tests against known values and brute force."""

import itertools
import math

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from scorecards import judged

from quimbot.evaluate.compare import (
    Comparison,
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
    assert _by_turn(wins, losses) == pytest.approx(min(1.0, expected))


def _by_turn(wins: int, losses: int) -> float:
    return mcnemar([1] * wins + [-1] * losses + [0, 0], range(wins + losses + 2))


@given(wins=st.integers(0, 99), losses=st.integers(0, 99))
def test_a_turn_a_dialogue_is_the_mcnemar_test_of_the_tables(wins: int, losses: int) -> None:
    expected = scipy.stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert _by_turn(wins, losses) == pytest.approx(expected)
    assert _by_turn(10, 2) == pytest.approx(0.03857421875)


@given(
    st.lists(
        st.lists(st.sampled_from([-1, -2 / 3, -0.5, 0, 1 / 3, 1]), min_size=1, max_size=4),
        min_size=2,
        max_size=8,
    )
)
def test_dialogues_are_swapped_whole_as_scipy_swaps_samples(dialogues: list[list[float]]) -> None:
    sums = [round(sum(gaps), 6) for gaps in dialogues]
    expected = scipy.stats.permutation_test(
        (sums, [0.0] * len(sums)),
        lambda ours, theirs, axis: np.abs((ours - theirs).sum(axis)).round(4),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
    ).pvalue
    groups = [number for number, gaps in enumerate(dialogues) for _ in gaps]
    assert mcnemar([gap for gaps in dialogues for gap in gaps], groups) == pytest.approx(expected)


def test_turns_of_one_dialogue_are_no_independent_evidence() -> None:
    """Five dialogues of eight turns each, all one way: five coins, not forty."""
    assert mcnemar([1.0] * 40, [turn // 8 for turn in range(40)]) == 2 * 0.5**5


def test_two_tutors_that_never_differed_are_not_taken_for_equal() -> None:
    for n, most in ((30, 0.15), (240, 0.02)):
        low, high, error = paired_bootstrap([0.0] * n, range(n))
        assert -most < low < -2 / n
        assert 2 / n < high < most
        assert error > 0


def test_an_interval_holds_its_truth_in_95_of_100_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven points between rare passes on 60 turns: plain percentiles hold it in about 84."""
    monkeypatch.setattr("quimbot.evaluate.compare.DRAWS", 500)
    chance = np.random.default_rng(5)
    held = []
    for _ in range(200):
        ours, theirs = (chance.random(60) < rate for rate in (0.08, 0.01))
        low, high, _ = paired_bootstrap((ours * 1.0 - theirs).tolist(), range(60))
        held.append(low <= 0.07 <= high)
    assert np.mean(held) > 0.93


def test_few_dialogues_widen_the_interval_as_student_does() -> None:
    """On ten dialogues of even spread it is about as wide as Student's."""
    gaps = [number / 10 for number in range(-5, 5)]
    low, high, _ = paired_bootstrap(
        [gap for gap in gaps for _ in range(30)], [g for g in gaps for _ in range(30)]
    )
    student = scipy.stats.t.ppf(0.975, 9) * np.std(gaps, ddof=1) / np.sqrt(10)
    assert (high - low) / 2 == pytest.approx(student, rel=0.06)


def test_intervals_that_hold_together_are_wider() -> None:
    gaps = [1.0] * 20 + [-1.0] * 10 + [0.0] * 70
    (low, high, error), (wide_low, wide_high, same) = (
        paired_bootstrap(gaps, range(100), of=of) for of in (1, 8)
    )
    assert wide_low < low < high < wide_high
    assert error == same
    assert (wide_high - wide_low) / (high - low) == pytest.approx(2.73 / 1.96, rel=0.06)


shares = st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0])
matches = st.lists(st.tuples(shares, shares, st.integers(0, 9)), min_size=1, max_size=40)


@given(matches)
def test_swapping_tutors_mirrors_the_comparison(rows: list[tuple[float, float, int]]) -> None:
    ours, theirs, groups = zip(*rows, strict=True)
    there, back = compare(ours, theirs, groups), compare(theirs, ours, groups)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=0.05)
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
    assert found.turns_for(0.05) >= 160


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), min_size=1, max_size=5))
def test_fewer_than_six_dialogues_never_show_a_difference(
    dialogues: list[tuple[bool, int]],
) -> None:
    groups = [number for number, (_, size) in enumerate(dialogues) for _ in range(size)]
    ours = [dialogues[group][0] for group in groups]
    assert not compare(ours, [False] * len(ours), groups).shown


@pytest.mark.parametrize("n", [12, 60, 240])
def test_six_turns_that_all_went_one_way_are_the_fewest_that_show_it(n: int) -> None:
    same = [False] * n
    assert compare([True] * 6 + same[6:], same, range(n)).shown
    assert not compare([True] * 5 + same[5:], same, range(n)).shown
    assert compare([True] * 7, [False] * 7, range(7)).shown
    assert _by_turn(6, 0) < 0.05 < _by_turn(5, 0)


def test_one_dialogue_leaves_everything_possible() -> None:
    alone = compare([True] * 40, [False] * 40, ["d"] * 40)
    assert (alone.low, alone.high, alone.detectable) == (-1.0, 1.0, 1.0)


def test_identical_tutors_show_nothing_and_say_what_could_be_seen() -> None:
    same = compare([True, False] * 20, [True, False] * 20, range(40))
    assert same.low == pytest.approx(-same.high, abs=0.02)
    assert (same.p, same.shown) == (1.0, False)
    assert same.detectable == 8 / 40
    assert same.turns_for(0.05) == 160


def test_that_many_turns_would_show_the_difference() -> None:
    few = compare([True, False, False] * 40, [False, True, False] * 40, range(120))
    turns = few.turns_for(few.detectable)
    assert turns == pytest.approx(few.n, rel=0.03)
    assert 3.5 * few.n < few.turns_for(few.detectable / 2) < 4.5 * few.n


def test_a_difference_said_to_be_seen_is_seen_four_times_in_five(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Among rare passes, where a difference that is there varies more than none."""
    monkeypatch.setattr("quimbot.evaluate.compare.DRAWS", 500)
    chance = np.random.default_rng(2)

    def once(more: float) -> Comparison:
        ours, theirs = (chance.random(120) < share for share in (0.03 + more, 0.03))
        return compare(ours.tolist(), theirs.tolist(), range(120))

    said = float(np.median([once(0).detectable for _ in range(30)]))
    assert 0.7 < np.mean([once(said).low > 0 for _ in range(200)]) < 0.92


def test_bootstrap_is_seeded_and_near_the_normal_interval() -> None:
    rng = np.random.default_rng(1)
    differences = rng.choice([-1, 0, 1], size=400, p=[0.1, 0.6, 0.3]).astype(float).tolist()
    low, high, error = paired_bootstrap(differences, range(400), seed=3)
    assert (low, high, error) == paired_bootstrap(differences, range(400), seed=3)
    mean, expected = np.mean(differences), np.std(differences) / 20
    assert error == pytest.approx(expected, rel=0.05)
    assert (low, high) == pytest.approx((mean - 1.96 * expected, mean + 1.96 * expected), abs=0.01)


def test_bootstrap_draws_whole_groups() -> None:
    """A hundred turns that come ten a dialogue tell about as little as ten turns."""
    apart = [1.0, -1.0] * 50
    together = sorted(apart)
    groups = [turn // 10 for turn in range(100)]
    assert paired_bootstrap(apart, groups)[2] < 0.02
    assert paired_bootstrap(together, groups)[2] == pytest.approx(10**-0.5, rel=0.1)


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
