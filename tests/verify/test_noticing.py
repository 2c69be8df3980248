"""What is noticed in a learner's turn from the way the tutor says it back."""

import pytest
from hypothesis import given, settings
from strategies import sentences, texts

from quimbot.pedagogy.kinds import Kind
from quimbot.verify.noticing import correction, notice


@pytest.mark.parametrize(
    ("learner", "said", "mended", "kinds"),
    [
        (
            "Yesterday I go to the store.",
            "Oh, you went to the store? What did you buy?",
            "Yesterday I went to the store.",
            [Kind.TENSE],
        ),
        ("i live at Nice", "Oh, you live in Nice!", "i live in Nice", [Kind.PREPOSITION]),
        (
            "She don't like the music!",
            "So she doesn't like music?",
            "She doesn't like music!",
            [Kind.AGREEMENT, Kind.ARTICLE],
        ),
        (
            "wich one is your favorite?",
            "Which one is my favorite? Hm, let me think!",
            "which one is your favorite?",
            [Kind.SPELLING],
        ),
    ],
)
def test_an_error_is_noticed_when_the_tutor_says_the_clause_back_mended(
    learner: str, said: str, mended: str, kinds: list[Kind]
) -> None:
    assert correction(learner, said) == mended
    assert [error.kind for error in notice(learner, said)] == kinds


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        ("I went to the store.", "Did you go to the store with your sister?"),
        ("I live in Madrid.", "What do you like about living in Madrid?"),
        ("I like pizza.", "Oh nice, pizza is great! Do you like it with cheese?"),
        ("I went to the store.", "You went to the store! What did you buy there?"),
    ],
)
def test_talk_about_what_was_said_is_no_correction(learner: str, said: str) -> None:
    assert notice(learner, said) == ()
    assert correction(learner, said) == learner


@settings(max_examples=60)
@given(texts | sentences, texts | sentences)
def test_any_two_texts_can_be_compared(learner: str, said: str) -> None:
    for error in notice(learner, said):
        assert error.said in learner
        assert error.said != error.correction
