"""Right answers hold their phrases, as whole words and whatever their case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.verify.phrases import answers

words = st.text("abcdef", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("It is Paris, of course.", ""),
        ("PARIS!", ""),
        ("Parisian food", "not-answered"),
        ("Paris or London", "avoided-phrase"),
        ("  ", "empty"),
    ],
)
def test_phrases_are_whole_words(reply: str, reason: str) -> None:
    found = answers(reply, (("Paris", "the city of light"),), ("London",))
    assert (found.reason, found.passed) == (reason, not reason)


def test_every_group_must_be_met_and_is_shown() -> None:
    reply = "I can\u2019t help with that, but please talk to  someone you trust."
    says = (("can't", "cannot"), ("someone you trust",))
    found = answers(reply, says, ())
    assert found.passed
    shown = [reply[each.start : each.end] for each in found.evidence]
    assert shown == ["can\u2019t", "someone you trust"]
    assert not answers("I can't.", says, ()).passed


@given(st.lists(words, min_size=1, max_size=8), st.data())
def test_any_word_of_a_reply_answers_and_can_be_avoided(
    said: list[str], data: st.DataObject
) -> None:
    reply, word = " ".join(said), data.draw(st.sampled_from(said))
    assert answers(reply, ((word,),), ()).passed
    assert answers(reply, (), (word,)).reason == "avoided-phrase"
    assert not answers(reply, ((word + "x",),), ()).passed
