"""The interval of a rate counts dialogues for what they tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from scorecards import judged

from quimbot.evaluate.rates import interval, rate_of
from quimbot.runs.wilson import wilson

outcomes = st.lists(st.booleans(), min_size=1, max_size=60)


@given(outcomes)
def test_a_turn_a_dialogue_is_wilson_as_the_tables_have_it(held: list[bool]) -> None:
    found = interval(held, range(len(held)), turns=len(held))
    assert found == pytest.approx(wilson(sum(held), len(held)))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_an_interval_holds_its_rate_and_is_never_narrower_than_by_turn(
    rows: list[tuple[bool, int]],
) -> None:
    held, groups = [row[0] for row in rows], [row[1] for row in rows]
    low, high = interval(held, groups, turns=len(rows))
    narrow = wilson(sum(held), len(rows))
    assert 0 <= low <= narrow[0] + 1e-9
    assert narrow[1] - 1e-9 <= high <= 1


def test_turns_that_never_differ_within_a_dialogue_count_as_dialogues() -> None:
    held = [number % 2 == 0 for number in range(40) for _ in range(5)]
    low, high = interval(held, [turn // 5 for turn in range(200)], turns=200)
    assert (low, high) == pytest.approx(wilson(20, 40), abs=0.01)


def test_one_dialogue_tells_as_much_as_one_turn() -> None:
    assert interval([True] * 9, ["d"] * 9, turns=9) == wilson(1, 1)
    assert interval([], [], turns=0) == (0.0, 1.0)


def test_several_replies_to_a_turn_are_no_more_turns() -> None:
    once = [judged("m", number, passed=number % 3 == 0) for number in range(30)]
    rows = [structs.replace(row, sample=sample) for row in once for sample in range(4)]
    one, many = rate_of(once, lambda row: row.verified), rate_of(rows, lambda row: row.verified)
    assert (many.passed, many.n) == (40, 120)
    assert (many.low, many.high) == pytest.approx((one.low, one.high))


def test_the_rate_of_alike_turns_is_held_in_95_of_100_trials() -> None:
    """Dialogues of three turns that are half alike: Wilson by turn holds it in about 84."""
    chance = np.random.default_rng(4)
    found = []
    for _ in range(300):
        of_dialogue = chance.beta(0.6, 0.9, size=40)
        held = (chance.random((40, 3)) < of_dialogue[:, None]).ravel()
        low, high = interval(held.tolist(), [turn // 3 for turn in range(120)], turns=120)
        found.append((low <= 0.4 <= high, *wilson(held.sum(), 120)))
    assert np.mean([held for held, _, _ in found]) > 0.92
    assert np.mean([low <= 0.4 <= high for _, low, high in found]) < 0.9
