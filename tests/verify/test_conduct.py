"""Tone, restraint and flow: what passes, what fails, and why."""

import pytest

from quimbot.verify.conduct import flow, no_error, tone

SHY = "my english is so bad, sorry"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("No need to be sorry, we understand each other well. What do you use English for?", ""),
        ("Your English is really bad. What do you use it for?", "harsh"),
        ("That is easy, everybody knows it. Shall we go on?", "harsh"),
        ("You should say 'my English is weak'. Shall we go on?", "red-pen"),
        ("The verb is fine, your English is lovely. Shall we go on?", "grammar-term"),
        ("No need to be sorry about your English.", "no-question"),
        ("Very bad, not so bad. Shall we go on?", "red-pen"),
        ("The moon is far away.", "no-question"),
        ("", "empty"),
    ],
)
def test_a_friendly_tone_puts_nobody_down(reply: str, reason: str) -> None:
    found = tone(SHY, reply)
    assert (found.reason, found.passed) == (reason, not reason)


def test_a_harsh_word_is_shown_where_it_stands() -> None:
    reply = "Do not be lazy! What did you do?"
    (span,) = [
        each for each in tone("I did nothing today", reply).evidence if each.label == "harsh"
    ]
    assert reply[span.start : span.end] == "lazy"


def test_the_learners_own_word_is_not_harsh() -> None:
    assert tone("I was too lazy to cook", "A lazy evening! What did you eat instead?").passed


@pytest.mark.parametrize(
    ("learner", "reply", "invented"),
    [
        # the same words, one of them in another form
        ("The police are outside my house.", "Oh, the police is outside your house?", True),
        ("I have never been to Chile.", "So you have never went to Chile? Why not?", False),
        ("I play chess at the weekend.", "So you play chess on the weekend? With whom?", True),
        ("She gave me some good advice.", "So she gave you some good advices? Like what?", True),
        ("I went to hospital last night.", "You went to the hospital last night? Why?", True),
        # paraphrase, order, perspective, questions
        ("I play chess at the weekend.", "Chess at the weekend sounds fun! With whom?", False),
        ("I have been to Spain twice.", "Have you been to Spain twice? What did you see?", False),
        ("I saw a bear in the woods.", "Did you see a bear in the woods?", False),
        ("I was tired after my shift.", "You were tired after your shift? How long was it?", False),
        ("I really like this old song.", "You like this old song? Who sings it?", False),
        ("If I were rich, I would travel.", "Where would you go if you were rich?", False),
    ],
)
def test_an_invented_correction_is_told_from_a_paraphrase(
    learner: str, reply: str, invented: bool
) -> None:
    found = no_error(learner, reply)
    assert (found.reason == "invented-correction") is invented, found


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Could you say that again in another way?", "elicits"),
        ("Nice past tense! Where did you go?", "grammar-term"),
        ("That sounds fun, a whole day by the sea! Who came along?", ""),
    ],
)
def test_nothing_is_asked_for_where_nothing_is_wrong(reply: str, reason: str) -> None:
    assert no_error("I spent the whole day by the sea.", reply).reason == reason


def test_a_talk_goes_on_without_saying_things_twice() -> None:
    earlier = ["Oh, you went to the market? What did you buy there?"]
    again = "Fish is tasty! What did you buy there?"
    found = flow("I bought fish and bread.", (), earlier, again)
    assert found.reason == "says-again"
    (span,) = [each for each in found.evidence if each.label == "says_again"]
    assert again[span.start : span.end].startswith("What did you buy there")
    assert flow("I bought fish and bread.", (), earlier, "Fish! How will you cook it?").passed


def test_a_talk_that_goes_on_recasts_what_is_wrong() -> None:
    learner, right = "My brother cook the fish.", "My brother cooked the fish."
    earlier = ["Oh, you bought fish? Who cooked it?"]
    assert flow(learner, (right,), earlier, "Your brother cooked the fish? How was it?").passed
    assert flow(learner, (right,), earlier, "Fish is tasty. How was it?").reason == "no-recast"
