"""The phrase around an error."""

import pytest
from hypothesis import given, settings
from strategies import sentences, texts

from quimbot.pedagogy.error import Error, errors
from quimbot.pedagogy.focus import focus
from quimbot.pedagogy.kinds import Kind


@pytest.mark.parametrize(
    ("said", "correction", "phrase", "right"),
    [
        ("I go home.", "I went home.", "I went home.", "went"),
        (
            "My aunt have six rabbits. My grandmother starts at six.",
            "My aunt has six rabbits. My grandmother starts at six.",
            "My aunt has six rabbits",
            "has",
        ),
        (
            "I will call my old friends after I will get my salary",
            "I will call my old friends after I get my salary",
            "I get my salary",
            "",
        ),
        (
            "Because I was bored I always listen music on the train to work",
            "Because I was bored I always listen to music on the train to work",
            "I always listen to music on the train",
            "to",
        ),
    ],
)
def test_a_phrase_is_short_and_holds_the_right_words(
    said: str, correction: str, phrase: str, right: str
) -> None:
    found = focus(errors(said, correction)[0])
    assert found.text == phrase
    assert found.text[found.start : found.end] == right


@settings(max_examples=40)
@given(texts | sentences, texts | sentences)
def test_any_error_has_a_phrase_out_of_its_correction(said: str, correction: str) -> None:
    error = Error(
        kind=Kind.TENSE, type="R", wrong="go", right="went", said=said, correction=correction
    )
    found = focus(error)
    assert found.text in correction
    assert 0 <= found.start <= found.end <= len(found.text)
