"""Knowledge tracing moves the right way and stays a probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.mastery import Parameters, after_error, after_right, parameters, taught

probabilities = st.floats(0.001, 0.999)
half = st.floats(0.001, 0.499)
priors = st.builds(Parameters, start=probabilities, slip=half, guess=half, learn=probabilities)


@given(priors, st.floats(0, 1))
def test_a_probability_stays_one_and_right_says_more_than_an_error(
    known: Parameters, p: float
) -> None:
    assert 0 <= after_error(p, known) <= after_right(p, known) + 1e-12 <= 1
    assert min(p, 0.98) <= taught(p, known) <= 0.98


@given(priors, st.floats(0, 1), st.floats(0, 1))
def test_who_knew_more_knows_more_after_the_same_answer(
    known: Parameters, p: float, q: float
) -> None:
    low, high = sorted((p, q))
    for after in (after_error, after_right, taught):
        assert after(low, known) <= after(high, known) + 1e-12


def test_the_example_of_the_formula_by_hand() -> None:
    known = Parameters(start=0.25, slip=0.1, guess=0.2, learn=0.1)
    assert after_right(0.25, known) == pytest.approx(0.64)  # .225/(.225+.15) = .6
    assert after_error(0.25, known) == pytest.approx(1 / 25 + 24 / 25 * 0.1)  # .025/(.025+.6)


def test_priors_rise_with_the_level_and_fall_where_the_first_language_is_far() -> None:
    starts = [parameters(Kind.ARTICLE, "es", level).start for level in ("A2", "B1", "B2", "C1")]
    assert starts == sorted(set(starts))
    assert parameters(Kind.ARTICLE, "ko", "B1").start < parameters(Kind.ARTICLE, "es", "B1").start


@pytest.mark.parametrize("wrong", [{"slip": 0.0}, {"slip": 0.6, "guess": 0.4}])
def test_impossible_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="slip"):
        Parameters(**wrong)
