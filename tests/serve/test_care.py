"""What comes before English is found, everyday talk is left alone, replies keep their form."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.serve.care import Concern, answer, concern, crisis, fixed
from quimbot.serve.cues import pattern, plain
from quimbot.serve.private import STRUCK, hidden
from quimbot.verify import wording
from quimbot.verify.suite import load_suite

TURNS = tomllib.loads(Path(__file__).with_name("care_turns.toml").read_text("utf-8"))
CONCERNS = {kind: turns for kind, turns in TURNS.items() if kind != "none"}
L1 = ("es", "zh", "ar", "ko")


def found() -> dict[tuple[str, str], Concern]:
    """Every concern that the test turns call up, by kind and reply."""
    seen = [concern(turn) for turns in CONCERNS.values() for turn in turns]
    return {(one.kind, one.reply): one for one in seen if one}


def again() -> str:
    """What is said when a crisis is told twice."""
    one = concern("I want to die")
    return answer(one, [answer(one, [])])


def listening() -> str:
    """What is said in the turn after one."""
    return answer(None, [answer(concern("I want to die"), [])])


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, turns in CONCERNS.items() for text in turns]
)
def test_it_finds(kind: str, text: str) -> None:
    assert concern(text) is not None, kind


@pytest.mark.parametrize("text", TURNS["none"])
def test_it_leaves_everyday_talk_alone(text: str) -> None:
    assert concern(text) is None


def test_a_crisis_is_known_as_one_and_named_for_what_it_is() -> None:
    for kind in ("self-harm", "medical", "abuse", "minor"):
        named = [concern(text) for text in CONCERNS[kind]]
        right = [one for one in named if one and one.crisis and one.kind == kind]
        assert len(right) >= 0.9 * len(named)


def test_what_care_dialogues_say_of_a_crisis_is_found() -> None:
    shipped = files("quimbot.sources").joinpath("shipped", "care.jsonl")
    lines = shipped.read_text("utf-8").splitlines()
    turns = [json.loads(line)["messages"][1]["content"] for line in lines]
    assert sum(concern(turn) is not None for turn in turns) >= 60


def test_hardly_any_everyday_turn_of_the_suites_is_taken_for_a_concern() -> None:
    for name in ("grammar", "no_error", "tone", "dialogue_flow"):
        turns = [turn.learner for turn in load_suite(name)]
        assert sum(concern(text) is not None for text in turns) <= 1, name


def test_replies_are_warm_short_and_correct_nothing() -> None:
    for reply in (*(reply for _, reply in found()), again(), listening()):
        assert len(reply.split()) <= 50
        assert not wording.red_pen(reply)
        assert wording.questions(reply)
        assert not re.search(r"\d", reply), "numbers differ by country"


def test_a_crisis_reply_names_who_can_help_and_speaks_the_first_language() -> None:
    helpers = re.compile(r"emergency|police|doctor|adult|trust|teacher|nurse")
    for one in found().values():
        if one.crisis:
            assert helpers.search(one.reply)
            for l1 in L1:
                assert one.said(l1).startswith(f"{one.reply}\n\n")
        assert one.said("") == one.said("fi") == one.reply


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("My password is Blue42sky!", "Blue42sky"),
        ("my user is ana and the password is sunshine77", "sunshine77"),
        ("the pin of my card is 4821", "4821"),
        ("my credit card is 4111 1111 1111 1111, ok?", "1111"),
        ("My passport number is AB1234567", "AB1234567"),
        ("here: 078-05-1120 is my number", "078-05"),
        ("My bank account is ES91 2100 0418 4502 0005 1332", "2100"),
        ("my phone number is 0034 612 345 678, call me", "612"),
        ("key sk-abcdefghijklmnop1234", "abcdefgh"),
    ],
)
def test_a_secret_is_struck_out_and_never_said_back(text: str, secret: str) -> None:
    assert secret not in hidden(text)
    assert STRUCK in hidden(text)
    one = concern(text)
    assert one is not None
    assert secret not in one.said("es")


@pytest.mark.parametrize(
    "text",
    [
        "My password is very long",
        "I was born on 14.05.1998 and moved in 2019",
        "The population of my city is 1200000 people",
        "We paid 1234567890123 won for it",
        "My room number is 24",
    ],
)
def test_numbers_that_are_no_secret_stay(text: str) -> None:
    assert hidden(text) == text


def test_a_secret_in_a_crisis_is_struck_out_and_the_crisis_answered() -> None:
    text = "I want to die, my password is Blue42sky!"
    one = concern(text)
    assert one is not None
    assert one.kind == "self-harm"
    assert "Blue42sky" not in hidden(text)


def test_a_crisis_told_again_gets_other_words_and_the_next_turn_is_listened_to_once() -> None:
    one = concern("I want to die")
    first = answer(one, [], "es")
    second = answer(one, ["Hi!", first], "es")
    after = answer(None, [first, second], "es")
    assert len({first, second, after}) == 3
    assert all(crisis(reply) and fixed(reply) for reply in (first, second, after))
    assert not answer(None, [first, second, after])
    assert not answer(None, [])


def test_an_insult_is_no_crisis() -> None:
    reply = answer(concern("you are stupid"), [])
    assert fixed(reply)
    assert not crisis(reply)
    assert not fixed("How was your day?")


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    concern(text)
    assert hidden(hidden(text)) == hidden(text)


@pytest.mark.parametrize(
    ("cue", "text", "seen"),
    [
        ("i want .. die", "I want to die!", True),
        ("i want .. die", "I want. To die", False),
        ("i want .. die", "I want to be very much die", False),
        ("kill* (my self|myself)", "killing my self", True),
        ("my? dog", "the dog", True),
        ("dont", "I don\u2019t", True),
        ("die .", "I die", True),
        ("die .", "I die, now", True),
        ("die .", "I die laughing", False),
        ("gun & school", "At school he has a gun.", True),
        ("gun & school", "He has a gun. School ends.", False),
        ("<who> (is|are) here", "They are here", True),
        ("plea", "pleeeea", True),
        ("想死", "我想死了", True),
        ("no respiro", "No respiró", True),
    ],
)
def test_the_notation_of_the_cues(cue: str, text: str, *, seen: bool) -> None:
    assert bool(pattern([cue], {"who": "he|they"}).search(plain(text))) == seen
