"""A learner's text with words put right, and all else as it was typed."""

import pytest
from hypothesis import given
from strategies import sentences, texts

from quimbot.pedagogy.mending import Mend, mended
from quimbot.pedagogy.words import words


@pytest.mark.parametrize(
    ("text", "mends", "right"),
    [
        ("Yesterday I go to store!", [Mend(2, 3, ("went",)), Mend(4, 4, ("the",))], None),
        ("She don't like it.", [Mend(1, 2, ("does",))], "She doesn't like it."),
        ("she dont like it", [Mend(1, 2, ("does",))], "she doesn't like it"),
        ("I'm agree, sorry", [Mend(1, 2, ())], "I agree, sorry"),
        ("There is two, haha", [Mend(1, 2, ("are",))], "There are two, haha"),
        ("Theres two", [Mend(1, 2, ("are",))], "There are two"),
        ("The life is hard", [Mend(0, 1, ())], "Life is hard"),
        ("Film was good", [Mend(0, 0, ("the",))], "The film was good"),
        ("He deserved, but", [Mend(2, 2, ("it",), stays=True)], "He deserved it, but"),
        ("I waited bus", [Mend(2, 2, ("for",)), Mend(2, 2, ("the",))], "I waited for the bus"),
        ("I LIKE CAT", [Mend(2, 3, ("cats",))], "I LIKE CATS"),
        ("", [Mend(0, 0, ("I",))], "I"),
    ],
)
def test_words_are_put_right_in_place(text: str, mends: list[Mend], right: str | None) -> None:
    assert mended(text, mends) == (right or "Yesterday I went to the store!")


@given(texts | sentences)
def test_without_a_mend_a_text_stays_as_it_is(text: str) -> None:
    assert mended(text, []) == text


@given(sentences)
def test_a_mend_shows_in_the_words(text: str) -> None:
    spoken = [word.text for word in words(text)]
    said = [word.text.lower() for word in words(mended(text, [Mend(0, 1, ("cats",))]))]
    assert said == ["cats", *(word.lower() for word in spoken[1:])]
