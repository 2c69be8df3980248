"""Open correction falls, and the look before the pattern never misses any."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify import wording
from quimbot.verify.red_pen import RedPen


def chat(*turns: str) -> Record:
    messages = tuple(
        Message(role="assistant" if place % 2 else "user", content=turn)
        for place, turn in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="s", licence="MIT"))


@pytest.mark.parametrize(
    ("reason", "turns"),
    [
        ("", ("I goed home", "Oh, you went home! Was it late?")),
        ("red-pen", ("I goed home", "You should say 'I went home'.")),
        ("red-pen", ("Hi", "Hello!", "I goed", "goed \u2192 went")),
        ("", ("My teacher found a mistake", "A mistake? What did you do?")),
        ("red-pen", ("I goed home", "There is a mistake in it.")),
    ],
)
def test_open_correction_falls(reason: str, turns: tuple[str, ...]) -> None:
    (verdict,) = RedPen().check([chat(*turns)])
    assert verdict.reason == reason
    assert not reason or verdict.detail.startswith(f"reply {len(turns) // 2}: ")


@settings(max_examples=200)
@given(st.from_regex(re.compile(wording._RED_PEN.pattern)))
def test_whatever_the_pattern_finds_holds_a_cue(text: str) -> None:
    folded = wording.fold(text)
    if wording._RED_PEN.search(folded):
        assert wording._may_be_red_pen(folded)
        assert wording.holds(folded, wording.RED_PEN_CUES)


@given(st.text())
def test_folding_leaves_every_character_in_its_place(text: str) -> None:
    folded = wording.fold(text)
    assert len(folded) >= len(text)
    assert folded == wording.fold(folded)
