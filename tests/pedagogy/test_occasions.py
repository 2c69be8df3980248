"""Forms that a turn needed and got right."""

import pytest
from hypothesis import given, settings
from strategies import sentences, texts

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.occasions import used

TURN = "Yesterday I went to a store because my sister wants to make two cakes for me on Sunday."
SHOWN = {
    Kind.ARTICLE: "a store",
    Kind.TENSE: "went",
    Kind.VERB_FORM: "wants to make",
    Kind.AGREEMENT: "sister wants",
    Kind.PREPOSITION: "went to",
    Kind.NOUN_NUMBER: "two cakes",
    Kind.PRONOUN: "for me",
    Kind.WORD_CHOICE: "make two cakes",
    Kind.LINKING: "because … wants",
    Kind.SPELLING: "Yesterday",
}


def test_a_turn_shows_the_forms_that_it_needed() -> None:
    assert dict(used(TURN, ())) == SHOWN


@pytest.mark.parametrize(
    "turn",
    [
        "Last week I buy car.",
        "My brother have two dog and much informations.",
        "I enjoy to swim and I listen music.",
        "What you do always?",
        "He speak more slow.",
        "I like the music.",
    ],
)
def test_a_form_that_is_wrong_or_free_counts_for_nothing(turn: str) -> None:
    assert used(turn, ()) == ()


def test_a_kind_that_was_wrong_in_the_turn_is_not_used_right() -> None:
    assert dict(used(TURN, [Kind.TENSE])) == {k: v for k, v in SHOWN.items() if k != Kind.TENSE}


@settings(max_examples=40)
@given(texts | sentences)
def test_any_text_is_read_and_each_kind_comes_once(text: str) -> None:
    found = [kind for kind, _ in used(text, ())]
    assert len(found) == len(set(found))
