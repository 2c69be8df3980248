"""Refusals and talk of being a language model fall; talk about either does not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify import refusals
from quimbot.verify.refusals import Refusals
from quimbot.verify.wording import holds


def chat(*turns: str) -> Record:
    messages = tuple(
        Message(role="assistant" if place % 2 else "user", content=turn)
        for place, turn in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="s", licence="MIT"))


@pytest.mark.parametrize(
    ("reason", "reply"),
    [
        ("boilerplate", "As an AI language model, I don't have feelings."),
        ("boilerplate", "I\u2019m just an AI, but I like films!"),
        ("boilerplate", "I am Nina, a large language model trained by a team."),
        ("boilerplate", "As of my last knowledge update in 2021, it was open."),
        ("boilerplate", "Como modelo de lenguaje, no puedo opinar."),
        ("boilerplate", "Soy una IA y no tengo familia."),
        ("boilerplate", "No tengo sentimientos propios."),
        ("refusal", "I'm sorry, but I cannot help with that."),
        ("refusal", "I can\u2019t assist you with this request."),
        ("refusal", "Unfortunately, I'm unable to provide legal advice."),
        ("refusal", "I must decline. Shall we talk about music?"),
        ("refusal", "I'm sorry, but I don't have enough information to say."),
        ("refusal", "Lo siento, pero no puedo ayudarte con eso."),
        ("refusal", "No estoy programado para eso."),
    ],
)
def test_it_falls(reason: str, reply: str) -> None:
    (verdict,) = Refusals().check([chat("Hi", "Hello!", "Tell me", reply)])
    assert verdict.reason == reason
    assert verdict.detail.startswith("reply 2: ")


@pytest.mark.parametrize(
    "reply",
    [
        "I can't wait to hear more! What did you see?",
        "What is one gadget you cannot live without?",
        "I'm sorry to hear that. Did you sleep well?",
        "GPT is a type of language model that generates text.",
        "As an AI researcher, she works with robots. What would you ask her?",
        'The old man said: "nobody whom I cannot help comes here".',
        "No puedo esperar a leerlo. ¿Qué pasó luego?",
        "He said that we are not able to help it. Why do you think so?",
        "The company made an AI assistant for shops.",
    ],
)
def test_it_stays(reply: str) -> None:
    (verdict,) = Refusals().check([chat("Tell me", reply)])
    assert verdict.passed, verdict.detail


def test_what_the_learner_says_is_no_refusal() -> None:
    (verdict,) = Refusals().check([chat("I'm sorry, I cannot help you", "Oh! With what?")])
    assert verdict.passed


@settings(max_examples=40)
@given(st.from_regex(refusals._BOILERPLATE), st.from_regex(refusals._REFUSAL))
def test_whatever_the_patterns_find_holds_a_cue(boilerplate: str, refusal: str) -> None:
    assert holds(boilerplate, refusals._BOILERPLATE_CUES)
    assert holds(refusal, refusals._REFUSAL_CUES)
