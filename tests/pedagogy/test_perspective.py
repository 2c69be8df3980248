"""The learner's words spoken back to the learner."""

import pytest
from hypothesis import given
from strategies import sentences, texts

from quimbot.pedagogy.perspective import facing


@pytest.mark.parametrize(
    ("learner", "tutor"),
    [
        ("I was at my school", "you were at your school"),
        ("was I late", "were you late"),
        ("she was with me", "she was with you"),
        ("we love our dog", "you love your dog"),
        ("I am mine", "you are yours"),
        ("You was late", "you was late"),
    ],
)
def test_first_person_becomes_second(learner: str, tutor: str) -> None:
    assert " ".join(facing(learner.split())) == tutor


@given(texts | sentences)
def test_every_word_stays_one_word_and_turning_twice_changes_nothing(text: str) -> None:
    words = text.split()
    once = facing(words)
    assert len(once) == len(words)
    assert facing(once) == once
