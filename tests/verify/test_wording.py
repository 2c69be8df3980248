"""What counts as red pen, as a grammar term and as a request to try again, and what does not."""

import time

import pytest
from hypothesis import given
from strategies import texts

from quimbot.verify import wording
from quimbot.verify.scaffolding import asks, red_pen


@pytest.mark.parametrize(
    "reply",
    [
        'You should say "I went".',
        "The correct form is went.",
        "That is a small mistake, but I see.",
        "go -> went",
        "~~go~~ went",
        'Say "went" instead of "go".',
        'You mean "used to walking".',
        "It should be 'went', I think.",
        "In English, we use the past here.",
        "Let me correct that for you.",
        "Your grammar needs work.",
        "You\u2019d better check: this is not correct.",
    ],
)
def test_open_correction_is_red_pen(reply: str) -> None:
    assert red_pen(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "Oh, you went to the store? What did you pick up?",
        "Do you watch films instead of reading?",
        "That should be fun! What went wrong last time?",
        "You should visit Lisbon. Is it far from you?",
        "It's not cold, but warm enough, right?",
        "You can use my bike. Do you like cycling?",
        "Is that the right place for a picnic?",
    ],
)
def test_plain_talk_is_not(reply: str) -> None:
    assert not red_pen(reply)


def test_the_learners_own_words_are_no_red_pen() -> None:
    assert wording.red_pen("You made a mistake at work?") != []
    assert wording.red_pen("You made a mistake at work?", own=["I did mistake at work."]) == []


@pytest.mark.parametrize(
    ("reply", "held"),
    [
        ("For being, not for be. What else?", ", not for be"),
        ("Dived, not 'dove'!", ", not 'dove'"),
        ("I like the way you tell it, not only the story. Is it true?", ""),
        ("Tea, not coffee! Why?", ""),
    ],
)
def test_the_learners_words_held_against_others_are_turned_down(reply: str, held: str) -> None:
    own = "Thank you for be so patient. My brother dove in. I said tea, not coffee"
    assert [reply[start:end] for start, end in wording.turned_down(reply, own)] == [held][
        : len(held)
    ]


def test_a_letter_that_lower_case_makes_longer_moves_no_span() -> None:
    reply = "\u0130zmir! What a MISTAKE"
    assert wording.red_pen(reply) == [(reply.index("M"), len(reply))]


def test_everyday_names_of_grammar_count_in_hints_only() -> None:
    assert wording.grammar_terms("How was the ending of the film?") == []
    assert wording.grammar_terms("Look at the ending.", hint=True) != []
    assert wording.grammar_terms("Think about the past tense.") != []


@pytest.mark.parametrize(
    "reply",
    [
        "Could you say that again?",
        "Sorry? What do you mean?",
        "You ___ to the store?",
        "How would you put it?",
        "Was it yesterday or today?",
    ],
)
def test_requests_to_try_again(reply: str) -> None:
    assert wording.elicits(reply)


def test_ordinary_questions_are_no_request() -> None:
    assert not wording.elicits("How many hours would you say you study each week?")
    assert not wording.elicits("Will you go to the park again soon?")


def test_questions_are_found_with_their_place() -> None:
    reply = "Nice!  What did you buy? Tell me more."
    assert [reply[a:b] for a, b in wording.questions(reply)] == [
        "What did you buy?",
        "Tell me more",
    ]
    assert not asks("?!")
    assert not asks("How nice that is.")


def test_rambling_is_read_in_linear_time() -> None:
    start = time.perf_counter()
    asks("and so on " * 20_000)
    red_pen("you should not " * 20_000)
    assert time.perf_counter() - start < 1.0


@given(texts, texts)
def test_spans_lie_in_the_reply(reply: str, own: str) -> None:
    found = [
        *wording.red_pen(reply, [own]),
        *wording.grammar_terms(reply, [own], hint=True),
        *wording.elicits(reply, [own]),
        *wording.questions(reply),
        *wording.contrasts(reply, own.split()[:2]),
    ]
    assert all(0 <= start <= end <= len(reply) for start, end in found)
