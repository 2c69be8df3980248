"""The learner's clause with a blank where the error is."""

import pytest

from quimbot.pedagogy.gap import gap, key


@pytest.mark.parametrize(
    ("learner", "clause", "blanked"),
    [
        ("Yesterday I go home.", "yesterday I went home", "yesterday I ____ home"),
        ("My wife is teacher", "my wife is a teacher", "my wife is ____ teacher"),
        ("I like very much tea", "I like tea very much", ""),
        ("I am agree", "I agree", ""),
        ("Hi! I from Peru. It is nice.", "I am from Peru", "I ____ from Peru"),
    ],
)
def test_a_gap_asks_for_the_form(learner: str, clause: str, blanked: str) -> None:
    assert gap(learner, clause) == blanked


def test_the_key_word_is_one_that_was_right() -> None:
    assert key("Yesterday I go to the store.", "yesterday I went to the store") == "store"
    assert key("I goed", "I went") == ""
