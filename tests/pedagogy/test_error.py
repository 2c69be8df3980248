"""Errors between a sentence and the same one mended."""

from quimbot.pedagogy.error import alone, edit_of, errors
from quimbot.pedagogy.kinds import Kind

SAID, RIGHT = "My brother have two dog", "My brother has two dogs"


def test_each_error_carries_its_kind_its_words_and_its_sentence() -> None:
    have, dog = errors(SAID, RIGHT)
    assert (have.kind, have.wrong, have.right) == (Kind.AGREEMENT, "have", "has")
    assert (dog.kind, dog.wrong, dog.right) == (Kind.NOUN_NUMBER, "dog", "dogs")
    assert {(error.said, error.correction) for error in (have, dog)} == {(SAID, RIGHT)}


def test_an_error_alone_leaves_the_others_as_they_were() -> None:
    have, dog = errors(SAID, RIGHT)
    assert alone(have) == "My brother has two dog"
    assert alone(dog) == "My brother have two dogs"


def test_edits_that_touch_are_one_error() -> None:
    (error,) = errors("My car is more clean than his", "My car is cleaner than his")
    assert (error.wrong, error.right) == ("more clean", "cleaner")
    assert error.kind is Kind.WORD_FORM
    assert alone(error) == error.correction


def test_a_sentence_that_does_not_show_the_error_gives_no_edit() -> None:
    have, dog = errors(SAID, RIGHT)
    assert edit_of(have) != edit_of(dog)
    assert errors(SAID, SAID) == ()
