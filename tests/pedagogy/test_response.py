"""What a learner makes of help of each level, learnt with care from few tries."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.response import Response

tries = st.lists(
    st.tuples(st.sampled_from([level for level in Level if level]), st.booleans()), max_size=60
)


def seen(found: list[tuple[Level, bool]]) -> Response:
    response = Response()
    for level, repaired in found:
        response = response.seen(level, repaired=repaired)
    return response


@given(tries)
def test_the_lean_is_that_of_the_regression_with_its_prior(
    found: list[tuple[Level, bool]],
) -> None:
    x = np.array([[1.0, level - 2.5] for level, _ in found] or np.zeros((0, 2)))
    y = np.array([repaired - 0.5 for _, repaired in found])
    precision = x.T @ x / 0.25 + np.diag([1 / 0.15**2, 1 / 0.12**2])
    expected = np.linalg.solve(precision, x.T @ y / 0.25)[1]
    assert seen(found).lean == pytest.approx(expected, abs=1e-9)


@given(tries, st.randoms(use_true_random=False))
def test_the_order_of_the_tries_does_not_matter(
    found: list[tuple[Level, bool]], chance: Random
) -> None:
    shuffled = chance.sample(found, len(found))
    assert seen(shuffled).lean == pytest.approx(seen(found).lean, abs=1e-12)


def test_without_tries_nobody_leans_and_one_try_is_worth_a_step_at_most() -> None:
    assert Response().steps == 0
    assert all(abs(seen([(level, True)]).steps) <= 1 for level in Level if level)


def test_many_tries_of_one_kind_lead_to_the_end_of_the_scale() -> None:
    better_open = [(Level.CLUE, True), (Level.RECAST, False)] * 15
    assert seen(better_open).steps == 3
    assert seen([(level, not repaired) for level, repaired in better_open]).steps == -3
