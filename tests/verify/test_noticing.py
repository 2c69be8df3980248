"""What is noticed in a learner's turn from the way the tutor says it back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import sentences, texts

from quimbot.pedagogy.correction import real_edits_all
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.say_back import say_back, sentence
from quimbot.verify.noticing import correction, notice
from quimbot.verify.suite import load_suite


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


@pytest.mark.parametrize(
    ("learner", "said", "mended"),
    [
        # small words put in and taken out, order, spelling, a missing subject or object
        ("is very nice here", "Oh, it is very nice here!", "it is very nice here"),
        ("I listen music", "So you listen to music.", "I listen to music"),
        ("I like also tea", "You also like tea!", "I also like tea"),
        ("I dont know where is the museum", "You don't know where the museum is?", None),
        ("My car is more fast than his", "Your car is faster than his!", None),
        ("I enjoy swim in the sea", "You enjoy swimming in the sea!", None),
        ("tomorow I have to work", "Oh, you have to work tomorrow?", "tomorrow I have to work"),
        ("I saw it but I did not like", "You saw it but you did not like it!", None),
        # turned back to the learner: you and I, we, the tutor's own words
        ("We very tired after the match", "You were very tired after the match!", None),
        ("My friend and I is late", "Your friend and you are late? Oh, my!", None),
        ("You is very kind", "I am very kind? Thank you!", "You are very kind"),
        ("me sister likes tea", "Your sister likes tea!", "my sister likes tea"),
    ],
)
def test_the_correction_is_the_learners_own_turn(
    learner: str, said: str, mended: str | None
) -> None:
    assert correction(learner, said) == (mended or EXPECTED[learner])


EXPECTED = {
    "I dont know where is the museum": "I dont know where the museum is",
    "My car is more fast than his": "My car is faster than his",
    "I enjoy swim in the sea": "I enjoy swimming in the sea",
    "I saw it but I did not like": "I saw it but I did not like it",
    "We very tired after the match": "We were very tired after the match",
    "My friend and I is late": "My friend and I are late",
}


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        ("I love the story.", "You loved the story! Why?"),  # either tense may be meant
        ("I am working on it.", "So you work on it."),
        ("The team are here.", "The team is here!"),
        ("The last films are good.", "The last film is good."),
        ("I can swim.", "You can not swim."),
        ("My cousin lives there.", "You and your cousin live there!"),
        ("What is your favourite film?", "My favourite film is Casablanca."),
        ("I went home.", "You came home."),
        ("Did she win the race?", "She won the race!"),
        ("I have a dog and a cat.", "How nice, a dog and a cat, and what are they called?"),
    ],
)
def test_another_good_form_is_no_correction(learner: str, said: str) -> None:
    assert notice(learner, said) == ()


@pytest.mark.parametrize("suite", ["grammar", "no_error", "dialogue_flow"])
def test_noticing_is_right_where_the_correction_is_said_back(suite: str) -> None:
    """Recall may be bettered; what is noticed must be an error."""
    found = known = 0
    for turn in load_suite(suite):
        gold = (*turn.corrections, turn.learner)[0]
        mended = correction(turn.learner, f"{sentence(say_back(gold))} And then?")
        noticed, real = real_edits_all([(turn.learner, mended), (turn.learner, gold)])
        assert {(edit.start, edit.right) for edit in noticed} <= {
            (edit.start, edit.right) for edit in real
        }, (turn.learner, mended)
        found, known = found + len(noticed), known + len(real)
    assert found >= 0.8 * known


anything = texts | sentences | st.sampled_from(("<script>", "🙂 {}", "a. " * 3500, "I go " * 2500))


@settings(max_examples=80, deadline=None)
@given(anything, anything)
def test_any_two_texts_can_be_compared(learner: str, said: str) -> None:
    for error in notice(learner, said):
        assert error.said in learner
        assert error.said != error.correction
    assert correction(learner, learner) == learner
