"""Words that may mend one another."""

import pytest

from quimbot.verify.mends import may_add, may_drop, misspelt, stands_for


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("go", "went"), ("dog", "dogs"), ("swim", "swimming"), ("exciting", "excited"),
        ("at", "in"), ("have", "has"), ("is", "are"), ("a", "an"), ("many", "much"),
        ("wich", "which"), ("stresful", "stressful"), ("bred", "bread"), ("said", "told"),
    ],
)  # fmt: skip
def test_a_form_a_spelling_or_a_small_word_mends(wrong: str, right: str) -> None:
    assert stands_for(wrong, right)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("dog", "cat"), ("film", "movie"), ("went", "came"), ("a", "the"), ("this", "it"),
        ("everybody", "everyone"), ("about", "of"), ("messi", "music"), ("42", "43"),
    ],
)  # fmt: skip
def test_another_word_or_one_as_good_does_not(wrong: str, right: str) -> None:
    assert not stands_for(wrong, right)


def test_only_small_words_are_put_in_or_left_out() -> None:
    assert may_add("the")
    assert may_drop("am")
    assert not may_add("dog")
    assert not may_drop("not")


def test_a_misspelt_word_begins_alike_and_becomes_an_english_one() -> None:
    assert misspelt("tomorow", "tomorrow")
    assert not misspelt("tomorow", "borrow")
    assert not misspelt("tomorow", "tomorow")
